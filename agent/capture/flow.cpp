// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/flow.hpp"

#include <algorithm>
#include <array>

namespace ringwall::capture {
namespace {

constexpr size_t ethernet_header = 14, vlan_tag = 4, ipv4_header = 20, ipv6_header = 40, extension_unit = 8,
                 udp_header = 8;
constexpr uint8_t hop_by_hop = 0, tcp = 6, udp = 17, routing = 43, fragment = 44, authentication = 51, options = 60;
constexpr int most_tags = 2, most_extensions = 6; // as the programs read

uint8_t byte_at(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }
uint16_t u16_at(std::string_view bytes, size_t at) {
    return static_cast<uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}
uint32_t u32_at(std::string_view bytes, size_t at) {
    return uint32_t{u16_at(bytes, at)} << 16U | u16_at(bytes, at + 2);
}
IpAddress ipv6_at(std::string_view bytes, size_t at) {
    std::array<uint8_t, 16> address{};
    for (size_t i = 0; i < address.size(); ++i) address[i] = byte_at(bytes, at + i);
    return IpAddress(address);
}

void read_ports(std::string_view transport, Flow& flow) {
    if ((flow.protocol != tcp && flow.protocol != udp) || transport.size() < 4) return;
    flow.source.port.value = u16_at(transport, 0);
    flow.destination.port.value = u16_at(transport, 2);
    if (flow.protocol == udp && transport.size() > udp_header) flow.payload = transport.substr(udp_header);
}

std::optional<Flow> flow_of_ipv4(std::string_view packet) {
    if (packet.size() < ipv4_header || byte_at(packet, 0) >> 4U != 4) return std::nullopt;
    Flow flow{.source = {IpAddress::v4(u32_at(packet, 12)), {}},
              .destination = {IpAddress::v4(u32_at(packet, 16)), {}},
              .protocol = byte_at(packet, 9)};
    const size_t header = (byte_at(packet, 0) & 0xfU) * 4U;
    const bool is_later_fragment = (u16_at(packet, 6) & 0x1fffU) != 0;
    if (!is_later_fragment && header >= ipv4_header && header <= packet.size()) read_ports(packet.substr(header), flow);
    return flow;
}

size_t length_of_extension(std::string_view header, uint8_t type) {
    const size_t length = byte_at(header, 1);
    return type == authentication ? (length + 2) * 4 : (length + 1) * extension_unit;
}

std::optional<Flow> flow_of_ipv6(std::string_view packet) {
    if (packet.size() < ipv6_header || byte_at(packet, 0) >> 4U != 6) return std::nullopt;
    Flow flow{
        .source = {ipv6_at(packet, 8), {}}, .destination = {ipv6_at(packet, 24), {}}, .protocol = byte_at(packet, 6)};
    std::string_view rest = packet.substr(ipv6_header);
    for (int i = 0; i < most_extensions && rest.size() >= extension_unit; ++i) {
        const uint8_t type = flow.protocol;
        const bool is_fragment = type == fragment;
        if (!is_fragment && type != hop_by_hop && type != routing && type != options && type != authentication) break;
        flow.protocol = byte_at(rest, 0);
        if (is_fragment && (u16_at(rest, 2) & 0xfff8U) != 0) return flow;
        rest.remove_prefix(std::min(rest.size(), is_fragment ? extension_unit : length_of_extension(rest, type)));
    }
    read_ports(rest, flow);
    return flow;
}

} // namespace

std::optional<Flow> flow_of(std::string_view frame) {
    if (frame.size() < ethernet_header) return std::nullopt;
    uint16_t type = u16_at(frame, 12);
    frame.remove_prefix(ethernet_header);
    for (int i = 0; i < most_tags && (type == 0x8100 || type == 0x88a8) && frame.size() >= vlan_tag; ++i) {
        type = u16_at(frame, 2);
        frame.remove_prefix(vlan_tag);
    }
    if (type == 0x0800) return flow_of_ipv4(frame);
    return type == 0x86dd ? flow_of_ipv6(frame) : std::nullopt;
}

std::optional<Flow> flow_of_packet(std::string_view packet) {
    const auto flow = flow_of_ipv4(packet);
    return flow ? flow : flow_of_ipv6(packet);
}

} // namespace ringwall::capture

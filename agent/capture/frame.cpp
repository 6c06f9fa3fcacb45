// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/frame.hpp"

#include <algorithm>

#include "agent/capture/input.hpp"

namespace ringwall::capture {
namespace {

// https://www.tcpdump.org/linktypes.html; 12 and 14 are raw IP in files of some BSDs.
enum LinkType : uint32_t {
    null = 0,
    ethernet_ = 1,
    raw_bsd = 12,
    raw_openbsd = 14,
    raw = 101,
    loop = 108,
    linux_cooked = 113,
    ipv4 = 228,
    ipv6 = 229,
    linux_cooked_2 = 276,
};

constexpr size_t ethernet_header = 14, cooked_header = 16, cooked_2_header = 20, family_header = 4;
constexpr uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd, type_none = 0x88b5; // IEEE 802 local experimental: not IP
constexpr uint16_t packet_outgoing = 4;                                        // <linux/if_packet.h> PACKET_OUTGOING

uint16_t big_endian(std::string_view bytes, size_t at) {
    return number<uint16_t>(bytes, at, std::endian::native == std::endian::little);
}

uint16_t type_of_ip(std::string_view packet) {
    if (packet.empty()) return type_none;
    const unsigned version = static_cast<unsigned char>(packet[0]) >> 4U;
    return version == 4 ? type_ipv4 : version == 6 ? type_ipv6 : type_none;
}

// Four bytes of address family, of the byte order of the machine that captured (loop: big endian). 2 is IPv4
// everywhere; IPv6 has as many numbers as there are systems.
uint16_t type_of_family(std::string_view packet) {
    const auto little = number<uint32_t>(packet, 0, std::endian::native == std::endian::big);
    const auto big = number<uint32_t>(packet, 0, std::endian::native == std::endian::little);
    const uint32_t family = std::min(little, big);
    if (family == 2) return type_ipv4;
    return family == 10 || family == 24 || family == 28 || family == 30 ? type_ipv6 : type_none;
}

struct Pppoe {
    size_t header = 0; // bytes before the IP packet; 0: no PPPoE session
    uint16_t type = type_none;
};

// RFC 2516 section 4: version and type, code, session, length; then PPP's protocol (RFC 1661 section 2).
Pppoe pppoe_of(std::string_view frame) {
    constexpr uint16_t type_session = 0x8864, ppp_ipv4 = 0x0021, ppp_ipv6 = 0x0057;
    constexpr size_t pppoe_header = 6, ppp_header = 2, vlan_tag = 4;
    size_t at = ethernet_header;
    for (int tags = 0; tags < 2 && at + vlan_tag <= frame.size(); ++tags, at += vlan_tag)
        if (const uint16_t type = big_endian(frame, at - 2); type != 0x8100 && type != 0x88a8) break;
    if (at + pppoe_header + ppp_header > frame.size() || big_endian(frame, at - 2) != type_session) return {};
    const uint16_t protocol = big_endian(frame, at + pppoe_header);
    const uint16_t type = protocol == ppp_ipv4 ? type_ipv4 : protocol == ppp_ipv6 ? type_ipv6 : type_none;
    return {at + pppoe_header + ppp_header, type};
}

Direction direction_of_cooked(uint16_t packet_type) {
    return packet_type == packet_outgoing ? Direction::out : Direction::in;
}

} // namespace

// `header` bytes of another link's header are replaced by one of Ethernet.
Frame Framer::ethernet(const Record& record, Direction direction, size_t header, uint16_t type) {
    const std::string_view packet = record.bytes.substr(header);
    buffer_.assign(ethernet_header, '\0');
    buffer_[12] = static_cast<char>(type >> 8U);
    buffer_[13] = static_cast<char>(type & 0xffU);
    buffer_ += packet.substr(0, longest_frame - ethernet_header);
    const size_t whole = std::min<size_t>(record.length - header + ethernet_header, longest_frame);
    const bool is_cut = record.length > record.bytes.size();
    if (is_cut) buffer_.resize(std::max(whole, buffer_.size()), '\0');
    return {.bytes = buffer_, .direction = direction, .is_cut = is_cut};
}

Frame Framer::as_it_is(const Record& record) {
    const std::string_view bytes = record.bytes;
    const bool is_cut = record.length > bytes.size();
    if (!is_cut && bytes.size() >= ethernet_header && bytes.size() <= longest_frame)
        return {.bytes = bytes, .direction = record.direction};
    buffer_.assign(bytes.substr(0, longest_frame));
    const size_t whole = std::clamp<size_t>(record.length, ethernet_header, longest_frame);
    buffer_.resize(std::max(whole, buffer_.size()), '\0');
    return {.bytes = buffer_, .direction = record.direction, .is_cut = is_cut};
}

std::optional<Frame> Framer::frame(const Record& record) {
    const std::string_view bytes = record.bytes;
    // What is shorter than its link's header goes as an empty frame, which is not IP.
    const auto without = [&](size_t header) { return bytes.size() < header; };
    switch (record.link_type) {
        case ethernet_: {
            const Pppoe pppoe = pppoe_of(bytes);
            if (pppoe.header == 0) return as_it_is(record);
            Frame frame = ethernet(record, record.direction, pppoe.header, pppoe.type);
            frame.is_pppoe = true;
            return frame;
        }
        case raw:
        case raw_bsd:
        case raw_openbsd:
        case ipv4:
        case ipv6: return ethernet(record, record.direction, 0, type_of_ip(bytes));
        case null:
        case loop:
            if (without(family_header)) return ethernet(record, record.direction, 0, type_none);
            return ethernet(record, record.direction, family_header, type_of_family(bytes));
        case linux_cooked:
            if (without(cooked_header)) return ethernet(record, record.direction, 0, type_none);
            return ethernet(record, direction_of_cooked(big_endian(bytes, 0)), cooked_header, big_endian(bytes, 14));
        case linux_cooked_2:
            if (without(cooked_2_header)) return ethernet(record, record.direction, 0, type_none);
            return ethernet(record, direction_of_cooked(static_cast<unsigned char>(bytes[10])), cooked_2_header,
                            big_endian(bytes, 0));
        default: return std::nullopt;
    }
}

std::string link_type_name(uint32_t link_type) {
    const std::string number = std::to_string(link_type);
    switch (link_type) {
        case 9: return number + " (PPP)";
        case 105: return number + " (IEEE 802.11)";
        case 127: return number + " (IEEE 802.11 with radiotap)";
        case 189:
        case 220: return number + " (USB)";
        default: return number;
    }
}

} // namespace ringwall::capture

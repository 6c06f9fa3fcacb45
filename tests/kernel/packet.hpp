// SPDX-License-Identifier: Apache-2.0
// Packets written as they are read: `eth / ip4{.src = "198.51.100.7"} / udp{.dport = 5060} / text("OPTIONS sip:x SIP/2.0")`.
// Lengths and next-header numbers follow from what stands to the right, unless a layer says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringwall::test {

using Bytes = std::vector<uint8_t>;

struct ethernet {
    std::optional<uint16_t> type{};
};
inline constexpr ethernet eth{};
struct vlan {
    uint16_t tag_type = 0x8100;
    uint16_t id = 1;
};
struct ip4 {
    std::string src = "198.51.100.7";
    std::string dst = "192.0.2.10";
    size_t option_words = 0;
    uint16_t fragment = 0; // the whole field: 0x2000 more fragments, low 13 bits the offset in eight bytes
    std::optional<uint8_t> protocol{};
    int length_error = 0; // added to the total length
    std::optional<uint8_t> version_ihl{};
    uint16_t id = 7;
};
struct ip6 {
    std::string src = "2001:db8:99::7";
    std::string dst = "2001:db8:1::10";
    std::optional<uint8_t> next{};
    int length_error = 0;
};
struct extension { // hop-by-hop 0, routing 43, destination options 60, authentication 51
    uint8_t type = 60;
    size_t words = 0; // of eight bytes, beyond the first
};
struct fragment6 {
    uint16_t offset = 0; // in eight bytes
    bool more = true;
    std::optional<uint8_t> next{};
    uint32_t id = 99;
};
struct udp {
    uint16_t sport = 30000;
    uint16_t dport = 40000;
    int length_error = 0;
};
struct tcp {
    uint16_t sport = 30000;
    uint16_t dport = 5060;
    uint8_t doff = 5; // of the header without its options
    uint8_t flags = 0;
    uint32_t sequence = 1, acknowledgement = 0;
    uint8_t option_words = 0;
};
inline constexpr uint8_t fin = 1, syn = 2, rst = 4, push = 8, ack = 16; // RFC 9293 3.1
struct raw {
    Bytes bytes;
};

using Layer = std::variant<ethernet, vlan, ip4, ip6, extension, fragment6, udp, tcp, raw>;
struct Packet {
    std::vector<Layer> layers;
    Bytes bytes() const;
};
template <typename L>
Packet operator/(Packet packet, L layer) {
    packet.layers.emplace_back(std::move(layer));
    return packet;
}
template <typename L>
Packet operator/(const ethernet& first, L layer) {
    return Packet{{first}} / std::move(layer);
}

raw text(std::string_view sip);
// An RTP packet of `length` bytes (RFC 3550 5.1), payload type 8.
raw rtp(uint32_t ssrc = 0x11223344, size_t length = 172);
raw rtcp();
raw stun();
raw filled(size_t length, uint8_t with = 0);
raw bytes_of(std::initializer_list<uint8_t> first, size_t length);

} // namespace ringwall::test

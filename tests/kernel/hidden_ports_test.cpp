// SPDX-License-Identifier: Apache-2.0
// Ports that a host finds and a packet filter might not: behind more headers than are followed, behind more bytes than the
// frame's first buffer has, behind a UDP length that IPv6 hosts do not believe. Wherever the host could read on, it is
// malformed; where the host's own stack ends the packet too, it may pass.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const std::string elsewhere6 = "2001:db8:2::1"; // not protected: SIP ports are SIP ports there, too
const raw options = text("OPTIONS sip:x@example.com SIP/2.0\r\n\r\n");

class HiddenPorts : public Wall {
protected:
    // 4 kB of destination options: what stands behind is not in the first buffer of a multi-buffer XDP frame.
    static Packet far(const ip6& ip) { return eth / ip / extension{60, 255} / extension{60, 255}; }
    static Packet deep(const ip6& ip, size_t headers) {
        Packet packet = eth / ip;
        for (size_t i = 0; i < headers; ++i) packet = packet / extension{};
        return packet;
    }
    std::string reach(const Packet& headers, const tcp& segment) { return in(headers / segment / filled(2000)); }
};

TEST_F(HiddenPorts, of_tcp_beyond_the_first_buffer_reach_neither_sip_nor_guarded_ports) {
    EXPECT_EQ(reach(eth / ip6{}, {.flags = syn}), "drop not_a_peer");
    EXPECT_EQ(reach(far({}), {.flags = syn}), "drop malformed");
    EXPECT_EQ(reach(far({}), {.dport = 30000, .flags = syn}), "drop malformed");
    EXPECT_EQ(reach(far({.dst = elsewhere6}), {.flags = syn}), "drop malformed");
}

TEST_F(HiddenPorts, of_udp_beyond_the_first_buffer_reach_neither_sip_nor_guarded_ports) {
    for (uint16_t port : {uint16_t{5060}, uint16_t{40000}}) {
        EXPECT_EQ(in(far({}) / udp{.dport = port} / filled(2000, 0x80)), "drop malformed") << port;
        EXPECT_EQ(in(far({.dst = elsewhere6}) / udp{.dport = port} / filled(2000, 0x80)), "drop malformed") << port;
    }
}

TEST_F(HiddenPorts, behind_more_headers_than_are_followed_are_refused_wherever_they_lead) {
    for (const std::string& to : {std::string("2001:db8:1::10"), elsewhere6}) {
        EXPECT_EQ(in(deep({.dst = to}, 6) / udp{.dport = 5060} / options), "drop not_a_peer");
        EXPECT_EQ(in(deep({.dst = to}, 7) / udp{.dport = 5060} / options), "drop malformed");
        EXPECT_EQ(in(deep({.dst = to}, 6) / tcp{}), "drop not_a_peer");
        EXPECT_EQ(in(deep({.dst = to}, 7) / tcp{}), "drop malformed");
        const auto atomic = eth / ip6{.dst = to} / fragment6{.more = false}; // RFC 6946: a whole packet, and yet
        EXPECT_EQ(in(atomic / udp{.dport = 5060} / options), "drop not_a_peer");
        EXPECT_EQ(in(atomic / extension{} / udp{.dport = 5060} / options), "drop malformed");
        EXPECT_EQ(in(atomic / fragment6{.more = false} / udp{.dport = 5060} / options), "drop malformed");
    }
}

// RFC 2675 section 4: an IPv6 host takes a UDP length of zero for "all that is left".
TEST_F(HiddenPorts, with_a_udp_length_of_zero_are_refused_wherever_they_lead) {
    const int to_zero = -8 - static_cast<int>(options.bytes.size());
    for (const std::string& to : {std::string("2001:db8:1::10"), elsewhere6})
        EXPECT_EQ(in(eth / ip6{.dst = to} / udp{.dport = 5060, .length_error = to_zero} / options), "drop malformed");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 5060, .length_error = to_zero} / options), "drop malformed");
}

TEST_F(HiddenPorts, that_the_host_does_not_find_either_may_pass) {
    const auto cut = (eth / ip6{.dst = elsewhere6, .next = 60} / raw{{17, 1, 0, 0, 0, 0, 0, 0}}).bytes();
    EXPECT_EQ(in(cut), "pass unparsable"); // the header says that it is longer than the packet
    EXPECT_EQ(in(eth / ip6{.dst = elsewhere6, .next = 17} / filled(7)), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{.dst = elsewhere6, .next = 44} / filled(7)), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{.dst = elsewhere6} / udp{.dport = 5060, .length_error = 1} / options), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{.next = 6} / filled(19)), "pass unparsable");
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// What the parser follows, and what it refuses to guess: tags, options, extension headers, fragments, lengths that
// contradict each other, and frames cut at every byte.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Parse : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        open({});
        open({.local = "2001:db8:1::10", .peer = "2001:db8:99::7"});
    }
};

TEST_F(Parse, follows_two_vlan_tags_and_refuses_a_third) {
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / vlan{} / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / vlan{0x88a8} / vlan{} / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / vlan{0x88a8} / vlan{} / ip6{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / vlan{} / vlan{} / vlan{} / ip4{} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / vlan{} / ip4{} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
}

TEST_F(Parse, steps_over_ipv4_options_of_every_length) {
    for (size_t words = 0; words <= 10; ++words)
        EXPECT_EQ(in(eth / ip4{.option_words = words} / udp{} / rtp()), "pass pinhole_rtp") << words;
    EXPECT_EQ(in(eth / ip4{.version_ihl = 0x44} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / ip4{.version_ihl = 0x65} / udp{} / rtp()), "drop malformed");
}

TEST_F(Parse, follows_six_extension_headers_and_refuses_a_seventh) {
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip6{} / extension{0} / extension{43, 2} / extension{60, 31} / udp{} / rtp()),
              "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip6{} / extension{51, 2} / udp{} / rtp()), "pass pinhole_rtp");
    auto chain = eth / ip6{};
    for (int i = 0; i < 6; ++i) chain = chain / extension{};
    EXPECT_EQ(in(chain / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(chain / extension{} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(chain / udp{.dport = 40002} / rtp()), "drop no_pinhole");
}

TEST_F(Parse, refuses_extension_headers_longer_than_the_packet) {
    EXPECT_EQ(in(eth / ip6{.next = 60} / raw{{17, 9, 0, 0, 0, 0, 0, 0}} / filled(8)), "drop malformed");
    EXPECT_EQ(in(eth / ip6{.next = 60} / raw{{17, 0, 0, 0}}), "drop malformed");
}

TEST_F(Parse, passes_what_it_cannot_follow_where_no_guarded_port_is_behind) {
    EXPECT_EQ(in(eth / ip4{.dst = "203.0.113.9", .length_error = 1} / udp{} / rtp()), "pass unparsable");
    EXPECT_EQ(in(eth / ip4{.length_error = 1} / tcp{}), "pass unparsable");
    EXPECT_EQ(in(eth / ip4{} / tcp{.doff = 4}), "pass unparsable");
    EXPECT_EQ(in(eth / ip4{} / tcp{.doff = 6}), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{} / tcp{.doff = 15}), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{.length_error = 1} / tcp{}), "pass unparsable");
    EXPECT_EQ(in(eth / ip6{.length_error = 1} / udp{}), "drop malformed");
}

TEST_F(Parse, holds_lengths_against_each_other) {
    EXPECT_EQ(in(eth / ip4{.length_error = 1} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / ip4{.length_error = -1} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / ip4{} / udp{.length_error = 1} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / ip4{} / udp{.length_error = -1} / rtp()), "pass pinhole_rtp"); // UDP may end before IP does
    EXPECT_EQ(in(eth / ip4{} / udp{.length_error = -1}), "drop malformed");           // below its own header
    EXPECT_EQ(in(eth / ip6{} / udp{.length_error = 1} / rtp()), "drop malformed");
    EXPECT_EQ(in(eth / ip6{.length_error = -1} / udp{} / rtp()), "drop malformed");
    auto padded = (eth / ip4{} / udp{} / rtp()).bytes();
    padded.resize(padded.size() + 6); // Ethernet pads
    EXPECT_EQ(in(padded), "pass pinhole_rtp");
}

TEST_F(Parse, never_lets_a_cut_frame_reach_a_guarded_port) {
    for (auto whole : {(eth / vlan{} / ip4{.option_words = 2} / udp{} / rtp()).bytes(),
                       (eth / ip6{} / extension{} / fragment6{.more = false} / udp{} / rtp()).bytes()}) {
        EXPECT_EQ(in(whole), "pass pinhole_rtp");
        for (size_t length = 15; length < whole.size(); ++length)
            EXPECT_EQ(in(Bytes(whole.begin(), whole.begin() + static_cast<long>(length))), "drop malformed") << length;
    }
}

TEST_F(Parse, judges_first_fragments_by_their_ports) {
    auto first = [&](uint16_t port) {
        return eth / ip4{.fragment = 0x2000, .id = port} / udp{.dport = port, .length_error = 800} / filled(168, 0x80);
    };
    EXPECT_EQ(in(first(40000)), "pass pinhole_rtp");
    EXPECT_EQ(in(first(40002)), "drop no_pinhole");
    auto first6 = [&](uint16_t port) {
        return eth / ip6{} / fragment6{.id = port} / udp{.dport = port, .length_error = 800} / filled(168, 0x80);
    };
    EXPECT_EQ(in(first6(40000)), "pass pinhole_rtp");
    EXPECT_EQ(in(first6(40002)), "drop no_pinhole");
}

TEST_F(Parse, refuses_first_fragments_that_contradict_their_udp_length) {
    auto contradictory = [](const std::string& to) { // already whole, and yet more to come
        return eth / ip4{.dst = to, .fragment = 0x2000} / udp{.dport = 5060} / filled(40);
    };
    EXPECT_EQ(in(contradictory("192.0.2.10")), "drop malformed");
    EXPECT_EQ(in(contradictory("203.0.113.9")), "drop malformed"); // hosts believe the length: it could be SIP
    EXPECT_EQ(in(eth / ip6{} / fragment6{} / udp{} / filled(40)), "drop malformed");
    EXPECT_EQ(in(eth / ip6{} / fragment6{} / udp{.length_error = 1} / filled(40)), "pass pinhole_rtp");
}

TEST_F(Parse, reads_no_ports_from_later_fragments) {
    EXPECT_EQ(in(eth / ip4{.fragment = 9} / udp{.dport = 40002} / rtp()), "pass fragment_unpaired");
    EXPECT_EQ(in(eth / ip4{.fragment = 0x2009} / udp{.dport = 5060} / filled(80)), "pass fragment_unpaired");
    EXPECT_EQ(in(eth / ip6{} / fragment6{.offset = 9, .more = false} / udp{.dport = 40002} / rtp()),
              "pass fragment_unpaired");
    EXPECT_EQ(in(eth / ip6{} / fragment6{.offset = 0, .more = false} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
    EXPECT_EQ(hole().packets, 0U);
}

TEST_F(Parse, refuses_ipv6_packets_that_claim_ipv4_addresses) {
    EXPECT_EQ(in(eth / ip6{.src = "::ffff:198.51.100.7", .dst = "::ffff:192.0.2.10"} / udp{} / rtp()),
              "drop malformed");
    EXPECT_EQ(in(eth / ip6{.src = "::ffff:198.51.100.7"} / udp{} / rtp()), "drop malformed");
}

} // namespace
} // namespace ringwall::test

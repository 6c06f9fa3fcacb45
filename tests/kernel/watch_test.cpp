// SPDX-License-Identifier: Apache-2.0
// A watched interface: SIP is mirrored by the way its addresses say, media keeps its hole awake, nothing is refused.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr const char* seen = "pass watched";

class Watch : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        open({.last_in = 10s});
        open({.local = "2001:db8:1::10", .peer = "2001:db8:99::7", .last_in = 10s});
    }
    static Duration since(uint64_t time_ns) { return Duration(now_ns() - time_ns); }
};

TEST_F(Watch, refuses_nothing_that_the_wall_would) {
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 40002} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.9"} / udp{.dport = 40002} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{.length_error = 1} / udp{} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{} / tcp{}), seen);
    EXPECT_EQ(watched(eth / ip6{} / udp{.dport = 40002} / rtp()), seen);
}

TEST_F(Watch, mirrors_sip_by_the_way_that_its_addresses_say) {
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 5060} / text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 5070} /
                      text("SIP/2.0 200 OK\r\n")),
              seen);
    auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].header.flags & RECORD_OUTBOUND);
    EXPECT_EQ(watched(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 5060} /
                      text("OPTIONS sip:a SIP/2.0\r\n")),
              seen);
    EXPECT_EQ(ring("ring_inside").size(), 1U);
}

TEST_F(Watch, mirrors_nothing_that_no_protected_address_has_part_in) {
    EXPECT_EQ(watched(eth / ip4{.dst = "203.0.113.9"} / udp{.dport = 5060} / text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 5060} / text("\r\n\r\n")), seen);
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) EXPECT_TRUE(ring(name).empty()) << name;
}

TEST_F(Watch, media_either_way_keeps_its_hole_awake_and_counts_nothing_on_it) {
    EXPECT_EQ(watched(eth / ip4{.src = "10.0.0.9"} / udp{} / rtp()), seen);
    EXPECT_LT(since(hole().last_in_ns), 1s);
    EXPECT_EQ(hole().packets, 0U);
    EXPECT_EQ(hole().last_out_ns, 0U);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "10.0.0.9"} / udp{.sport = 40000} / rtp()), seen);
    EXPECT_NE(hole().last_out_ns, 0U);
    const Hole six{.local = "2001:db8:1::10"};
    EXPECT_EQ(watched(eth / ip6{.src = "fd00::9"} / udp{} / rtp()), seen);
    EXPECT_LT(since(hole(six).last_in_ns), 1s);
}

TEST_F(Watch, a_closed_hole_stays_as_it_is) {
    close({});
    open({.phase = PHASE_CLOSED, .last_in = 10s});
    const auto before = hole().last_in_ns;
    EXPECT_EQ(watched(eth / ip4{} / udp{} / rtp()), seen);
    EXPECT_EQ(hole().last_in_ns, before);
}

TEST_F(Watch, opens_no_way_back) {
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.9"} / udp{.sport = 12000} / filled(20, 200)),
              seen);
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.9"} / udp{.sport = 30000, .dport = 12000} / rtp()), "drop no_pinhole");
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Monitor mode: everything decided and counted under its own reason, nothing dropped.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Monitor : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags = WALL_MONITOR;
        apply_settings();
    }
};

TEST_F(Monitor, counts_each_drop_under_its_reason_and_lets_it_pass) {
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "pass no_pinhole");
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass no_pinhole");
    EXPECT_EQ(in(eth / ip4{.length_error = 1} / udp{} / rtp()), "pass malformed");
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.1"} / udp{} / rtp()), "pass spoofed_inside");
    EXPECT_EQ(in(eth / ip4{} / tcp{}), "pass not_a_peer");
    EXPECT_EQ(event(EVENT_monitored), 5U);
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 22}), "pass not_guarded");
    EXPECT_EQ(event(EVENT_monitored), 5U); // what passes anyway is not counted there
}

TEST_F(Monitor, leaves_a_live_hole_as_an_enforcing_wall_would) {
    open({});
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.66"} / udp{} / rtp()), "pass rtp_bleed");
    EXPECT_EQ(hole().packets, 0U);
    EXPECT_EQ(refused().count, 1U);
}

TEST_F(Monitor, mirrors_the_sip_that_it_would_have_dropped) {
    auto options = text("OPTIONS sip:x SIP/2.0\r\n\r\n");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 5060} / options), "pass not_a_peer");
    network("198.51.100.0/24", 0, NETWORK_DENIED);
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 5060} / options), "pass denied");
    EXPECT_EQ(ring("ring_strangers").size(), 2U);
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Step 9 and what an ended call leaves behind: ways back of flows that the inside started, and tombstones that refuse
// them to the call's own peers.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Tombstone : public Wall {
protected:
    std::string media_in(const std::string& source = "198.51.100.7", uint16_t sport = 30000, uint16_t dport = 40000) {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = dport} / rtp());
    }
    std::string media_out(const std::string& to = "198.51.100.7", uint16_t dport = 30000, uint16_t sport = 40000) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = to} / udp{.sport = sport, .dport = dport} / rtp());
    }
};

TEST_F(Tombstone, a_way_back_is_the_exact_reverse_of_a_flow_from_a_guarded_port) {
    EXPECT_EQ(media_in(), "drop no_pinhole");
    EXPECT_EQ(media_out(), "pass out_flow");
    EXPECT_EQ(media_in(), "pass return_path");
    EXPECT_EQ(media_in("198.51.100.7", 30001), "drop no_pinhole");
    EXPECT_EQ(media_in("198.51.100.8"), "drop no_pinhole");
    EXPECT_EQ(media_in("198.51.100.7", 30000, 40001), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(
        out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 40000, .dport = 30000} / rtp()),
        "pass out_flow");
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass return_path");
}

TEST_F(Tombstone, a_way_back_is_renewed_by_what_leaves_and_not_by_what_comes) {
    constexpr uint64_t lives = 500000000;
    settings().return_path_ns = lives;
    apply_settings();
    EXPECT_EQ(media_out(), "pass out_flow");
    auto made = now_ns();
    uint64_t last_pass = 0;
    for (auto now = made; now < made + 2 * lives; now = now_ns())
        if (media_in() == "pass return_path") last_pass = now;
    EXPECT_GT(last_pass, 0U);
    EXPECT_LE(last_pass, made + lives);
    EXPECT_EQ(media_in(), "drop no_pinhole");
    EXPECT_EQ(media_out(), "pass out_flow");
    EXPECT_EQ(media_in(), "pass return_path");
}

TEST_F(Tombstone, an_inside_address_makes_a_thousand_ways_back_a_minute) {
    const auto start = now_ns();
    uint16_t port = 1;
    std::string last;
    while (port < 4000 && (last = media_out("203.0.113.1", port)) == "pass out_flow") ++port;
    const auto refilled = (now_ns() - start) * 1024 / 60000000000;
    EXPECT_GE(port - 1U, 1024U);
    EXPECT_LE(port - 1U, 1024 + refilled + 1);
    EXPECT_EQ(last, "pass out_no_room");
    EXPECT_EQ(media_in("203.0.113.1", port), "drop no_pinhole");
    EXPECT_EQ(media_out("203.0.113.1", 1), "pass out_flow"); // an old one goes on
}

TEST_F(Tombstone, refuses_the_way_back_to_its_own_peer_only) {
    EXPECT_EQ(media_out(), "pass out_flow");
    EXPECT_EQ(media_out("203.0.113.1"), "pass out_flow");
    open({.phase = PHASE_CLOSED, .deadline = 10s});
    EXPECT_EQ(media_in(), "drop return_path_ended");
    EXPECT_EQ(media_in("203.0.113.1"), "pass return_path");
    EXPECT_EQ(media_in("203.0.113.2"), "drop call_ended");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_call_ended));
    EXPECT_EQ(refused().count, 2U);
    open({.phase = PHASE_CLOSED, .constraint = CONSTRAINT_ANY, .deadline = 10s});
    EXPECT_EQ(media_in("203.0.113.1"), "drop return_path_ended"); // it named nobody, so it refuses everybody
}

TEST_F(Tombstone, says_that_max_call_has_ended_its_call) {
    EXPECT_EQ(media_out(), "pass out_flow");
    open({.phase = PHASE_CLOSED, .flags = PINHOLE_OUTLIVED, .deadline = 10s});
    EXPECT_EQ(media_in(), "drop pinhole_expired");
    EXPECT_EQ(media_in("203.0.113.2"), "drop pinhole_expired");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_pinhole_expired));
    open({.phase = PHASE_CLOSED, .flags = PINHOLE_OUTLIVED, .deadline = -1s});
    EXPECT_EQ(media_in("203.0.113.2"), "drop no_pinhole"); // as if it were gone
}

TEST_F(Tombstone, opens_no_way_back_while_the_inside_goes_on_sending) {
    Hole ended{.phase = PHASE_CLOSED, .deadline = 10s};
    open(ended);
    EXPECT_EQ(media_out(), "pass out_after_end");
    EXPECT_EQ(media_in(), "drop call_ended");
    EXPECT_NE(hole().last_out_ns, 0U);
    EXPECT_EQ(media_out("203.0.113.1"), "pass out_flow"); // someone else is a new flow
    EXPECT_EQ(media_in("203.0.113.1"), "pass return_path");
    open({.phase = PHASE_DRAINING, .deadline = -1s});
    EXPECT_EQ(media_out(), "pass out_after_end");
    open({.phase = PHASE_DRAINING, .deadline = 10s});
    EXPECT_EQ(media_out(), "pass out_media");
}

TEST_F(Tombstone, outlives_its_deadline_while_the_inside_still_sends) {
    EXPECT_EQ(media_out(), "pass out_flow");
    open({.phase = PHASE_CLOSED, .deadline = -1s, .last_out = 59s});
    EXPECT_EQ(media_in(), "drop return_path_ended");
    EXPECT_EQ(media_out(), "pass out_after_end");
    open({.phase = PHASE_CLOSED, .deadline = -1s, .last_out = 61s});
    EXPECT_EQ(media_in(), "pass return_path");
    EXPECT_EQ(media_out(), "pass out_flow");
    open({.phase = PHASE_CLOSED, .deadline = -1s});
    EXPECT_EQ(media_in(), "pass return_path");
}

TEST_F(Tombstone, a_live_hole_has_the_word_over_a_way_back) {
    EXPECT_EQ(media_out("203.0.113.1"), "pass out_flow");
    EXPECT_EQ(media_in("203.0.113.1"), "pass return_path");
    open({});
    EXPECT_EQ(media_in("203.0.113.1"), "drop rtp_bleed");
}

} // namespace
} // namespace ringwall::test

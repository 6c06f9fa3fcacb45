// SPDX-License-Identifier: Apache-2.0
// One source at a time: peers behind NAT, stand-ins on probation, and the zone's latch. Silence is made by rewriting the
// hole with older times, never by waiting.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Latch : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        network("198.51.100.0/28", zone_provider);
    }
    std::string media(const std::string& source, uint16_t sport, const raw& payload = rtp()) {
        return in(eth / ip4{.src = source} / udp{.sport = sport} / payload);
    }
    // The same hole with its latch, and the named peer or everyone quiet for so long.
    void quiet(Hole as, Duration last_peer, Duration last_in = 0ns) {
        as.last_peer = last_peer;
        as.last_in = last_in;
        auto value = value_of(as);
        value.latch = hole().latch;
        put_hole(as, value);
    }
    void promote(const std::string& source, uint16_t sport) {
        for (int i = 0; i < 3; ++i) ASSERT_EQ(media(source, sport), "drop probation");
        ASSERT_EQ(media(source, sport), "pass pinhole_other_source");
    }
};

TEST_F(Latch, another_port_passes_after_three_packets_if_the_peer_never_spoke) {
    open({});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    EXPECT_EQ(hole().packets, 0U);
    EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_other_source");
    EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_other_source");
    EXPECT_EQ(media("198.51.100.7", 31001), "drop probation"); // one source at a time
    EXPECT_EQ(media("198.51.100.8", 30000), "drop rtp_injection");
}

TEST_F(Latch, the_named_peer_wins_at_once_and_the_stand_in_falls_out) {
    open({});
    promote("198.51.100.7", 31000);
    EXPECT_EQ(media("198.51.100.7", 30000), "pass pinhole_rtp");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 30000), "pass pinhole_rtp");
    quiet({}, 500ms); // not yet silent
    for (int i = 0; i < 4; ++i) EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    quiet({}, 1100ms);
    promote("198.51.100.7", 31000);
}

TEST_F(Latch, a_stand_in_that_passes_holds_its_place_until_it_is_silent) {
    open({});
    promote("198.51.100.7", 31000);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(media("198.51.100.7", 32000), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_other_source");
    quiet({}, Duration::min(), 1300ms);
    promote("198.51.100.7", 32000);
    EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
}

TEST_F(Latch, probation_counts_conformant_packets_of_one_source_in_a_row) {
    open({.flags = PINHOLE_CHECK_MEDIA});
    EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 31000, filled(40, 0x7f)), "drop not_media");
    EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 32000), "drop probation"); // begins anew
    promote("198.51.100.7", 31000);
}

TEST_F(Latch, another_address_of_a_declared_peers_networks_may_stand_in) {
    open({.zone = zone_provider, .flags = PINHOLE_ZONE_SUBSTITUTES});
    promote("198.51.100.8", 30000);
    EXPECT_EQ(media("198.51.100.16", 30000), "drop rtp_injection");
    open({.zone = zone_provider});
    EXPECT_EQ(media("198.51.100.8", 30000), "drop wrong_source");
    open({.zone = zone_strict, .flags = PINHOLE_ZONE_SUBSTITUTES});
    EXPECT_EQ(media("198.51.100.8", 30000), "drop rtp_bleed");
    open({.zone = 0, .flags = PINHOLE_ZONE_SUBSTITUTES});
    EXPECT_EQ(media("198.51.100.16", 30000), "drop rtp_bleed"); // zone 0 is no one's
}

TEST_F(Latch, a_sleeping_hole_knows_its_last_peer) {
    open({});
    promote("198.51.100.7", 31000);
    quiet({.idle_s = 30}, Duration::min(), 31s);
    EXPECT_EQ(media("198.51.100.7", 32000), "drop pinhole_idle");
    EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_other_source");
    EXPECT_EQ(media("198.51.100.7", 32000), "drop probation"); // awake
}

TEST_F(Latch, a_peer_behind_nat_has_any_port_but_one_at_a_time) {
    Hole any_port{.peer_port = 0};
    open(any_port);
    EXPECT_EQ(media("198.51.100.7", 1111), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.7", 2222), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 1111), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.8", 1111), "drop rtp_injection");
    quiet(any_port, 500ms); // far from the edge: a loaded machine takes its time
    EXPECT_EQ(media("198.51.100.7", 2222), "drop probation");
    quiet(any_port, 1100ms);
    EXPECT_EQ(media("198.51.100.7", 2222), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.7", 1111), "drop probation");
}

TEST_F(Latch, the_exact_peer_of_a_set_puts_out_the_one_with_any_port) {
    open({.slot = 3});
    peers(3, {{"10.0.0.5", 30000}, {"198.51.100.7", 0}});
    EXPECT_EQ(media("198.51.100.7", 1111), "pass pinhole_rtp");
    EXPECT_EQ(media("10.0.0.5", 30000), "pass pinhole_rtp");
    EXPECT_EQ(hole().latch, 0U);
}

TEST_F(Latch, of_a_zone_locks_a_hole_that_names_no_peer_to_its_first_source) {
    zone(zone_provider, ZONE_PEER, {}, 3);
    Hole networks{.constraint = CONSTRAINT_NETWORKS, .zone = zone_provider};
    open(networks);
    EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.2", 2), "pass pinhole_rtp"); // not locked yet
    for (int i = 0; i < 4; ++i) EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.66", 2), "drop rtp_injection"); // of nobody's networks
    EXPECT_EQ(media("198.51.100.2", 2), "drop wrong_source");
    EXPECT_EQ(media("198.51.100.1", 2), "drop wrong_source");
    EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    quiet(networks, Duration::min(), 1300ms);
    EXPECT_EQ(media("198.51.100.2", 2), "pass pinhole_rtp");
    networks.phase = PHASE_OFFERED;
    open(networks);
    for (uint16_t port = 1; port < 9; ++port) EXPECT_EQ(media("198.51.100.1", port), "pass pinhole_early");
    EXPECT_EQ(hole().latch, 0U); // never latched while offered
}

TEST_F(Latch, of_a_zone_holds_for_any_source_and_for_a_strict_peers_address_alike) {
    zone(zone_provider, ZONE_PEER, {}, 1);
    for (uint32_t constraint : {CONSTRAINT_ANY, CONSTRAINT_ADDRESSES}) {
        open({.constraint = constraint, .zone = zone_provider});
        EXPECT_EQ(media("198.51.100.7", 1), "pass pinhole_rtp");
        EXPECT_EQ(media("198.51.100.7", 2), "drop wrong_source");
        EXPECT_EQ(media("198.51.100.7", 1), "pass pinhole_rtp");
    }
    open({.constraint = CONSTRAINT_PEERS, .zone = zone_provider}); // negotiated: the peer named is the lock
    EXPECT_EQ(media("198.51.100.7", 31000), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 30000), "pass pinhole_rtp");
}

TEST_F(Latch, takes_as_many_good_packets_as_the_zone_says_and_no_bad_ones) {
    zone(zone_provider, ZONE_PEER, {}, 2);
    Hole networks{.constraint = CONSTRAINT_NETWORKS, .zone = zone_provider, .flags = PINHOLE_CHECK_MEDIA};
    open(networks);
    EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.1", 1, filled(40, 0x7f)), "drop not_media");
    EXPECT_EQ(media("198.51.100.2", 2), "pass pinhole_rtp"); // begins anew: one packet each
    EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.2", 2), "drop wrong_source");
    quiet(networks, Duration::min(), 1000ms); // a second, and the step of last_in_ns
    EXPECT_EQ(media("198.51.100.2", 2), "drop wrong_source");
    quiet(networks, Duration::min(), 1260ms);
    EXPECT_EQ(media("198.51.100.2", 2), "pass pinhole_rtp");
}

TEST_F(Latch, of_a_hole_widened_to_anyone_is_taken_by_the_first_without_any_zones_word) {
    Hole widened{.constraint = CONSTRAINT_ANY_LATCHED};
    open(widened);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.9", 2), "drop rtp_injection");
    widened.constraint = CONSTRAINT_ANY;
    open(widened);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(media("198.51.100.1", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.9", 2), "pass pinhole_rtp");
    widened.local = "2001:db8:1::10", widened.constraint = CONSTRAINT_ANY_LATCHED;
    open(widened);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip6{} / udp{.sport = 30001} / rtp()), "drop rtp_injection");
}

TEST_F(Latch, works_for_ipv6_alike) {
    Hole six{.local = "2001:db8:1::10", .peer = "2001:db8:99::7"};
    open(six);
    auto from = [&](const std::string& source, uint16_t sport) {
        return in(eth / ip6{.src = source} / udp{.sport = sport} / rtp());
    };
    for (int i = 0; i < 3; ++i) EXPECT_EQ(from("2001:db8:99::7", 31000), "drop probation");
    EXPECT_EQ(from("2001:db8:99::7", 31000), "pass pinhole_other_source");
    EXPECT_EQ(from("2001:db8:99::7", 30000), "pass pinhole_rtp");
    EXPECT_EQ(from("2001:db8:99::7", 31000), "drop probation");
    EXPECT_EQ(from("2001:db8:99::8", 30000), "drop rtp_injection");
    six.peer_port = 0;
    open(six);
    EXPECT_EQ(from("2001:db8:99::7", 1), "pass pinhole_rtp");
    EXPECT_EQ(from("2001:db8:99::7", 2), "drop probation");
}

} // namespace
} // namespace ringwall::test

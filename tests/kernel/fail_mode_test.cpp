// SPDX-License-Identifier: Apache-2.0
// on_agent_loss: what guarded ports do while the agent is gone, in each of its four ways, and what none of them touches.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const std::string provider = "198.51.100.7", provider2 = "198.51.100.8", stranger = "203.0.113.5",
                  denied = "203.0.113.66";

class FailMode : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        zone(zone_phones, ZONE_SIP);
        network("198.51.100.0/24", zone_provider);
        network("2001:db8:99::/48", zone_provider);
        network("203.0.113.0/24", zone_phones);
        network(denied + "/32", zone_phones, NETWORK_DENIED);
    }
    void lose(uint32_t mode, Duration silent = 11s) { // agent_loss_ns is 10 s
        settings().flags = mode;
        apply_settings();
        heartbeat(silent);
    }
    std::string media(const std::string& source, uint16_t port = 40000, const raw& payload = rtp(),
                      uint16_t sport = 30000) {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = port} / payload);
    }
    std::string media6(const std::string& source) { return in(eth / ip6{.src = source} / udp{} / rtp()); }
};

TEST_F(FailMode, keep_opens_nothing_and_closes_nothing) {
    lose(0);
    open({});
    EXPECT_EQ(media(provider), "pass pinhole_rtp");
    EXPECT_EQ(media(provider2), "drop rtp_injection");
    EXPECT_EQ(media(provider, 40002), "drop no_pinhole");
    EXPECT_EQ(media(stranger, 40002), "drop no_pinhole");
}

TEST_F(FailMode, peers_lets_media_of_declared_peers_reach_guarded_ports) {
    lose(WALL_LOSS_PEERS);
    EXPECT_EQ(media(provider), "pass agent_lost");
    EXPECT_EQ(media6("2001:db8:99::7"), "pass agent_lost");
    EXPECT_EQ(media(provider, 40000, rtcp()), "pass agent_lost");
    EXPECT_EQ(media(provider, 40000, stun()), "pass agent_lost");
    EXPECT_EQ(media(provider, 40000, filled(40, 0x55)), "drop no_pinhole"); // conformance stays on
    EXPECT_EQ(media(provider, 40000, rtp(1, 11)), "drop no_pinhole");
    EXPECT_EQ(media(stranger), "drop no_pinhole"); // a zone is no peer
    EXPECT_EQ(media("192.88.99.1"), "drop no_pinhole");
    EXPECT_EQ(media6("2001:db8:98::7"), "drop no_pinhole");
    EXPECT_EQ(media(provider, 39999), "pass not_guarded");
}

TEST_F(FailMode, begins_when_the_agent_has_been_silent_for_its_time_and_ends_with_its_next_beat) {
    lose(WALL_LOSS_PEERS, 9s);
    EXPECT_EQ(media(provider), "drop no_pinhole");
    heartbeat(11s);
    EXPECT_EQ(media(provider), "pass agent_lost");
    heartbeat(0s);
    EXPECT_EQ(media(provider), "drop no_pinhole");
}

TEST_F(FailMode, does_not_begin_before_the_first_beat_of_a_fresh_wall) {
    for (uint32_t mode : {WALL_LOSS_PEERS, WALL_LOSS_OPEN, WALL_LOSS_CLOSED}) {
        lose(mode, Duration::min()); // never
        open({});
        EXPECT_EQ(media(provider), "pass pinhole_rtp");
        close({});
        EXPECT_EQ(media(provider), "drop no_pinhole");
    }
}

TEST_F(FailMode, open_lets_media_of_anyone_reach_guarded_ports) {
    lose(WALL_LOSS_OPEN);
    for (const std::string& source : {provider, stranger, std::string("192.88.99.1")})
        EXPECT_EQ(media(source), "pass agent_lost") << source;
    EXPECT_EQ(media6("2001:db8:98::7"), "pass agent_lost");
    EXPECT_EQ(media(stranger, 40000, filled(40, 0x55)), "drop no_pinhole");
    EXPECT_EQ(media(denied), "drop denied");
    EXPECT_EQ(media("192.0.2.77"), "drop spoofed_inside");
}

TEST_F(FailMode, open_leaves_a_pinhole_that_has_media_to_its_call_and_the_peers) {
    lose(WALL_LOSS_OPEN);
    open({});
    EXPECT_EQ(media(provider), "pass pinhole_rtp");
    EXPECT_EQ(media(stranger), "drop rtp_injection");
    EXPECT_EQ(media(provider2), "pass agent_lost");
    close({});
    open({.last_in = 301s}); // asleep: perhaps the port is another call's by now
    EXPECT_EQ(media(stranger), "pass agent_lost");
    EXPECT_EQ(media(provider), "pass pinhole_rtp");
}

TEST_F(FailMode, peers_lets_another_peer_into_a_port_whose_call_may_have_ended_unseen) {
    lose(WALL_LOSS_PEERS);
    open({.peer = "203.0.113.9"});
    EXPECT_EQ(media("203.0.113.9"), "pass pinhole_rtp");
    EXPECT_EQ(media(provider), "pass agent_lost");
    EXPECT_EQ(media(stranger), "drop rtp_injection");
    EXPECT_EQ(media(provider, 40000, filled(40, 0x55)), "drop wrong_source");
    EXPECT_EQ(refused().count, 2U); // what passed is no refusal
}

TEST_F(FailMode, keeps_hard_deadlines_for_as_long_as_a_tombstone_lasts) {
    for (uint32_t mode : {WALL_LOSS_PEERS, WALL_LOSS_OPEN}) {
        lose(mode); // tombstone_ns is 60 s
        for (auto [phase, refusal] :
             {std::pair{PHASE_ANSWERED, "drop pinhole_expired"}, {PHASE_DRAINING, "drop call_ended"}}) {
            open({.phase = phase, .deadline = -59s});
            EXPECT_EQ(media(provider), refusal);
            EXPECT_EQ(media(provider2), refusal);
            open({.phase = phase, .deadline = -61s});
            EXPECT_EQ(media(provider), "pass agent_lost");
            close({});
        }
    }
}

TEST_F(FailMode, keeps_tombstones_to_their_deadline_and_no_longer) {
    lose(WALL_LOSS_PEERS);
    open({.phase = PHASE_CLOSED, .deadline = 1s});
    EXPECT_EQ(media(provider), "drop call_ended");
    EXPECT_EQ(media(provider2), "drop call_ended");
    open({.phase = PHASE_CLOSED, .deadline = -1s, .last_out = 1s}); // the next call on the port speaks to the same peer
    EXPECT_EQ(media(provider), "pass agent_lost");
    EXPECT_EQ(media(stranger), "drop no_pinhole");
}

TEST_F(FailMode, lets_soft_deadlines_rest) {
    for (uint32_t mode : {0U, uint32_t{WALL_LOSS_PEERS}, uint32_t{WALL_LOSS_OPEN}}) {
        lose(mode);
        open({.constraint = CONSTRAINT_ANY, .last_in = 60s, .soft_deadline = -1s});
        EXPECT_EQ(media(provider), "pass pinhole_rtp");
        heartbeat(0s);
        open({.constraint = CONSTRAINT_ANY, .last_in = 60s, .soft_deadline = -1s});
        EXPECT_EQ(media(provider), "drop pinhole_idle");
        close({});
    }
}

TEST_F(FailMode, closed_shuts_guarded_ports_to_live_calls_and_ways_back_too) {
    settings().flags = WALL_LOSS_CLOSED;
    apply_settings();
    open({});
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = provider} / udp{.sport = 12000, .dport = 30000} / rtp()),
              "pass out_flow");
    EXPECT_EQ(media(provider), "pass pinhole_rtp");
    EXPECT_EQ(media(provider, 12000), "pass return_path");
    lose(WALL_LOSS_CLOSED);
    EXPECT_EQ(media(provider), "drop agent_lost_closed");
    EXPECT_EQ(media(provider, 12000), "drop agent_lost_closed");
    EXPECT_EQ(media(stranger, 40002), "drop agent_lost_closed");
    EXPECT_EQ(media6("2001:db8:99::7"), "drop agent_lost_closed");
    EXPECT_EQ(media(provider, 39999), "pass not_guarded");
    heartbeat(9s);
    EXPECT_EQ(media(provider), "pass pinhole_rtp");
    EXPECT_EQ(media(provider, 12000), "pass return_path");
}

TEST_F(FailMode, leaves_sip_and_rules_alone) {
    rule(0, {.protocol = 17, .port_count = 1, .ports = {{12000, 12000}}}, "::/0", "192.0.2.0/24");
    learned("192.0.2.10", 41000, {.zones = {1U << zone_provider}});
    for (uint32_t mode : {0U, uint32_t{WALL_LOSS_PEERS}, uint32_t{WALL_LOSS_CLOSED}, uint32_t{WALL_LOSS_OPEN}}) {
        lose(mode);
        EXPECT_EQ(media("192.88.99.1", 12000), "pass rule");
        EXPECT_EQ(media(provider, 5060, text("OPTIONS sip:x SIP/2.0\r\n\r\n")), "pass sip");
        EXPECT_EQ(media(provider, 41000, text("OPTIONS sip:x SIP/2.0\r\n\r\n")), "pass sip_learned");
        EXPECT_EQ(media("192.88.99.1", 5060, text("OPTIONS sip:x SIP/2.0\r\n\r\n")), "drop not_a_peer");
    }
}

TEST_F(FailMode, monitors_what_it_would_close) {
    lose(WALL_LOSS_CLOSED | WALL_MONITOR);
    open({});
    EXPECT_EQ(media(provider), "pass agent_lost_closed");
    EXPECT_EQ(event(EVENT_monitored), 1U);
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Step 7: which hole, until when, who may send, and what counts as media.
#include <array>
#include <cstring>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Pinhole : public Wall {
protected:
    std::string media(const std::string& source = "198.51.100.7", uint16_t sport = 30000, uint16_t dport = 40000,
                      const raw& payload = rtp()) {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = dport} / payload);
    }
    std::string bytes(std::initializer_list<uint8_t> first, size_t length) {
        return media("198.51.100.7", 30000, 40000, bytes_of(first, length));
    }
    void known_zone() {
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        network("198.51.100.0/28", zone_provider);
    }
};

TEST_F(Pinhole, opens_one_port_of_one_address_for_udp_until_it_is_removed) {
    EXPECT_EQ(media(), "drop no_pinhole");
    open({});
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.7", 30000, 39999), "pass not_guarded");
    EXPECT_EQ(media("198.51.100.7", 30000, 40001), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.2.11"} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{.dst = "192.0.2.9"} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 40000}), "pass not_guarded");
    close({});
    EXPECT_EQ(media(), "drop no_pinhole");
}

// A reload may have taken the port out of protect.media_ports, with a call or its tombstone on it. 39999 is none of them.
TEST_F(Pinhole, says_nothing_of_a_port_that_is_not_guarded) {
    for (const uint32_t phase : std::to_array<uint32_t>({PHASE_ANSWERED, PHASE_DRAINING, PHASE_CLOSED})) {
        const Hole four{.port = 39999, .phase = phase};
        const Hole six{.local = "2001:db8:1::10", .port = 39999, .phase = phase, .peer = "2001:db8:99::7"};
        open(four);
        open(six);
        EXPECT_EQ(media("203.0.113.66", 1, 39999), "pass not_guarded");
        EXPECT_EQ(media("198.51.100.7", 30000, 39999), "pass not_guarded");
        EXPECT_EQ(in(eth / ip6{} / udp{.dport = 39999} / rtp()), "pass not_guarded");
        close(four);
        close(six);
    }
}

TEST_F(Pinhole, opens_for_ipv6_alike) {
    Hole six{.local = "2001:db8:1::10", .peer = "2001:db8:99::7"};
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "drop no_pinhole");
    open(six);
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip6{.src = "2001:db8:99::8"} / udp{} / rtp()), "drop rtp_injection");
    EXPECT_EQ(in(eth / ip6{.dst = "2001:db8:1::11"} / udp{} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "drop no_pinhole");
}

TEST_F(Pinhole, counts_what_passed_and_notes_what_did_not_elsewhere) {
    open({});
    media();
    media();
    EXPECT_EQ(hole().packets, 2U);
    EXPECT_EQ(hole().bytes, 2U * 172);
    EXPECT_EQ(hole().ssrc, 0x11223344U);
    auto before = hole();
    EXPECT_EQ(media("203.0.113.66", 666), "drop rtp_injection");
    EXPECT_EQ(media("203.0.113.67", 667), "drop rtp_injection");
    auto after = hole();
    EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0) << "a refused packet writes nothing into the hole";
    EXPECT_EQ(refused().count, 2U);
    EXPECT_EQ(Endpoint::from(refused().last_source).to_string(), "203.0.113.67:667");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_rtp_injection));
    EXPECT_EQ(refused().owner, 77U);
}

TEST_F(Pinhole, names_the_phase_and_the_component_it_passed) {
    for (auto [phase, expected] : std::map<uint32_t, std::string>{{PHASE_OFFERED, "pass pinhole_early"},
                                                                  {PHASE_ANSWERED, "pass pinhole_rtp"},
                                                                  {PHASE_HELD, "pass pinhole_rtp"},
                                                                  {PHASE_DRAINING, "pass pinhole_draining"},
                                                                  {PHASE_CLOSED, "drop call_ended"}}) {
        open({.phase = phase});
        EXPECT_EQ(media(), expected);
    }
    open({.component = COMPONENT_RTCP});
    EXPECT_EQ(media("198.51.100.7", 30000, 40000, rtcp()), "pass pinhole_rtcp");
    open({.component = COMPONENT_RTP_RTCP});
    EXPECT_EQ(media("198.51.100.7", 30000, 40000, rtcp()), "pass pinhole_rtcp");
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Pinhole, ends_at_its_deadline_whoever_sends) {
    for (uint32_t phase : {PHASE_OFFERED, PHASE_ANSWERED, PHASE_HELD}) {
        open({.phase = phase, .deadline = -50ms});
        EXPECT_EQ(media(), "drop pinhole_expired");
        open({.phase = phase, .deadline = 10s});
        EXPECT_EQ(media().substr(0, 4), "pass");
    }
    open({.phase = PHASE_DRAINING, .deadline = -50ms});
    EXPECT_EQ(media(), "drop call_ended");
    EXPECT_EQ(media("203.0.113.66"), "drop call_ended");
    open({.phase = PHASE_CLOSED, .deadline = -50ms});
    EXPECT_EQ(media(), "drop no_pinhole"); // as if it were gone
    EXPECT_EQ(refused().count, 2U + 3 + 1);
}

TEST_F(Pinhole, closes_by_itself_while_the_sender_goes_on) {
    open({.phase = PHASE_DRAINING, .deadline = 500ms});
    auto deadline = hole().deadline_ns;
    uint64_t last_pass = 0;
    for (uint64_t now = now_ns(); now < deadline + 30000000; now = now_ns())
        if (media() == "pass pinhole_draining") last_pass = now;
    EXPECT_GT(last_pass, 0U);
    EXPECT_LT(last_pass, deadline);
    EXPECT_EQ(media(), "drop call_ended");
}

TEST_F(Pinhole, sleeps_after_its_idle_limit_except_for_its_peer) {
    open({.last_in = 28s, .idle_s = 30});
    EXPECT_EQ(media("203.0.113.66"), "drop rtp_bleed");
    open({.last_in = 31s, .idle_s = 30});
    EXPECT_EQ(media("203.0.113.66"), "drop pinhole_idle");
    EXPECT_EQ(media("198.51.100.7", 30001), "drop pinhole_idle");
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.66"), "drop rtp_injection"); // awake again
    open({.last_in = 31s, .last_out = 28s, .idle_s = 30});
    EXPECT_EQ(media("203.0.113.66"), "drop rtp_bleed"); // outbound media keeps it awake
}

TEST_F(Pinhole, that_anyone_may_use_is_woken_by_who_spoke_last_and_from_inside) {
    Hole asleep{.constraint = CONSTRAINT_ANY, .last_in = 31s, .idle_s = 30};
    open({.constraint = CONSTRAINT_ANY});
    EXPECT_EQ(media("203.0.113.66"), "pass pinhole_rtp");
    EXPECT_EQ(media(), "pass pinhole_rtp");
    auto slept = value_of(asleep);
    slept.latch = hole().latch;
    put_hole(asleep, slept);
    EXPECT_EQ(media("203.0.113.66"), "drop pinhole_idle");
    EXPECT_EQ(media("198.51.100.7", 30001), "drop pinhole_idle");
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.66"), "pass pinhole_rtp"); // awake
    open(asleep);                                         // in which nobody has spoken
    EXPECT_EQ(media(), "drop pinhole_idle");
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 40000, .dport = 30000} / rtp()),
              "pass out_media");
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Pinhole, that_names_addresses_or_networks_is_woken_by_any_port_of_them) {
    zone(zone_provider, ZONE_PEER | ZONE_SIP);
    network("198.51.100.0/28", zone_provider);
    for (const uint32_t constraint : {CONSTRAINT_NETWORKS, CONSTRAINT_ADDRESSES}) {
        Hole asleep{.constraint = constraint, .zone = zone_provider, .last_in = 31s, .idle_s = 30};
        open(asleep);
        EXPECT_EQ(media("203.0.113.66"), "drop pinhole_idle");
        EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_rtp");
        open(asleep);
        EXPECT_EQ(media("198.51.100.8", 31000),
                  constraint == CONSTRAINT_NETWORKS ? "pass pinhole_rtp" : "drop pinhole_idle");
    }
    open({.peer_port = 0, .last_in = 31s, .idle_s = 30}); // behind NAT: its mapping may have gone meanwhile
    EXPECT_EQ(media("198.51.100.8", 31000), "drop pinhole_idle");
    EXPECT_EQ(media("198.51.100.7", 31000), "pass pinhole_rtp");
}

TEST_F(Pinhole, shortens_its_idle_limit_at_the_soft_deadline_while_the_agent_lives) {
    Hole hole{.constraint = CONSTRAINT_ANY, .last_in = 40s, .soft_deadline = -2s};
    open(hole);
    EXPECT_EQ(media(), "drop pinhole_idle");
    heartbeat(11s); // the agent may be dead, and what it missed cannot end a call
    EXPECT_EQ(media(), "pass pinhole_rtp");
    heartbeat(9s);
    open(hole);
    EXPECT_EQ(media(), "drop pinhole_idle");
    hole.soft_deadline = 5s;
    open(hole);
    EXPECT_EQ(media(), "pass pinhole_rtp");
    open({.constraint = CONSTRAINT_ANY, .last_in = 25s, .soft_deadline = -2s});
    EXPECT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Pinhole, for_peers_admits_the_negotiated_one_exactly) {
    open({});
    EXPECT_EQ(media("198.51.100.7"), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.6"), "drop rtp_injection");
    EXPECT_EQ(media("198.51.100.8"), "drop rtp_injection");
    EXPECT_EQ(media("198.51.100.7", 29999), "drop probation");
    EXPECT_EQ(media("198.51.100.7", 30001), "drop probation");
}

TEST_F(Pinhole, for_peers_in_a_slot_admits_each_of_them_and_no_more) {
    open({.slot = 5, .peer = "203.0.113.1"});
    peers(5, {{"198.51.100.1", 1000},
              {"198.51.100.2", 2000},
              {"2001:db8:99::7", 3000},
              {"198.51.100.4", 4000},
              {"198.51.100.5", 5000},
              {"198.51.100.6", 6000}});
    EXPECT_EQ(media("198.51.100.1", 1000), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.6", 6000), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.1", 2000), "drop probation");
    EXPECT_EQ(media("198.51.100.3", 3000), "drop rtp_injection");
    EXPECT_EQ(media("203.0.113.1"), "drop rtp_injection"); // the inline one is out of use
    peers(5, {{"198.51.100.1", 1000}});
    EXPECT_EQ(media("198.51.100.2", 2000), "drop rtp_injection");
    peers(5, {});
    EXPECT_EQ(media("198.51.100.1", 1000), "drop rtp_injection");
}

TEST_F(Pinhole, for_addresses_admits_any_port_of_them_at_once) {
    open({.constraint = CONSTRAINT_ADDRESSES});
    EXPECT_EQ(media("198.51.100.7", 1), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.7", 30000), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.8", 30000), "drop rtp_injection");
}

TEST_F(Pinhole, for_networks_admits_its_zone) {
    known_zone();
    open({.constraint = CONSTRAINT_NETWORKS, .zone = zone_provider});
    EXPECT_EQ(media("198.51.100.0"), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.15", 9), "pass pinhole_rtp");
    EXPECT_EQ(media("198.51.100.16"), "drop rtp_injection");
    EXPECT_EQ(media("198.51.99.255"), "drop rtp_injection");
}

TEST_F(Pinhole, for_anyone_still_refuses_the_denied_and_the_spoofed) {
    open({.constraint = CONSTRAINT_ANY});
    EXPECT_EQ(media("203.0.113.66"), "pass pinhole_rtp");
    network("203.0.113.66/32", 0, NETWORK_DENIED);
    EXPECT_EQ(media("203.0.113.66"), "drop denied");
    EXPECT_EQ(media("203.0.113.65"), "pass pinhole_rtp");
    EXPECT_EQ(media("192.0.2.77"), "drop spoofed_inside");
}

TEST_F(Pinhole, that_checks_media_goes_by_the_first_byte_and_the_smallest_header) {
    open({.component = COMPONENT_RTP_RTCP, .flags = PINHOLE_CHECK_MEDIA});
    EXPECT_EQ(bytes({0x80, 8}, 12), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x80, 8}, 11), "drop not_media");
    EXPECT_EQ(bytes({0xbf, 8}, 12), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0xc0, 8}, 12), "drop not_media");
    EXPECT_EQ(bytes({0x7f, 8}, 12), "drop not_media");
    EXPECT_EQ(bytes({0x80, 200}, 8), "pass pinhole_rtcp");
    EXPECT_EQ(bytes({0x80, 200}, 7), "drop not_media");
    EXPECT_EQ(media("198.51.100.7", 30000, 40000, stun()), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, 19), "drop not_media");
    EXPECT_EQ(bytes({0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43}, 20), "drop not_media");
    EXPECT_EQ(bytes({4, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, 20), "drop not_media");
    EXPECT_EQ(bytes({15}, 20), "drop not_media");
    EXPECT_EQ(bytes({16}, 20), "pass pinhole_rtp"); // ZRTP
    EXPECT_EQ(bytes({19}, 20), "pass pinhole_rtp");
    EXPECT_EQ(bytes({20, 254}, 13), "pass pinhole_rtp"); // DTLS
    EXPECT_EQ(bytes({63, 254}, 13), "pass pinhole_rtp");
    EXPECT_EQ(bytes({20, 254}, 12), "drop not_media");
    EXPECT_EQ(bytes({64}, 20), "drop not_media");
    EXPECT_EQ(bytes({}, 0), "drop not_media");
    open({});
    EXPECT_EQ(bytes({64}, 1), "pass pinhole_rtp"); // unchecked: a fax, or whatever was negotiated
}

TEST_F(Pinhole, that_is_only_offered_takes_two_hundred_at_once_and_then_one_each_5_ms) {
    open({.phase = PHASE_OFFERED, .constraint = CONSTRAINT_ANY, .flags = PINHOLE_EARLY_RATE});
    auto start = now_ns();
    int passed = 0;
    for (int i = 0; i < 600; ++i) passed += media() == "pass pinhole_early";
    auto refilled = static_cast<int>((now_ns() - start) / 5000000) + 2;
    EXPECT_GE(passed, 200);
    EXPECT_LE(passed, 200 + refilled);
    open({.constraint = CONSTRAINT_ANY, .flags = PINHOLE_EARLY_RATE}); // answered: no rate
    for (int i = 0; i < 300; ++i) ASSERT_EQ(media(), "pass pinhole_rtp");
}

TEST_F(Pinhole, that_is_only_offered_says_when_the_rate_is_spent) {
    const Hole offered{.phase = PHASE_OFFERED, .constraint = CONSTRAINT_ANY, .flags = PINHOLE_EARLY_RATE};
    auto value = value_of(offered);
    value.rate_tat_ns = now_ns() + 5000000000; // as after a burst that no machine is too slow for
    put_hole(offered, value);
    EXPECT_EQ(media(), "drop early_rate");
}

} // namespace
} // namespace ringwall::test

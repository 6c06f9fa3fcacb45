// SPDX-License-Identifier: Apache-2.0
// Steps 2 and 3 beside pinholes: what the deny list reaches, what `allow` skips, and what `bypass: all` skips more.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Deny : public Wall {
protected:
    std::string media(const std::string& source = "198.51.100.7", uint16_t port = 40000, uint16_t sport = 30000) {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = port} / rtp());
    }
    std::string media6(const std::string& source) { return in(eth / ip6{.src = source} / udp{} / rtp()); }
    void apply_flags(uint32_t flags) {
        settings().flags = flags;
        apply_settings();
    }
};

TEST_F(Deny, reaches_pinholes_that_name_no_peers_latched_or_not) {
    zone(zone_provider, ZONE_PEER | ZONE_SIP, {}, 2);
    network("198.51.100.0/24", zone_provider);
    for (uint32_t constraint : {CONSTRAINT_ANY, CONSTRAINT_NETWORKS}) {
        const Hole named{.constraint = constraint, .zone = zone_provider};
        open(named);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(media(), "pass pinhole_rtp");
        network("198.51.100.7/32", zone_provider, NETWORK_DENIED);
        EXPECT_EQ(media(), "drop denied");
        network("198.51.100.7/32", zone_provider, NETWORK_DENIED | NETWORK_ALLOWED);
        EXPECT_EQ(media(), "pass pinhole_rtp");
        network("198.51.100.7/32", zone_provider);
        EXPECT_EQ(media(), "pass pinhole_rtp");
        close(named);
    }
}

// As docs/configuration.md says of prefixes.
TEST_F(Deny, of_one_family_leaves_the_other_but_for_what_holds_both) {
    const auto both = [&] { return media("203.0.113.9", 41000) + ", " + media6("2001:db8:99::8"); };
    EXPECT_EQ(both(), "drop no_pinhole, drop no_pinhole");
    network("::/0", 0, NETWORK_DENIED); // IPv4 lies within it
    EXPECT_EQ(both(), "drop denied, drop denied");
    network("::/0", 0);
    network("2000::/3", 0, NETWORK_DENIED);
    EXPECT_EQ(both(), "drop no_pinhole, drop denied");
    network("2000::/3", 0);
    network("0.0.0.0/0", 0, NETWORK_DENIED);
    EXPECT_EQ(both(), "drop denied, drop no_pinhole");
}

TEST_F(Deny, reaches_stand_ins_of_a_named_peer) {
    network("198.51.100.0/24", zone_provider);
    network("198.51.100.8/32", zone_provider, NETWORK_DENIED);
    network("2001:db8:99::/48", zone_provider);
    network("2001:db8:99::8/128", zone_provider, NETWORK_DENIED);
    open({.zone = zone_provider, .flags = PINHOLE_ZONE_SUBSTITUTES});
    open({.local = "2001:db8:1::10",
          .zone = zone_provider,
          .flags = PINHOLE_ZONE_SUBSTITUTES,
          .peer = "2001:db8:99::7"});
    EXPECT_EQ(media("198.51.100.8"), "drop denied");
    EXPECT_EQ(media("198.51.100.9"), "drop probation");
    EXPECT_EQ(media6("2001:db8:99::8"), "drop denied");
    EXPECT_EQ(media6("2001:db8:99::9"), "drop probation");
}

TEST_F(Deny, leaves_nobody_where_the_planner_took_the_only_peer_out) {
    peers(5, {});
    open({.slot = 5});
    EXPECT_EQ(media(), "drop rtp_bleed");
    EXPECT_EQ(media("203.0.113.9"), "drop rtp_bleed");
}

TEST_F(Deny, scope_all_drops_everything_to_protected_addresses) {
    network("198.51.100.7/32", 0, NETWORK_DENIED);
    network("2001:db8:99::7/128", 0, NETWORK_DENIED);
    const std::vector<Packet> packets = {
        eth / ip4{} / udp{.dport = 53},       eth / ip4{} / tcp{.dport = 22},
        eth / ip4{.protocol = 1} / filled(8), eth / ip4{.fragment = 9} / filled(8),
        eth / ip4{.protocol = 6} / filled(3), eth / ip6{} / udp{.dport = 53},
        eth / ip6{} / tcp{.dport = 22},       eth / ip6{.next = 58} / filled(8),
    };
    for (size_t i = 0; i < packets.size(); ++i) EXPECT_EQ(in(packets[i]).substr(0, 4), "pass") << i;
    apply_flags(WALL_DENY_ALL);
    for (size_t i = 0; i < packets.size(); ++i) EXPECT_EQ(in(packets[i]), "drop denied") << i;
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.6"} / tcp{.dport = 22}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.dst = "203.0.114.1"} / tcp{.dport = 22}), "pass out_of_scope"); // not protected
    EXPECT_EQ(in(eth / ip4{.dst = "203.0.114.1"} / udp{.dport = 53}), "pass out_of_scope");
    network("198.51.100.7/32", 0, NETWORK_DENIED | NETWORK_ALLOWED);
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 22}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 53}), "pass not_guarded");
}

TEST_F(Deny, scope_all_beats_ways_back_and_rules) {
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 40002, .dport = 30000} / rtp()),
              "pass out_flow");
    EXPECT_EQ(media("198.51.100.7", 40002), "pass return_path");
    rule(0, {.protocol = 17, .port_count = 1, .ports = {{53, 53}}}, "::/0", "192.0.2.0/24");
    EXPECT_EQ(media("198.51.100.7", 53), "pass rule");
    network("198.51.100.7/32", 0, NETWORK_DENIED);
    rule(0, {.protocol = 17, .port_count = 1, .ports = {{53, 53}}}, "198.51.100.7/32", "192.0.2.0/24");
    EXPECT_EQ(media("198.51.100.7", 40002), "drop denied");
    EXPECT_EQ(media("198.51.100.7", 53), "pass rule"); // neither SIP nor guarded
    apply_flags(WALL_DENY_ALL);
    EXPECT_EQ(media("198.51.100.7", 53), "drop denied");
}

TEST_F(Deny, bypass_passes_what_a_guarded_port_refuses) {
    network("198.51.100.7/32", 0, NETWORK_ALLOWED | NETWORK_BYPASS | NETWORK_DENIED);
    network("2001:db8:99::7/128", 0, NETWORK_ALLOWED | NETWORK_BYPASS);
    network("198.51.100.8/32", 0, NETWORK_ALLOWED);
    EXPECT_EQ(media("198.51.100.8"), "drop no_pinhole");
    EXPECT_EQ(media(), "pass bypass");
    EXPECT_EQ(media6("2001:db8:99::7"), "pass bypass");
    open({.peer = "203.0.113.9"});
    EXPECT_EQ(media(), "pass bypass");
    EXPECT_EQ(refused().count, 0U);
    EXPECT_EQ(media("198.51.100.8"), "drop rtp_bleed");
    open({.phase = PHASE_CLOSED});
    EXPECT_EQ(media(), "pass bypass");
    EXPECT_EQ(media("198.51.100.7", 5060), "pass sip");
    EXPECT_EQ(media("198.51.100.7", 53), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.length_error = 9} / udp{} / rtp()), "drop malformed");
}

TEST_F(Deny, bypass_leaves_no_way_back_when_it_ends) {
    network("198.51.100.7/32", 0, NETWORK_ALLOWED | NETWORK_BYPASS);
    const auto answer = [&](const std::string& whom) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = whom} / udp{.sport = 40000, .dport = 30000} / rtp());
    };
    EXPECT_EQ(media(), "pass bypass");
    EXPECT_EQ(answer("198.51.100.7"), "pass out_answer");
    network("198.51.100.7/32", 0, NETWORK_ALLOWED);
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(answer("198.51.100.7"), "pass out_answer");
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Deny, bypass_leaves_calls_their_pinholes) {
    network("198.51.100.7/32", 0, NETWORK_ALLOWED | NETWORK_BYPASS);
    open({.constraint = CONSTRAINT_ANY, .last_in = 10s});
    const auto before = hole().last_in_ns;
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_GT(hole().last_in_ns, before); // its media keeps the call awake
}

} // namespace
} // namespace ringwall::test

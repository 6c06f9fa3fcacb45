// SPDX-License-Identifier: Apache-2.0
// Bans: of an address and port, of an address, of an IPv6 /64; until when; whom they never reach; and where there are none,
// that nobody asks for them.
#include <cerrno>

#include "maps/bans.hpp"
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Bans : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags = WALL_ADMIT_ALL;
        apply_settings();
    }
    void lift(const std::string& source) { EXPECT_EQ(change_ban(OP_DELETE_BAN, source), 0); }
    struct ban found(const std::string& source) { return look_up<struct ban>(map("bans"), ban_key_of(source).value()); }

    std::string sip(const std::string& from = "198.51.100.7", uint16_t port = 5060) {
        return in(eth / ip4{.src = from} / udp{.sport = port, .dport = 5060} / text("OPTIONS sip:a@b SIP/2.0\r\n\r\n"));
    }
    std::string sip6(const std::string& from, uint16_t port = 5060) {
        return in(eth / ip6{.src = from} / udp{.sport = port, .dport = 5060} / text("OPTIONS sip:a@b SIP/2.0\r\n\r\n"));
    }
    std::string syn_to(uint16_t port, const std::string& from = "198.51.100.7") {
        return in(eth / ip4{.src = from} / tcp{.sport = 5060, .dport = port, .flags = syn});
    }
    std::string media(const std::string& from = "198.51.100.7") {
        return in(eth / ip4{.src = from} / udp{.sport = 30000, .dport = 40000} / rtp());
    }
};

TEST_F(Bans, of_an_address_hold_for_all_its_ports_and_for_no_neighbour) {
    EXPECT_EQ(sip(), "pass sip");
    ban("198.51.100.7");
    EXPECT_EQ(sip(), "drop banned");
    EXPECT_EQ(sip("198.51.100.7", 1), "drop banned");
    EXPECT_EQ(sip("198.51.100.6"), "pass sip");
    EXPECT_EQ(sip("198.51.100.8"), "pass sip");
    EXPECT_EQ(found("198.51.100.7").packets, 2U);
    lift("198.51.100.7");
    EXPECT_EQ(sip(), "pass sip");
}

TEST_F(Bans, of_a_pair_hold_for_that_port_alone) {
    ban("198.51.100.7:5062", BAN_OF_OURS);
    ban("[2001:db8:99::7]:5062", BAN_OF_OURS);
    EXPECT_EQ(sip("198.51.100.7", 5062), "drop banned");
    EXPECT_EQ(sip("198.51.100.7", 5061), "pass sip");
    EXPECT_EQ(sip("198.51.100.7", 5063), "pass sip");
    EXPECT_EQ(sip6("2001:db8:99::7", 5062), "drop banned");
    EXPECT_EQ(sip6("2001:db8:99::7", 5061), "pass sip");
    EXPECT_EQ(found("198.51.100.7:5062").packets, 1U);
}

TEST_F(Bans, of_an_ipv6_network_hold_within_its_64_bits) {
    ban("2001:db8:99:7::/64", BAN_OF_OURS);
    EXPECT_EQ(sip6("2001:db8:99:7::1"), "drop banned");
    EXPECT_EQ(sip6("2001:db8:99:7:ffff:ffff:ffff:ffff"), "drop banned");
    EXPECT_EQ(sip6("2001:db8:99:6:ffff:ffff:ffff:ffff"), "pass sip");
    EXPECT_EQ(sip6("2001:db8:99:8::"), "pass sip");
    lift("2001:db8:99:7::/64");
    ban("2001:db8:99:7::1");
    EXPECT_EQ(sip6("2001:db8:99:7::1"), "drop banned");
    EXPECT_EQ(sip6("2001:db8:99:7::2"), "pass sip");
}

TEST_F(Bans, count_what_they_drop_and_nothing_else) {
    opaque_port(5061);
    for (const char* source : {"198.51.100.7", "198.51.100.8:5060", "2001:db8:99:7::/64"}) ban(source, BAN_OF_OURS);
    for (const char* source : {"198.51.100.7", "198.51.100.8"}) {
        EXPECT_EQ(syn_to(22, source), "pass not_guarded");
        EXPECT_EQ(syn_to(5061, source), "pass sip_stream");
        EXPECT_EQ(syn_to(5060, source), "drop banned");
        EXPECT_EQ(sip(source), "drop banned");
    }
    EXPECT_EQ(in(eth / ip6{.src = "2001:db8:99:7::1"} / udp{.dport = 53}), "pass not_guarded");
    EXPECT_EQ(sip6("2001:db8:99:7::1"), "drop banned");
    EXPECT_EQ(found("198.51.100.7").packets, 2U);
    EXPECT_EQ(found("198.51.100.8:5060").packets, 2U);
    EXPECT_EQ(found("2001:db8:99:7::/64").packets, 1U);
}

TEST_F(Bans, end_by_themselves) {
    ban("198.51.100.7", 0, -1s);
    ban("198.51.100.8", 0, 1h);
    EXPECT_EQ(sip(), "pass sip");
    EXPECT_EQ(sip("198.51.100.8"), "drop banned");
    ban("198.51.100.8", 0, -1s); // in place
    EXPECT_EQ(sip("198.51.100.8"), "pass sip");
    EXPECT_EQ(found("198.51.100.8").packets, 1U);
    ban("198.51.100.8"); // another one, over what is left of the first
    EXPECT_EQ(found("198.51.100.8").packets, 0U);
}

TEST_F(Bans, by_command_reach_what_a_denial_reaches) {
    ban("198.51.100.7");
    EXPECT_EQ(syn_to(5060), "drop banned");
    EXPECT_EQ(syn_to(30000), "drop banned");
    EXPECT_EQ(media(), "drop banned");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 53}), "pass not_guarded");
    EXPECT_EQ(syn_to(22), "pass not_guarded");
    open({.constraint = CONSTRAINT_ANY});
    EXPECT_EQ(media(), "drop banned");
    close({.constraint = CONSTRAINT_ANY});
    settings().flags |= WALL_DENY_ALL;
    apply_settings();
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 53}), "drop banned");
    EXPECT_EQ(syn_to(22), "drop banned");
    EXPECT_EQ(in(eth / ip4{.protocol = 1} / filled(8)), "drop banned");
    EXPECT_EQ(in(eth / ip4{.protocol = 6} / filled(3)), "drop banned");
    EXPECT_EQ(syn_to(22, "198.51.100.8"), "pass not_guarded");
}

TEST_F(Bans, leave_the_media_of_a_live_call_alone) {
    open({});
    ban("198.51.100.7");
    EXPECT_EQ(media(), "pass pinhole_rtp");
    EXPECT_EQ(sip(), "drop banned");
}

TEST_F(Bans, of_the_wall_itself_shut_plain_sip_and_nothing_else) {
    opaque_port(5061);
    ban("198.51.100.7", BAN_OF_OURS);
    EXPECT_EQ(sip(), "drop banned");
    EXPECT_EQ(syn_to(5060), "drop banned");
    EXPECT_EQ(syn_to(5061), "pass sip_stream");
    EXPECT_EQ(media(), "drop no_pinhole");
    settings().flags |= WALL_DENY_ALL;
    apply_settings();
    EXPECT_EQ(syn_to(22), "pass not_guarded");
    ban("198.51.100.7");
    EXPECT_EQ(syn_to(5061), "drop banned");
}

TEST_F(Bans, never_reach_allowed_sources_and_declared_peers) {
    ban("198.51.100.7");
    ban("198.51.100.7:5060");
    network("198.51.100.7/32", 0, NETWORK_ALLOWED);
    EXPECT_EQ(sip(), "pass sip");
    zone(zone_provider, ZONE_SIP | ZONE_PEER);
    network("198.51.100.7/32", zone_provider);
    EXPECT_EQ(sip(), "pass sip");
    zone(zone_provider, ZONE_SIP);
    EXPECT_EQ(sip(), "drop banned");
    network("198.51.100.7/32", zone_provider, NETWORK_DENIED);
    EXPECT_EQ(sip(), "drop denied");
}

TEST_F(Bans, of_the_wall_itself_spare_who_is_known_from_exactly_there) {
    ban("198.51.100.7", BAN_OF_OURS);
    ban("2001:db8:99::/64", BAN_OF_OURS);
    for (const uint32_t flag : {KNOWN_REGISTERED, KNOWN_PARTY}) {
        known("198.51.100.7", 5062, flag);
        known("2001:db8:99::7", 5062, flag);
        EXPECT_EQ(sip("198.51.100.7", 5062), "pass sip");
        EXPECT_EQ(sip("198.51.100.7", 5063), "drop banned");
        EXPECT_EQ(sip6("2001:db8:99::7", 5062), "pass sip");
        EXPECT_EQ(sip6("2001:db8:99::7", 5063), "drop banned");
        EXPECT_EQ(sip6("2001:db8:99::8", 5062), "drop banned");
    }
    known("198.51.100.7", 5062, KNOWN_REGISTERED, -1s);
    EXPECT_EQ(sip("198.51.100.7", 5062), "drop banned");
    known("198.51.100.7", 5062, KNOWN_REMEMBERED);
    EXPECT_EQ(sip("198.51.100.7", 5062), "drop banned");
    known("198.51.100.7", 5062, KNOWN_PARTY);
    ban("198.51.100.7:5062", BAN_OF_OURS); // that port by name
    EXPECT_EQ(sip("198.51.100.7", 5062), "drop banned");
    known("198.51.100.7", 5063, KNOWN_REGISTERED);
    ban("198.51.100.7"); // by command
    EXPECT_EQ(sip("198.51.100.7", 5063), "drop banned");
}

TEST_F(Bans, of_the_wall_itself_never_weaken_one_by_command) {
    ban("198.51.100.7", 0, 1h);
    const auto until = found("198.51.100.7").until_ns;
    ban("198.51.100.7", BAN_OF_OURS, 1min);
    EXPECT_EQ(found("198.51.100.7").flags, 0U);
    EXPECT_EQ(found("198.51.100.7").until_ns, until);
    ban("198.51.100.7", 0, -1s);
    ban("198.51.100.7", BAN_OF_OURS, 1min);
    EXPECT_EQ(found("198.51.100.7").flags, uint32_t{BAN_OF_OURS});
}

TEST_F(Bans, are_asked_for_only_where_a_hint_says_that_there_may_be_one) {
    ban("198.51.100.7");
    clear_ban_hints();
    EXPECT_EQ(sip(), "pass sip");
    ban("198.51.100.9"); // the same /24
    EXPECT_EQ(sip("198.51.100.9"), "drop banned");
}

TEST_F(Bans, refuse_what_is_not_there) { EXPECT_EQ(change_ban(OP_DELETE_BAN, "198.51.100.7"), -ENOENT); }

} // namespace
} // namespace ringwall::test

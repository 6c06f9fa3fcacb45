// SPDX-License-Identifier: Apache-2.0
// Overlapping networks, ports and flags, as the programs will read them.
#include "policy/compile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::policy {
namespace {

using testing::ElementsAre;

Prefix prefix(std::string_view text) { return *Prefix::parse(text); }

Peer peer(std::string name, std::vector<Prefix> networks) {
    Peer peer;
    peer.name = std::move(name);
    peer.networks = std::move(networks);
    return peer;
}

Zone zone(std::string name, std::vector<Prefix> networks, bool sip = true) {
    Zone zone;
    zone.name = std::move(name);
    zone.networks = std::move(networks);
    zone.sip = sip;
    return zone;
}

struct network entry(const Compiled& compiled, std::string_view text) {
    for (const auto& [at, network] : compiled.networks)
        if (at == prefix(text)) return network;
    ADD_FAILURE() << text << " has no entry";
    return {};
}

TEST(CompileNetworks, gives_a_peer_inside_any_its_own_number) {
    Config config;
    config.peers = {peer("provider", {prefix("198.51.100.0/24")})};
    config.zones = {zone("internet", {prefix("any")})};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(compiled.networks.size(), 2U);
    EXPECT_EQ(entry(compiled, "198.51.100.0/24").zone, 1U);
    EXPECT_EQ(entry(compiled, "any").zone, 2U);
}

TEST(CompileNetworks, gives_an_earlier_wide_peer_what_a_later_narrow_one_names) {
    Config config;
    config.peers = {peer("wide", {prefix("198.51.0.0/16")}), peer("narrow", {prefix("198.51.100.0/24")})};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(entry(compiled, "198.51.100.0/24").zone, 1U); // first match wins, not the longest
    EXPECT_EQ(entry(compiled, "198.51.0.0/16").zone, 1U);
}

TEST(CompileNetworks, gives_an_earlier_narrow_zone_its_part_of_a_later_wide_one) {
    Config config;
    config.zones = {zone("office", {prefix("203.0.113.0/24")}), zone("rest", {prefix("203.0.0.0/16")})};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(entry(compiled, "203.0.113.0/24").zone, 1U);
    EXPECT_EQ(entry(compiled, "203.0.0.0/16").zone, 2U);
}

TEST(CompileNetworks, keeps_the_first_of_two_that_name_the_same_prefix) {
    Config config;
    config.peers = {peer("a", {prefix("2001:db8::/32")}), peer("b", {prefix("2001:db8::/32")})};
    EXPECT_EQ(entry(compile(config, {}), "2001:db8::/32").zone, 1U);
}

TEST(CompileNetworks, unites_the_flags_of_all_that_cover_a_prefix) {
    Config config;
    config.protect = {prefix("192.0.2.0/24")};
    config.allow = {prefix("192.0.2.128/25")};
    config.deny = {prefix("192.0.0.0/16")};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(entry(compiled, "192.0.0.0/16").flags, NETWORK_DENIED);
    EXPECT_EQ(entry(compiled, "192.0.2.0/24").flags, NETWORK_DENIED | NETWORK_PROTECTED);
    EXPECT_EQ(entry(compiled, "192.0.2.128/25").flags, NETWORK_DENIED | NETWORK_PROTECTED | NETWORK_ALLOWED);
}

TEST(CompileNetworks, protects_part_of_a_peer_and_leaves_it_the_peers) {
    Config config;
    config.peers = {peer("site", {prefix("10.0.0.0/8")})};
    config.protect = {prefix("10.1.0.0/16")};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(entry(compiled, "10.1.0.0/16").zone, 1U);
    EXPECT_EQ(entry(compiled, "10.1.0.0/16").flags, NETWORK_PROTECTED);
    EXPECT_EQ(entry(compiled, "10.0.0.0/8").flags, 0U);
}

TEST(CompileNetworks, protects_the_machine_itself_only_where_asked_to) {
    Config config;
    const Facts facts{{*IpAddress::parse("192.0.2.10"), *IpAddress::parse("2001:db8::10")}};
    EXPECT_TRUE(compile(config, facts).networks.empty());
    config.protect_self = true;
    const Compiled compiled = compile(config, facts);
    EXPECT_EQ(entry(compiled, "192.0.2.10").flags, NETWORK_PROTECTED);
    EXPECT_EQ(entry(compiled, "2001:db8::10").flags, NETWORK_PROTECTED);
}

TEST(CompilePorts, sets_one_bit_a_port_on_both_sides_of_a_word) {
    Config config;
    config.sip_udp = {{63}, {64}};
    config.sip_tcp = {{65535}};
    config.sip_tls = {{1}};
    config.sip_ws = {{2}};
    const Compiled compiled = compile(config, {});
    ASSERT_EQ(compiled.ports.size(), 3U);
    EXPECT_EQ(compiled.ports[0].first, 0);
    EXPECT_EQ(compiled.ports[0].second.sip_udp, uint64_t{1} << 63);
    EXPECT_EQ(compiled.ports[0].second.opaque, 0b110U);
    EXPECT_EQ(compiled.ports[1].first, 1);
    EXPECT_EQ(compiled.ports[1].second.sip_udp, 1U);
    EXPECT_EQ(compiled.ports[2].first, 1023);
    EXPECT_EQ(compiled.ports[2].second.sip_tcp, uint64_t{1} << 63);
}

TEST(CompilePorts, guards_exactly_the_media_range) {
    Config config;
    config.media_ports = {{{10000}, {20000}}, {{65535}, {65535}}};
    const Compiled compiled = compile(config, {});
    const auto is_guarded = [&](uint16_t port) {
        for (const auto& [index, word] : compiled.ports)
            if (index == port >> 6) return ((word.media_udp >> (port & 63)) & 1) != 0;
        return false;
    };
    for (uint32_t port = 0; port <= 65535; ++port)
        EXPECT_EQ(is_guarded(static_cast<uint16_t>(port)), (port >= 10000 && port <= 20000) || port == 65535) << port;
}

TEST(CompilePorts, guards_the_tcp_media_range_apart) {
    Config config;
    config.media_ports = {{{64}, {65}}};
    config.tcp_media_ports = {{{65}, {66}}};
    config.sip_udp = config.sip_tcp = config.sip_tls = {};
    const Compiled compiled = compile(config, {});
    ASSERT_EQ(compiled.ports.size(), 1U);
    EXPECT_EQ(compiled.ports[0].second.media_udp, 0b011U);
    EXPECT_EQ(compiled.ports[0].second.media_tcp, 0b110U);
}

TEST(CompileZones, numbers_peers_and_then_zones_after_the_stranger) {
    Config config;
    config.peers = {peer("p", {prefix("198.51.100.1")}), peer("q", {prefix("198.51.100.2")})};
    config.peers[1].expectation = Expectation::strict;
    config.peers[1].latch = 7;
    config.zones = {zone("open", {prefix("any")}), zone("shut", {prefix("203.0.113.0/24")}, false)};
    const Compiled compiled = compile(config, {});
    ASSERT_EQ(compiled.zones.size(), 5U);
    EXPECT_EQ(compiled.zones[0].flags, 0U);
    EXPECT_EQ(compiled.zones[1].flags, ZONE_SIP | ZONE_PEER);
    EXPECT_EQ(compiled.zones[2].flags, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
    EXPECT_EQ(compiled.zones[2].latch, 7);
    EXPECT_EQ(compiled.zones[3].flags, uint32_t{ZONE_SIP});
    EXPECT_EQ(compiled.zones[4].flags, 0U);
    EXPECT_EQ(compiled.zones[3].prefix_v4, 32);
    EXPECT_EQ(compiled.zones[3].prefix_v6, 64);
}

TEST(CompileZones, carries_the_rates_and_limits_strangers_too) {
    const auto config = read(
        "version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: 1-2 }\n"
        "zones: [{ name: z, networks: [any], limits: { REGISTER: 15/min burst 4 } }]\n");
    ASSERT_TRUE(config);
    const Compiled compiled = compile(*config, {});
    const struct limit& limit = compiled.zones[1].limits[CLASS_REGISTER];
    EXPECT_EQ(uint64_t{limit.cost} << limit.exponent, 4'000'000'000U >> limit.exponent << limit.exponent);
    EXPECT_EQ(limit.tolerance, 3 * limit.cost);
    for (const struct limit& one : compiled.zones[0].limits) EXPECT_GT(one.cost, 0U);
}

TEST(CompileWall, admits_everyone_only_where_no_peer_is_declared) {
    Config config;
    config.agent_loss = AgentLoss::keep; // which has no flag
    EXPECT_EQ(compile(config, {}).wall.flags, uint32_t{WALL_ADMIT_ALL | WALL_OPAQUE});
    EXPECT_EQ(compile(config, {}).zones[0].flags, uint32_t{ZONE_SIP});
    config.peers = {peer("p", {prefix("198.51.100.1")})};
    EXPECT_EQ(compile(config, {}).wall.flags, uint32_t{WALL_OPAQUE});
}

TEST(CompileWall, knows_opaque_media_where_there_is_a_port_for_it) {
    Config config;
    config.sip_tls = {};
    EXPECT_EQ(compile(config, {}).wall.flags & WALL_OPAQUE, 0U);
    config.sip_ws = {{8089}};
    EXPECT_NE(compile(config, {}).wall.flags & WALL_OPAQUE, 0U);
}

TEST(CompileZones, turn_opaque_media_off_where_told_and_carry_an_identity_of_their_name) {
    Config config;
    config.peers = {peer("p", {prefix("198.51.100.1")}), peer("q", {prefix("198.51.100.2")})};
    config.peers[1].opaque = false;
    config.zones = {zone("open", {prefix("any")}), zone("z", {prefix("203.0.113.0/24")})};
    config.zones[1].opaque = false;
    const Compiled before = compile(config, {});
    EXPECT_EQ(before.zones[1].flags & ZONE_NO_OPAQUE, 0U);
    EXPECT_NE(before.zones[2].flags & ZONE_NO_OPAQUE, 0U);
    EXPECT_EQ(before.zones[3].flags & ZONE_NO_OPAQUE, 0U);
    EXPECT_NE(before.zones[4].flags & ZONE_NO_OPAQUE, 0U);
    std::swap(config.peers[0], config.peers[1]);
    const Compiled after = compile(config, {});
    EXPECT_EQ(before.zones[1].identity, after.zones[2].identity);
    EXPECT_NE(before.zones[1].identity, before.zones[2].identity);
}

TEST(CompileWall, refuses_a_zone_without_sip_even_where_no_peer_is_declared) {
    Config config;
    config.agent_loss = AgentLoss::keep; // which has no flag
    config.zones = {zone("shut", {prefix("203.0.113.0/24")}, false), zone("open", {prefix("198.51.100.0/24")})};
    const Compiled compiled = compile(config, {});
    EXPECT_EQ(compiled.wall.flags, uint32_t{WALL_OPAQUE});
    EXPECT_EQ(compiled.zones[0].flags, uint32_t{ZONE_SIP}); // who is in no zone is still admitted
    EXPECT_EQ(compiled.zones[1].flags, 0U);
    EXPECT_EQ(compiled.zones[2].flags, uint32_t{ZONE_SIP});
}

TEST(CompileWall, carries_mode_hairpin_outbound_and_times) {
    Config config;
    config.mode = Mode::monitor;
    config.allow_hairpin = true;
    config.outbound = Outbound::admitted;
    config.agent_loss_after = std::chrono::seconds(3);
    config.timers.tombstone = std::chrono::seconds(61);
    const struct wall wall = compile(config, {}).wall;
    EXPECT_EQ(wall.flags, uint32_t{WALL_ADMIT_ALL | WALL_MONITOR | WALL_ALLOW_HAIRPIN | WALL_OPAQUE | WALL_LOSS_PEERS |
                                   WALL_OUTBOUND_ADMITTED});
    EXPECT_EQ(wall.agent_loss_ns, 3'000'000'000U);
    EXPECT_EQ(wall.tombstone_ns, 61'000'000'000U);
    EXPECT_EQ(wall.return_path_ns, 120'000'000'000U);
    EXPECT_EQ(wall.sip_return_path_ns, 300'000'000'000U);
    EXPECT_EQ(wall.register_return_path_ns, 3'900'000'000'000U);
}

TEST(CompileWall, has_one_flag_for_each_fail_mode_and_one_for_the_scope_of_denials) {
    Config config;
    config.sip_tls = {};
    const auto flags = [&] { return compile(config, {}).wall.flags & ~uint32_t{WALL_ADMIT_ALL}; };
    for (const auto& [loss, flag] : {std::pair{AgentLoss::peers, uint32_t{WALL_LOSS_PEERS}},
                                     {AgentLoss::keep, 0},
                                     {AgentLoss::closed, WALL_LOSS_CLOSED},
                                     {AgentLoss::open, WALL_LOSS_OPEN}}) {
        config.mode = Mode::enforce;
        config.agent_loss = loss;
        EXPECT_EQ(flags(), flag);
    }
    config.agent_loss = AgentLoss::keep;
    config.deny_all = true;
    EXPECT_EQ(flags(), uint32_t{WALL_DENY_ALL});
}

TEST(CompileNetworks, marks_those_that_bypass_as_allowed_too) {
    Config config;
    config.allow = config.bypass = {prefix("198.51.100.0/24")};
    EXPECT_EQ(entry(compile(config, {}), "198.51.100.0/24").flags, uint32_t{NETWORK_ALLOWED | NETWORK_BYPASS});
}

} // namespace
} // namespace ringwall::policy

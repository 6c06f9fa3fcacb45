// SPDX-License-Identifier: Apache-2.0
// What a good configuration means: the whole example of the documents, the smallest one, and each default.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/config.hpp"
#include "policy/sections.hpp"
#include "policy/user_agents.hpp"

namespace ringwall::policy {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

constexpr std::string_view whole = R"(version: 1
mode: enforce
outside: [eth0, "wan*"]
watch: [wg0, lo]
attach: auto
protect:
  networks: [192.0.2.0/24, "2001:db8:1::/48"]
  media_ports: 10000-20000
  external: { 203.0.113.1: 192.0.2.5 }
sip:
  udp: [5060]
  tcp: [5060]
  tls: [5061]
  ws: []
peers:
  - { name: provider, networks: [198.51.100.0/24], expectation: negotiated, latch: 0, limits: trunk }
zones:
  - name: internet
    networks: [any]
    sip: yes
    limits: { REGISTER: 15/min burst 4, INVITE: 10/min burst 4, SUBSCRIBE: 20/min burst 4, OPTIONS: 10/min burst 4, ACK: 20/s burst 40 }
    on_excess: drop
allow: []
deny: { networks: [], user_agents: default }
rules: []
timers: { drain: 2s, idle: 5m, held: 4h, early: 5m, bye: 32s, max_call: 24h, tombstone: 60s }
on_agent_loss: { after: 10s, do: peers }
emergency: [112, 911, 110]
)";

constexpr std::string_view smallest =
    "version: 1\noutside: [eth0]\nprotect: { networks: [self], media_ports: 10000-20000 }\n";

std::vector<std::string> warnings(const Config& config) {
    std::vector<std::string> said;
    for (const Mistake& warning : config.warnings) said.push_back(warning.what);
    return said;
}

Config good(std::string_view yaml) {
    auto config = read(yaml);
    if (config) return *std::move(config);
    for (const Mistake& mistake : config.error()) ADD_FAILURE() << to_string(mistake, "test.yaml");
    return {};
}

TEST(Read, understands_every_key_of_the_documented_example) {
    const Config config = good(whole);
    EXPECT_EQ(config.mode, Mode::enforce);
    EXPECT_THAT(config.outside, ElementsAre("eth0", "wan*"));
    EXPECT_THAT(config.watch, ElementsAre("wg0", "lo"));
    EXPECT_EQ(config.attach, Attach::auto_);
    EXPECT_THAT(config.protect, ElementsAre(*Prefix::parse("192.0.2.0/24"), *Prefix::parse("2001:db8:1::/48")));
    EXPECT_FALSE(config.protect_self);
    EXPECT_THAT(config.media_ports, ElementsAre(PortRange{{10000}, {20000}}));
    EXPECT_EQ(config.external.at(*IpAddress::parse("203.0.113.1")), *IpAddress::parse("192.0.2.5"));
    EXPECT_THAT(config.sip_udp, ElementsAre(Port{5060}));
    EXPECT_THAT(config.sip_tls, ElementsAre(Port{5061}));
    EXPECT_EQ(config.timers.held, 4h);
    EXPECT_EQ(config.agent_loss_after, 10s);
    EXPECT_EQ(config.agent_loss, AgentLoss::peers);
    EXPECT_THAT(config.emergency, ElementsAre("112", "911", "110"));
}

TEST(Read, understands_the_peers_and_zones_of_the_documented_example) {
    const Config config = good(whole);
    ASSERT_EQ(config.peers.size(), 1U);
    EXPECT_EQ(config.peers[0].name, "provider");
    EXPECT_EQ(config.peers[0].expectation, Expectation::negotiated);
    EXPECT_EQ(config.peers[0].limits, preset("trunk"));
    ASSERT_EQ(config.zones.size(), 1U);
    EXPECT_TRUE(config.zones[0].sip);
    EXPECT_EQ(config.zones[0].limits[CLASS_REGISTER], (Rate{4s, 4}));
    EXPECT_EQ(config.zones[0].limits[CLASS_ACK], (Rate{50ms, 40}));
    EXPECT_EQ(config.zones[0].limits[CLASS_BYE], stranger_limits()[CLASS_BYE]); // not named
}

TEST(Read, has_nothing_to_warn_of_in_the_example) { EXPECT_THAT(warnings(good(whole)), ElementsAre()); }

TEST(Read, bounds_calls_from_outside_unless_told_otherwise) {
    const Config unsaid = good(std::string(smallest) +
                               "peers: [{ name: p, networks: [198.51.100.0/24] }]\n"
                               "zones: [{ name: z, networks: [any] }]\n");
    EXPECT_EQ(unsaid.ceilings.calls, 114688U);
    EXPECT_EQ(unsaid.ceilings.ports_per_call, 64U);
    EXPECT_EQ(unsaid.peers[0].ceiling.calls, 0U);
    EXPECT_EQ(unsaid.zones[0].ceiling, (Ceiling{0, 512, 256}));
    EXPECT_EQ(unsaid.zones[0].excess_ban, 0s);
    const Config said =
        good(std::string(smallest) +
             "peers: [{ name: p, networks: [198.51.100.0/24], calls: 30 }]\n"
             "zones: [{ name: z, networks: [any], on_excess: ban 10m, calls: { total: 9, per_source: 3, "
             "half_open: unlimited } }]\nceilings: { calls: 100, ports_per_call: 8 }\n");
    EXPECT_EQ(said.ceilings.calls, 100U);
    EXPECT_EQ(said.ceilings.ports_per_call, 8U);
    EXPECT_EQ(said.peers[0].ceiling.calls, 30U);
    EXPECT_EQ(said.zones[0].ceiling, (Ceiling{9, 3, 0}));
    EXPECT_EQ(said.zones[0].excess_ban, 10min);
}

TEST(Read, counts_guesses_unless_told_otherwise_and_names_only_beside_declared_peers) {
    EXPECT_EQ(good(whole).zones[0].guessing, (Guessing{.passwords = 20, .names = 20, .within = 5min, .ban = 1h}));
    const auto zone = [](const std::string& guessing) {
        return good(std::string(smallest) + "zones: [{ name: a, networks: [any]" + guessing + " }]\n")
            .zones[0]
            .guessing;
    };
    EXPECT_EQ(zone("").names, 0U);
    EXPECT_EQ(zone(", guessing: off").ban, 0s);
    EXPECT_EQ(zone(", guessing: { names: 7, passwords: off, within: 1m, ban: 2h }"),
              (Guessing{.passwords = 0, .names = 7, .within = 1min, .ban = 2h}));
}

TEST(Read, knows_attack_tools_by_default_more_on_request_and_whom_it_is_told) {
    const auto agents = [](const std::string& more) { return good(std::string(smallest) + more).user_agents; };
    EXPECT_THAT(agents(""), Contains("friendly-scanner"));
    EXPECT_THAT(agents(""), Not(Contains("csipsimple")));
    EXPECT_EQ(agents("deny: { user_agents: default }\n"), agents(""));
    EXPECT_THAT(agents("deny: { user_agents: sipxcom }\n"), IsSupersetOf(agents("")));
    EXPECT_THAT(agents("deny: { user_agents: sipxcom }\n"), Contains("csipsimple"));
    EXPECT_THAT(agents("deny: { user_agents: [VaxSIPUserAgent, abc] }\n"), ElementsAre("abc", "vaxsipuseragent"));
    EXPECT_THAT(agents("deny: { user_agents: [abc, default] }\n"), IsSupersetOf(agents("")));
    EXPECT_THAT(agents("deny: { user_agents: [abc, default] }\n"), Contains("abc"));
    EXPECT_THAT(agents("deny: { user_agents: [default, sipvicious] }\n"), agents("")) << "each once";
    EXPECT_THAT(agents("deny: { user_agents: [] }\n"), ElementsAre());
}

TEST(UserAgents, are_known_by_their_first_product) {
    EXPECT_EQ(product_of("friendly-scanner"), "friendly-scanner");
    EXPECT_EQ(product_of("VaxSIPUserAgent/3.1 (x)"), "vaxsipuseragent");
    EXPECT_EQ(product_of("sipcli v1.8"), "sipcli");
    EXPECT_EQ(product_of(""), "");
    EXPECT_EQ(product_of(" x"), "");
    EXPECT_EQ(product_of(std::string(64, 'x')), std::string(64, 'x'));
    EXPECT_EQ(product_of(std::string(65, 'x')), "");
}

TEST(Read, warns_of_a_fail_mode_for_peers_that_there_are_none_of) {
    EXPECT_THAT(warnings(good(std::string(smallest) + "on_agent_loss: { do: peers }\n")),
                ElementsAre(HasSubstr("on_agent_loss.do: no peers are declared")));
    EXPECT_THAT(warnings(good(std::string(smallest) + "on_agent_loss: { do: closed }\n")), ElementsAre());
}

TEST(Read, takes_allowed_networks_with_and_without_bypass) {
    const Config config =
        good(std::string(smallest) +
             "allow: [198.51.100.1, { network: 198.51.100.2, bypass: all }, { network: 198.51.100.3 }]\n");
    EXPECT_THAT(config.allow, ElementsAre(*Prefix::parse("198.51.100.1"), *Prefix::parse("198.51.100.2"),
                                          *Prefix::parse("198.51.100.3")));
    EXPECT_THAT(config.bypass, ElementsAre(*Prefix::parse("198.51.100.2")));
}

TEST(Read, is_content_with_three_keys_and_no_warning) {
    const Config config = good(smallest);
    EXPECT_EQ(config.mode, Mode::enforce);
    EXPECT_TRUE(config.protect_self);
    EXPECT_TRUE(config.protect.empty());
    EXPECT_THAT(config.sip_udp, ElementsAre(Port{5060}));
    EXPECT_THAT(config.sip_tcp, ElementsAre(Port{5060}));
    EXPECT_EQ(config.timers.drain, 2s);
    EXPECT_EQ(config.timers.bye, 32s);
    EXPECT_EQ(config.timers.tombstone, 60s);
    EXPECT_THAT(warnings(config), ElementsAre());
}

TEST(Read, takes_another_size_of_the_pinholes_table) {
    EXPECT_EQ(good(smallest).tables.pinholes, 262144U);
    EXPECT_EQ(good(std::string(smallest) + "tables: {}\n").tables.pinholes, 262144U);
    EXPECT_EQ(good(std::string(smallest) + "tables: { pinholes: 1048576 }\n").tables.pinholes, 1048576U);
}

TEST(Read, takes_where_to_answer_over_http) {
    const auto listens = [](const std::string& more) { return good(std::string(smallest) + more).http; };
    EXPECT_EQ(listens(""), Endpoint::parse("127.0.0.1:10560"));
    EXPECT_EQ(listens("http: {}\n"), Endpoint::parse("127.0.0.1:10560"));
    EXPECT_EQ(listens("http: { listen: \"[::1]:9\" }\n"), Endpoint::parse("[::1]:9"));
    EXPECT_EQ(listens("http: { listen: off }\n"), std::nullopt);
}

TEST(Read, takes_how_to_log) {
    EXPECT_EQ(good(smallest).log, (Log{LogFormat::auto_, LogLevel::info, false}));
    EXPECT_EQ(good(std::string(smallest) + "log: { format: json, level: debug, privacy: hash }\n").log,
              (Log{LogFormat::json, LogLevel::debug, true}));
}

TEST(Read, takes_windows_line_ends_a_byte_order_mark_and_comments) {
    std::string yaml = "\xef\xbb\xbf# Ringwall\r\n" + std::string(smallest);
    EXPECT_TRUE(good(yaml).protect_self);
}

TEST(Read, lets_the_default_tls_port_give_way_to_plain_tcp) {
    EXPECT_THAT(good(std::string(smallest) + "sip: { tcp: [5060, 5061] }\n").sip_tls, ElementsAre());
}

TEST(Read, takes_several_media_port_ranges) {
    const Config config = good(
        "version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: [10000-20000, 40000, 50000-50999] }\n");
    EXPECT_THAT(config.media_ports,
                ElementsAre(PortRange{{10000}, {20000}}, PortRange{{40000}, {40000}}, PortRange{{50000}, {50999}}));
}

TEST(Read, admits_an_unsaid_zone_only_where_no_peers_are_declared) {
    const std::string zone = std::string(smallest) + "zones: [{ name: internet, networks: [any] }]\n";
    EXPECT_TRUE(good(zone).zones[0].sip);
    const std::string peer = zone + "peers: [{ name: trunk, networks: [198.51.100.1] }]\n";
    EXPECT_FALSE(good(peer).zones[0].sip);
}

TEST(Read, knows_limits_by_name) {
    const Config config = good(std::string(smallest) + "zones: [{ name: phones, networks: [any], limits: phone }]\n");
    EXPECT_EQ(config.zones[0].limits, preset("phone"));
    EXPECT_NE(preset("phone"), preset("trunk"));
    EXPECT_EQ(preset("office"), std::nullopt);
}

TEST(Read, makes_an_office_of_its_telephones) {
    const Config config =
        good(std::string(smallest) +
             "zones: [{ name: office, networks: [any], limits: { office-of: 20, INVITE: 1/s burst 3 }, "
             "total_limits: { REGISTER: 50/s burst 100 } }]\n");
    const Limits& limits = config.zones[0].limits;
    EXPECT_EQ(limits[CLASS_REGISTER], (Rate{500ms, 240}));
    EXPECT_EQ(limits[CLASS_INVITE], (Rate{1s, 3}));
    EXPECT_EQ(config.zones[0].totals[CLASS_REGISTER], (Rate{20ms, 100}));
    EXPECT_EQ(config.zones[0].totals[CLASS_INVITE], Rate{});
    EXPECT_EQ(office_of(10000)[CLASS_RESPONSE], (Rate{100us, LIMIT_MAX_BURST}));
}

TEST(Read, has_a_limit_for_every_class_in_every_default) {
    for (const Limits& limits : {*preset("phone"), *preset("trunk"), stranger_limits()})
        for (const Rate& rate : limits) {
            EXPECT_GT(rate.period, 0ns);
            EXPECT_GT(rate.burst, 1U);
        }
}

TEST(Read, takes_unlimited_for_a_class) {
    const Config config =
        good(std::string(smallest) + "zones: [{ name: lab, networks: [any], limits: { INVITE: unlimited } }]\n");
    EXPECT_EQ(config.zones[0].limits[CLASS_INVITE].period, 0ns);
}

TEST(Read, warns_of_a_zone_that_never_matches) {
    const Config config = good(std::string(smallest) +
                               "zones: [{ name: all, networks: [any] }, { name: late, networks: [203.0.113.0/24] }]\n");
    EXPECT_THAT(warnings(config), ElementsAre(HasSubstr("zones[1]: \"late\" never matches")));
}

TEST(Read, warns_of_a_peer_that_is_denied_or_lies_inside) {
    const Config config = good(
        "version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 1-2 }\n"
        "peers: [{ name: p, networks: [192.0.2.7, 203.0.113.5] }]\n"
        "deny: { networks: [203.0.113.0/24] }\n");
    EXPECT_THAT(warnings(config), ElementsAre(HasSubstr("spoofed"), HasSubstr("\"p\" is denied")));
}

TEST(Read, warns_of_a_sip_port_among_the_media_ports) {
    const Config config = good("version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: 5060-6000 }\n");
    EXPECT_THAT(warnings(config), ElementsAre(HasSubstr("SIP port 5060 lies within")));
    EXPECT_TRUE(
        good("version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: 5061-6000 }\n").warnings.empty());
}

TEST(Read, guards_tcp_ports_that_are_declared_and_no_others) {
    const auto with_tcp = [](std::string_view ports) {
        return good("version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: 10000-20000" +
                    std::string(ports) + " }\n");
    };
    EXPECT_TRUE(with_tcp("").tcp_media_ports.empty());
    EXPECT_TRUE(with_tcp(", tcp_media_ports: []").tcp_media_ports.empty());
    EXPECT_THAT(with_tcp(", tcp_media_ports: 2855").tcp_media_ports, ElementsAre(PortRange{{2855}, {2855}}));
    EXPECT_THAT(with_tcp(", tcp_media_ports: [2855, 30000-30999]").tcp_media_ports,
                ElementsAre(PortRange{{2855}, {2855}}, PortRange{{30000}, {30999}}));
    EXPECT_TRUE(with_tcp(", tcp_media_ports: 5062-6000").warnings.empty());
    EXPECT_THAT(warnings(with_tcp(", tcp_media_ports: 5061-6000")),
                ElementsAre("protect.tcp_media_ports: SIP port 5061 lies within and stays a SIP port"));
    EXPECT_THAT(warnings(with_tcp(", tcp_media_ports: 5000-5060")),
                ElementsAre("protect.tcp_media_ports: SIP port 5060 lies within and stays a SIP port"));
}

TEST(Read, warns_of_calls_over_tls_that_have_no_media) {
    const std::string start = "version: 1\noutside: [a]\nprotect: { networks: [self], media_ports: 10000-20000 }\n";
    const std::string off =
        "peers: [{ name: p, networks: [198.51.100.0/24], opaque: no }]\n"
        "zones: [{ name: y, networks: [203.0.113.0/24], sip: yes, opaque: no },\n"
        "        { name: n, networks: [any], sip: no, opaque: no }]\n";
    EXPECT_THAT(warnings(good(start + off)),
                ElementsAre(HasSubstr("peers[0].opaque: no"), HasSubstr("zones[0].opaque")));
    EXPECT_THAT(warnings(good(start + off + "sip: { tls: [] }\n")), ElementsAre());
    EXPECT_THAT(warnings(good(start + "sip: { tls: [5061], ws: [8089] }\n")), ElementsAre());
    EXPECT_THAT(warnings(good(start + "sip: { ws: [443] }\n")), ElementsAre(HasSubstr("every web server")));
}

} // namespace
} // namespace ringwall::policy

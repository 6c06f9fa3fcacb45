// SPDX-License-Identifier: Apache-2.0
// Static rules: from the file to the bits and dates that the programs read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/compile.hpp"

namespace ringwall::policy {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

std::string file(std::string_view rules) {
    return "version: 1\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24, \"2001:db8:1::/48\"], media_ports: "
           "10000-20000 "
           "}\npeers: [{ name: provider, networks: [198.51.100.0/24] }]\nzones:\n"
           "  - { name: office, networks: [203.0.113.0/25] }\n  - { name: rest, networks: [203.0.113.0/24], sip: yes "
           "}\n"
           "rules:\n" +
           std::string(rules);
}

std::string mistakes(std::string_view rules) {
    const auto config = read(file(rules));
    if (config) return "good";
    std::string lines;
    for (const Mistake& mistake : config.error()) lines += (lines.empty() ? "" : "\n") + to_string(mistake, "f");
    return lines;
}

Config good(std::string_view rules) {
    const auto config = read(file(rules));
    if (!config) throw std::logic_error(to_string(config.error().front(), "rules"));
    return *config;
}

struct network entry(const Compiled& compiled, std::string_view text) {
    for (const auto& [at, network] : compiled.networks)
        if (at == *Prefix::parse(text)) return network;
    ADD_FAILURE() << text << " has no entry";
    return {};
}

TEST(Rules, are_read_with_one_or_several_of_everything) {
    const Config config = good(
        "  - { allow: udp, to: 192.0.2.10, ports: 12000, from: any }\n"
        "  - { allow: tcp, to: [192.0.2.0/25, \"2001:db8:1::5\"], ports: [22, 80-90], from: [203.0.113.5/32, "
        "provider], "
        "until: 2027-01-01T00:00:00Z }\n"
        "  - { allow: udp, to: any, ports: [65002], from: [office, rest] }\n");
    ASSERT_EQ(config.rules.size(), 3U);
    EXPECT_EQ(config.rules[0].protocol, Protocol::udp);
    EXPECT_TRUE(config.rules[0].from_any);
    EXPECT_EQ(config.rules[0].ports, (std::vector<PortRange>{{{12000}, {12000}}}));
    EXPECT_EQ(config.rules[1].protocol, Protocol::tcp);
    EXPECT_EQ(config.rules[1].to.size(), 2U);
    EXPECT_EQ(config.rules[1].ports.size(), 2U);
    EXPECT_EQ(config.rules[1].from.size(), 1U);
    EXPECT_THAT(config.rules[1].from_parties, ElementsAre("provider"));
    EXPECT_EQ(config.rules[1].until, std::chrono::sys_days(std::chrono::January / 1 / 2027));
    EXPECT_TRUE(config.rules[2].to.empty());
    EXPECT_THAT(
        config.warnings,
        ElementsAre(Field(&Mistake::what, HasSubstr("rules[1].ports: TCP 22 is not in protect.tcp_media_ports")),
                    Field(&Mistake::what, HasSubstr("rules[1].ports: TCP 80 is not in protect.tcp_media_ports")),
                    Field(&Mistake::what, HasSubstr("rules[2].ports: UDP 65002 is not in protect.media_ports"))));
}

TEST(Rules, mark_networks_with_their_bits_where_prefixes_overlap) {
    const Compiled compiled = compile(good("  - { allow: udp, to: 192.0.2.0/24, ports: 12000, from: 203.0.113.0/24 }\n"
                                           "  - { allow: udp, to: 192.0.2.10, ports: 12001, from: [203.0.113.5/32] }\n"
                                           "  - { allow: udp, to: any, ports: 12002, from: any }\n"),
                                      {});
    EXPECT_EQ(entry(compiled, "192.0.2.0/24").rules_to, 0b101U);
    EXPECT_EQ(entry(compiled, "192.0.2.10").rules_to, 0b111U); // the longest prefix has what the shorter ones say
    EXPECT_EQ(entry(compiled, "2001:db8:1::/48").rules_to, 0b100U);
    EXPECT_EQ(entry(compiled, "203.0.113.0/24").rules_from, 0b101U);
    EXPECT_EQ(entry(compiled, "203.0.113.5").rules_from, 0b111U);
    EXPECT_EQ(entry(compiled, "any").rules_from, 0b100U);
    EXPECT_EQ(entry(compiled, "198.51.100.0/24").rules_from, 0b100U);
    EXPECT_EQ(entry(compiled, "192.0.2.10").flags, uint32_t{NETWORK_PROTECTED});
}

TEST(Rules, take_a_zone_as_first_match_makes_it) {
    const Compiled compiled = compile(good("  - { allow: udp, to: 192.0.2.10, ports: 12000, from: rest }\n"
                                           "  - { allow: udp, to: 192.0.2.10, ports: 12000, from: [provider] }\n"),
                                      {});
    EXPECT_EQ(entry(compiled, "203.0.113.0/24").rules_from, 0b01U);
    EXPECT_EQ(entry(compiled, "203.0.113.0/25").rules_from, 0U); // the office's
    EXPECT_EQ(entry(compiled, "198.51.100.0/24").rules_from, 0b10U);
}

TEST(Rules, mark_their_ports_and_keep_ranges_and_date) {
    const Compiled compiled =
        compile(good("  - { allow: udp, to: any, ports: [12799, 12800], from: any, until: 2027-01-01T01:00:00+01:00 }\n"
                     "  - { allow: tcp, to: any, ports: 12800, from: any }\n"),
                {.self = {}, .tai_offset = std::chrono::seconds(37)});
    ASSERT_EQ(compiled.rules.size(), 2U);
    EXPECT_EQ(compiled.rules[0].until_tai_ns, (1798761600ULL + 37) * 1000000000);
    EXPECT_EQ(compiled.rules[0].port_count, 2U);
    EXPECT_EQ(compiled.rules[0].ports[1].first, 12800);
    EXPECT_EQ(compiled.rules[0].protocol, 17U);
    EXPECT_EQ(compiled.rules[1].until_tai_ns, 0U);
    const auto far =
        compile(good("  - { allow: udp, to: any, ports: 12799, from: any, until: 9999-12-31T23:59:59Z }\n"), {});
    EXPECT_EQ(far.rules[0].until_tai_ns, 7258118400ULL * 1000000000); // 2200: nanoseconds go no further than 2262
    EXPECT_EQ(compiled.rules[1].protocol, 6U);
    uint64_t udp[2]{}, tcp[2]{};
    for (const auto& [word, ports] : compiled.ports)
        if (word == 199 || word == 200) udp[word - 199] = ports.rules_udp, tcp[word - 199] = ports.rules_tcp;
    EXPECT_EQ(udp[0], uint64_t{1} << 63);
    EXPECT_EQ(udp[1], 1U);
    EXPECT_EQ(tcp[0], 0U);
    EXPECT_EQ(tcp[1], 1U);
}

TEST(Rules, say_what_is_wrong_with_them_and_where) {
    const std::pair<std::string, std::string> cases[] = {
        {"  - { to: any, ports: 1, from: any }\n", "f:9:5: rules[0].allow: missing, expected udp or tcp"},
        {"  - { allow: sctp, to: any, ports: 12000, from: any }\n",
         "f:9:14: rules[0].allow: got \"sctp\", expected udp or tcp"},
        {"  - { allow: udp, to: 203.0.113.5, ports: 12000, from: any }\n",
         "f:9:23: rules[0].to: got \"203.0.113.5\", expected any, an address or prefix within protect.networks, or a "
         "list of them"},
        {"  - { allow: udp, to: any, ports: 0, from: any }\n",
         "f:9:35: rules[0].ports: got 0, expected a port, PORT-PORT, or a list of at most 8 of them, within 1-65535"},
        {"  - { allow: udp, to: any, ports: [1,2,3,4,5,6,7,8,9], from: any }\n",
         "f:9:35: rules[0].ports: got a list of 9, expected a port, PORT-PORT, or a list of at most 8 of them, within "
         "1-65535"},
        {"  - { allow: udp, to: any, ports: 12000, from: offcie }\n",
         "f:9:48: rules[0].from: no peer or zone is named \"offcie\", did you mean office?"},
        {"  - { allow: udp, to: any, ports: 12000, from: [] }\n",
         "f:9:48: rules[0].from: got an empty list, expected any, a prefix, the name of a peer or zone, or a list of "
         "them"},
        {"  - { allow: udp, to: any, ports: 12000, from: any, until: 2027-02-29T00:00:00Z }\n",
         "f:9:60: rules[0].until: got \"2027-02-29T00:00:00Z\", expected a date and time such as 2027-01-01T00:00:00Z "
         "or ...+01:00"},
        {"  - { allow: udp, to: any, ports: 5060, from: any }\n",
         "f:9:35: rules[0].ports: 5060 is a SIP port, which no rule opens, expected its sources among peers or zones "
         "with sip: yes"},
        {"  - { allow: tcp, to: any, ports: 5061, from: any }\n", // TLS
         "f:9:35: rules[0].ports: 5061 is a SIP port, which no rule opens, expected its sources among peers or zones "
         "with sip: yes"},
        {"  - { allow: tcp, to: any, ports: 5060, from: any }\n",
         "f:9:35: rules[0].ports: 5060 is a SIP port, which no rule opens, expected its sources among peers or zones "
         "with sip: yes"},
        {"  - { alow: udp }\n",
         "f:9:5: rules[0].allow: missing, expected udp or tcp\nf:9:5: rules[0].from: missing, expected any, a prefix, "
         "the name of a peer or zone, or a list of them\nf:9:5: rules[0].ports: missing, expected a port, PORT-PORT, "
         "or a list of at most 8 of them, within 1-65535\nf:9:5: rules[0].to: missing, expected any, an address or "
         "prefix within protect.networks, or a list of them\nf:9:7: rules[0]: unknown key \"alow\", did you mean "
         "allow?"},
    };
    for (const auto& [rules, said] : cases) EXPECT_EQ(mistakes(rules), said) << rules;
}

TEST(Rules, are_at_most_64) {
    std::string rules;
    for (int i = 0; i < RULES; ++i) rules += "  - { allow: udp, to: any, ports: 12000, from: any }\n";
    EXPECT_EQ(mistakes(rules), "good");
    EXPECT_EQ(mistakes(rules + "  - { allow: udp, to: any, ports: 12000, from: any }\n"),
              "f:9:3: rules: got a list of 65, expected a list of at most 64 rules");
}

TEST(Rules, that_are_past_are_named) {
    const Config config = good(
        "  - { allow: udp, to: any, ports: 12000, from: any, until: 2027-01-01T00:00:00Z }\n"
        "  - { allow: udp, to: any, ports: 12000, from: any }\n");
    const std::chrono::sys_seconds end = std::chrono::sys_days(std::chrono::January / 1 / 2027);
    EXPECT_THAT(expired_rules(config, end - std::chrono::seconds(1)), testing::IsEmpty());
    EXPECT_THAT(expired_rules(config, end), ElementsAre(Field(&Mistake::what, HasSubstr("rules[0].until: past"))));
}

} // namespace
} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
// The core's questions, and that the longest prefix answers as the list read from its top would.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/compile.hpp"

namespace ringwall::policy {
namespace {

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

View view(std::string_view more) {
    auto config = read("version: 1\noutside: [a]\n" + std::string(more));
    EXPECT_TRUE(config);
    return {config.value_or(Config{}), {{address("192.0.2.99")}}};
}

const View& example() {
    static const View view = policy::view(
        "protect: { networks: [192.0.2.0/28, \"2001:db8:1::/48\"], media_ports: [10000-20000, 40000], tcp_media_ports: "
        "2855,\n"
        "           external: { 203.0.113.1: 192.0.2.5 } }\n"
        "peers: [{ name: provider, networks: [198.51.100.0/24], expectation: strict }]\n"
        "zones: [{ name: internet, networks: [any], sip: yes }]\n"
        "deny: { networks: [203.0.113.64/26] }\n");
    return view;
}

TEST(View, knows_what_is_protected) {
    EXPECT_TRUE(example().is_protected(address("192.0.2.0")));
    EXPECT_TRUE(example().is_protected(address("192.0.2.15")));
    EXPECT_FALSE(example().is_protected(address("192.0.2.16")));
    EXPECT_FALSE(example().is_protected(address("192.0.1.255")));
    EXPECT_TRUE(example().is_protected(address("2001:db8:1:ffff::1")));
    EXPECT_FALSE(example().is_protected(address("2001:db8:2::1")));
    EXPECT_FALSE(example().is_protected(address("192.0.2.99"))); // self was not named
}

TEST(View, knows_what_is_denied) {
    EXPECT_TRUE(example().is_denied(address("203.0.113.64")));
    EXPECT_FALSE(example().is_denied(address("203.0.113.63")));
    EXPECT_FALSE(example().is_denied(address("203.0.113.128")));
}

TEST(View, takes_all_of_ipv6_for_everything) {
    const auto denied = [](const std::string& network) {
        const View made =
            view("protect: { networks: [192.0.2.0/28], media_ports: 10000-20000 }\ndeny: { networks: [\"" + network +
                 "\"] }\n");
        return std::pair(made.is_denied(address("203.0.113.9")), made.is_denied(address("2001:db8::9")));
    };
    EXPECT_EQ(denied("any"), std::pair(true, true));
    EXPECT_EQ(denied("::/0"), std::pair(true, true)); // as docs/configuration.md says, and `check` warns
    EXPECT_EQ(denied("0.0.0.0/0"), std::pair(true, false));
    EXPECT_EQ(denied("2000::/3"), std::pair(false, true));
}

TEST(View, knows_media_ports_on_both_sides_of_their_edges) {
    for (const uint16_t port : std::initializer_list<uint16_t>{10000, 20000, 40000})
        EXPECT_TRUE(example().is_media_port({port})) << port;
    for (const uint16_t port : std::initializer_list<uint16_t>{0, 9999, 20001, 39999, 40001})
        EXPECT_FALSE(example().is_media_port({port})) << port;
}

TEST(View, knows_media_ports_of_tcp_apart) {
    EXPECT_TRUE(example().is_media_port({2855}, Protocol::tcp));
    EXPECT_FALSE(example().is_media_port({2855}, Protocol::udp));
    for (const uint16_t port : std::initializer_list<uint16_t>{2854, 2856, 10000})
        EXPECT_FALSE(example().is_media_port({port}, Protocol::tcp)) << port;
}

TEST(View, names_peers_and_zones_by_number) {
    EXPECT_EQ(example().zone_of(address("198.51.100.7")), 1);
    EXPECT_EQ(example().zone_of(address("198.51.101.7")), 2);
    EXPECT_EQ(example().zone_of(address("2001:db8::1")), 2);
    EXPECT_TRUE(example().is_declared_peer(1));
    EXPECT_FALSE(example().is_declared_peer(0));
    EXPECT_FALSE(example().is_declared_peer(2));
    ASSERT_NE(example().peer(1), nullptr);
    EXPECT_EQ(example().peer(1)->expectation, Expectation::strict);
    EXPECT_EQ(example().peer(2), nullptr);
    EXPECT_EQ(example().zone_name(0), "");
    EXPECT_EQ(example().zone_name(1), "provider");
    EXPECT_EQ(example().zone_name(2), "internet");
    EXPECT_EQ(example().zone_name(3), "");
    EXPECT_EQ(example().zone_name(255), "");
}

TEST(View, gives_no_zone_where_none_matches) {
    const View bare = view("protect: { networks: [self], media_ports: 1-2 }\n");
    EXPECT_EQ(bare.zone_of(address("198.51.100.7")), 0);
    EXPECT_TRUE(bare.is_protected(address("192.0.2.99")));
    EXPECT_FALSE(bare.is_protected(address("192.0.2.98")));
}

TEST(View, finds_the_inside_of_a_public_address) {
    EXPECT_EQ(example().inside_of(address("203.0.113.1")), address("192.0.2.5"));
    EXPECT_EQ(example().inside_of(address("203.0.113.2")), address("203.0.113.2"));
}

// Few leading bits and few lengths, so that random prefixes nest and collide often.
IpAddress random_address(std::mt19937& random) {
    std::array<uint8_t, 16> bytes{};
    if (random() % 2 == 0) bytes[10] = bytes[11] = 0xff;
    for (const size_t i : {0U, 12U, 13U, 15U})
        if (bytes[10] == 0 || i != 0) bytes[i] = static_cast<uint8_t>(random() % 4);
    return IpAddress(bytes);
}

std::vector<Prefix> random_prefixes(std::mt19937& random) {
    static constexpr uint8_t lengths[] = {0, 7, 8, 96, 103, 104, 111, 112, 120, 127, 128};
    std::vector<Prefix> prefixes;
    for (auto left = random() % 4; left-- > 0;)
        prefixes.push_back(Prefix::of(random_address(random), lengths[random() % std::size(lengths)]));
    return prefixes;
}

bool is_in(const std::vector<Prefix>& prefixes, const IpAddress& address) {
    return std::ranges::any_of(prefixes, [&](const Prefix& prefix) { return prefix.contains(address); });
}

uint8_t first_match(const Config& config, const IpAddress& address) {
    uint8_t number = 0;
    for (const Peer& peer : config.peers)
        if (++number; is_in(peer.networks, address)) return number;
    for (const Zone& zone : config.zones)
        if (++number; is_in(zone.networks, address)) return number;
    return 0;
}

TEST(View, answers_as_the_first_match_would_whatever_overlaps) {
    std::mt19937 random(2026);
    for (int round = 0; round < 500; ++round) {
        Config config;
        for (int i = 0; i < 3; ++i) {
            config.peers.push_back({.name = "p", .networks = random_prefixes(random)});
            config.zones.push_back({.name = "z", .networks = random_prefixes(random)});
        }
        config.protect = random_prefixes(random);
        config.deny = random_prefixes(random);
        const View view(config, {});
        for (int question = 0; question < 50; ++question) {
            const IpAddress asked = random_address(random);
            ASSERT_EQ(view.zone_of(asked), first_match(config, asked)) << asked.to_string();
            ASSERT_EQ(view.is_protected(asked), is_in(config.protect, asked)) << asked.to_string();
            ASSERT_EQ(view.is_denied(asked), is_in(config.deny, asked)) << asked.to_string();
        }
    }
}

} // namespace
} // namespace ringwall::policy

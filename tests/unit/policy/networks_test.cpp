// SPDX-License-Identifier: Apache-2.0
// Overlaps of lists, peers and zones; the table against a search of everything; and who is said to decide.
#include "policy/networks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "policy/explain.hpp"

namespace ringwall::policy {
namespace {

using testing::ElementsAre;

Prefix prefix(std::string_view text) { return Prefix::parse(text).value(); }
IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

std::shared_ptr<const ListContents> list(std::string_view text) {
    return std::make_shared<const ListContents>(read_list(text));
}

Config config() {
    Config config;
    config.peers = {Peer{.name = "provider", .networks = {prefix("198.51.100.0/24")}}};
    config.peers[0].names = {{"sip.example.net"}};
    config.zones = {Zone{.name = "internet", .networks = {Prefix{}}}};
    config.lists = {{"/l/allow", ListKind::allow},
                    {"/l/bypass", ListKind::bypass},
                    {"/l/deny", ListKind::deny},
                    {"/l/feed", ListKind::feed}};
    return config;
}

TEST(Lists, of_each_kind_mean_what_they_say) {
    const View view(config(),
                    {.lists = {list("203.0.113.1"), list("203.0.113.2"), list("203.0.113.3"), list("203.0.113.0/24")}});
    EXPECT_TRUE(view.is_allowed(address("203.0.113.1")));
    EXPECT_FALSE(view.is_denied(address("203.0.113.1")));
    EXPECT_EQ(view.lookup().find(address("203.0.113.2")).flags, NETWORK_ALLOWED | NETWORK_BYPASS | NETWORK_DENIED);
    EXPECT_TRUE(view.is_denied(address("203.0.113.3")));
    EXPECT_TRUE(view.is_denied(address("203.0.113.4")));
    EXPECT_FALSE(view.is_denied(address("203.0.112.255")));
    EXPECT_FALSE(view.is_denied(address("203.0.114.0")));
}

TEST(Lists, of_others_deny_no_declared_peer_whichever_is_narrower) {
    const View view(config(), {.lists = {nullptr, nullptr, nullptr, list("198.51.100.7\n198.51.0.0/16\n")}});
    EXPECT_FALSE(view.is_denied(address("198.51.100.7")));
    EXPECT_FALSE(view.is_denied(address("198.51.100.8")));
    EXPECT_TRUE(view.is_denied(address("198.51.101.1")));
    const View stricter(config(), {.lists = {nullptr, nullptr, list("198.51.100.7"), list("198.51.0.0/16")}});
    EXPECT_TRUE(stricter.is_denied(address("198.51.100.7")));
    EXPECT_FALSE(stricter.is_denied(address("198.51.100.8")));
}

TEST(Names, give_their_addresses_to_the_peer) {
    const View view(config(), {.lists = {nullptr, nullptr, nullptr, list("203.0.113.0/24")},
                               .names = {{"sip.example.net", {address("203.0.113.9"), address("2001:db8::9")}},
                                         {"sip.example.com", {address("203.0.113.10")}}}});
    EXPECT_EQ(view.zone_of(address("203.0.113.9")), 1);
    EXPECT_EQ(view.zone_of(address("2001:db8::9")), 1);
    EXPECT_EQ(view.zone_of(address("203.0.113.10")), 2);
    EXPECT_FALSE(view.is_denied(address("203.0.113.9")));
}

TEST(Explanation, names_the_line_that_decides_and_what_else_is_said) {
    const View view(config(), {.lists = {list("# a\n203.0.113.1"), nullptr, list("203.0.113.0/24"),
                                         list("\n203.0.113.1\n198.51.100.7\n")}});
    const auto of = [&](std::string_view text) {
        const Explanation told = explain(address(text), view);
        return told.is + "; " + told.because;
    };
    EXPECT_EQ(of("203.0.113.1"), "allowed; 203.0.113.1/32 is allowed: /l/allow:2");
    EXPECT_EQ(of("203.0.113.2"), "denied; 203.0.113.0/24 is denied: /l/deny:1");
    EXPECT_EQ(of("198.51.100.7"),
              "of peer provider; 198.51.100.0/24 is of peer provider: peer \"provider\", networks[0]");
    EXPECT_EQ(of("192.0.2.1"), "of zone internet; any is of zone internet: zone \"internet\", networks[0]");
    EXPECT_THAT(
        explain(address("203.0.113.1"), view).said,
        ElementsAre("203.0.113.1/32 is allowed: /l/allow:2",
                    "203.0.113.1/32 is denied, but for declared peers: /l/feed:2",
                    "203.0.113.0/24 is denied: /l/deny:1", "any is of zone internet: zone \"internet\", networks[0]"));
}

TEST(Explanation, tells_an_entry_of_allow_once_and_where_it_stands) {
    const auto config = read(
        "version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-20000 }\n"
        "allow: [{ file: /l/more }, 203.0.113.1, { network: 203.0.113.2, bypass: all }]\n");
    ASSERT_TRUE(config);
    const View view(*config, {});
    EXPECT_THAT(explain(address("203.0.113.1"), view).said, ElementsAre("203.0.113.1/32 is allowed: allow[1]"));
    EXPECT_THAT(explain(address("203.0.113.2"), view).said,
                ElementsAre("203.0.113.2/32 is allowed, to guarded ports too: allow[2]"));
}

class Random {
public:
    uint32_t below(uint32_t limit) { return std::uniform_int_distribution<uint32_t>(0, limit - 1)(engine_); }
    // Close together, so that they overlap.
    IpAddress address() {
        std::array<uint8_t, 16> bytes{};
        if (below(2) == 0) return IpAddress::v4(0xc0000000 | below(1 << 12));
        bytes[0] = 0x20;
        bytes[14] = static_cast<uint8_t>(below(16));
        bytes[15] = static_cast<uint8_t>(below(256));
        return IpAddress(bytes);
    }
    Prefix prefix() {
        const IpAddress at = address();
        return Prefix::of(at, static_cast<uint8_t>(128 - below(below(8) == 0 ? 129 : 13)));
    }

private:
    std::mt19937 engine_{7};
};

// What resolve() promises, the slow way.
struct network of_all(const std::vector<Statement>& statements, const IpAddress& at) {
    struct network answer{};
    bool is_on_feed = false;
    for (const Statement& stated : statements) {
        if (!stated.prefix.contains(at)) continue;
        if (stated.claim == Claim::zone && (answer.zone == 0 || stated.number < answer.zone))
            answer.zone = stated.number;
        if (stated.claim == Claim::allowed) answer.flags |= NETWORK_ALLOWED;
        if (stated.claim == Claim::denied) answer.flags |= NETWORK_DENIED;
        is_on_feed |= stated.claim == Claim::feed;
    }
    if (is_on_feed && (answer.zone == 0 || answer.zone > 2)) answer.flags |= NETWORK_DENIED;
    return answer;
}

TEST(Networks, answer_for_every_address_as_all_statements_together_do) {
    Random random;
    for (int round = 0; round < 200; ++round) {
        Stated stated;
        const uint32_t source = stated.add_source("x");
        constexpr std::array claims{Claim::zone, Claim::allowed, Claim::denied, Claim::feed};
        for (uint32_t i = random.below(60); i > 0; --i)
            stated.add(source, claims[random.below(4)], static_cast<uint8_t>(1 + random.below(4)), {random.prefix()});
        const auto all = stated.statements;
        const auto networks = resolve(stated.statements, 2, {});
        const Lookup lookup(Lookup::image_of(networks, stated));
        for (int i = 0; i < 100; ++i) {
            const IpAddress at = random.address();
            const struct network told = lookup.find(at), wanted = of_all(all, at);
            ASSERT_EQ(told.zone, wanted.zone) << at.to_string();
            ASSERT_EQ(told.flags, wanted.flags) << at.to_string();
            const auto holds = [&](const Statement& each) { return each.prefix.contains(at); };
            ASSERT_EQ(lookup.statements_of(at).size(), static_cast<size_t>(std::ranges::count_if(all, holds)));
        }
    }
}

TEST(Lookup, of_nothing_answers_nothing) {
    EXPECT_EQ(Lookup().find(address("192.0.2.1")).zone, 0U);
    EXPECT_EQ(Lookup(Lookup::image_of({}, {})).find(address("::1")).flags, 0U);
    EXPECT_EQ(Lookup(Lookup::image_of({}, {})).source(3).name, "");
}

TEST(Lookup, takes_no_other_memory_for_its_image) {
    EXPECT_FALSE(Lookup::over("", nullptr));
    EXPECT_FALSE(Lookup::over(std::string(64, 'x'), nullptr));
    const std::string image = Lookup::image_of({{prefix("192.0.2.0/24"), {}}}, {});
    EXPECT_TRUE(Lookup::over(image, nullptr));
    EXPECT_FALSE(Lookup::over(std::string_view(image).substr(0, image.size() - 1), nullptr));
    EXPECT_FALSE(Lookup::over(image + "x", nullptr));
}

} // namespace
} // namespace ringwall::policy

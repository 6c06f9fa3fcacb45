// SPDX-License-Identifier: Apache-2.0
// Who is no stranger, as documents.
#include "agent/control/sources.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "maps/net/address.hpp"

namespace ringwall::control {
namespace {

const Now now{std::chrono::steady_clock::time_point(std::chrono::hours(2)), 1700000000};
constexpr uint64_t now_ns = 7200000000000;

const policy::View& view() {
    static const policy::View made(
        *policy::read("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"
                      "peers: [{ name: provider, networks: [198.51.100.0/24, '2001:db8:99::/48'] }]\n"),
        policy::Facts{});
    return made;
}

std::optional<boost::json::object> entry(const char* address, uint32_t port, uint32_t flags, uint32_t excess = 0,
                                         uint64_t until_ns = now_ns + 1500000000) {
    return source({IpAddress::parse(address)->abi(), port}, {.until_ns = until_ns, .flags = flags, .excess = excess},
                  view(), now);
}

TEST(SourceList, says_who_as_what_and_for_how_long) {
    const auto phone = entry("198.51.100.7", 5060, KNOWN_REGISTERED | KNOWN_PARTY | KNOWN_PROVEN, 12);
    ASSERT_TRUE(phone);
    EXPECT_EQ(boost::json::serialize(*phone),
              R"({"source":"198.51.100.7:5060","peer":"provider","known_as":["registered","party","counted"],)"
              R"("sentence":"registered here, from exactly this port; in a call, or was within the last half minute; )"
              R"(has shown where it is; what it sends )"
              R"(over its limits counts towards a ban","excess":12,"expires_in":1.5E0})");
}

TEST(SourceList, has_a_word_for_each_flag_and_names_no_port_where_none_matters) {
    const std::pair<uint32_t, const char*> words[] = {
        {KNOWN_PARTY, "party"},           {KNOWN_REGISTRAR, "registrar"}, {KNOWN_REGISTERED, "registered"},
        {KNOWN_REMEMBERED, "remembered"}, {KNOWN_PROVEN, "counted"},      {KNOWN_CALLS_FULL, "calls_full"}};
    for (const auto& [flag, word] : words)
        for (const char* address : {"203.0.113.9", "2001:db8:99::7"}) {
            const auto known = entry(address, 0, flag);
            ASSERT_TRUE(known);
            EXPECT_EQ(known->at("known_as").as_array(), boost::json::array{word});
            EXPECT_EQ(known->at("source"), address);
        }
    EXPECT_EQ(entry("203.0.113.9", 0, KNOWN_REMEMBERED)->at("peer"), "");
}

TEST(SourceList, calls_full_of_an_ipv6_network_is_of_all_of_it) {
    EXPECT_EQ(entry("2001:db8:99::", 0, KNOWN_CALLS_FULL)->at("source"), "2001:db8:99::/64");
    EXPECT_EQ(entry("2001:db8:99::", 0, KNOWN_REMEMBERED)->at("source"), "2001:db8:99::");
    EXPECT_EQ(entry("2001:db8:99::", 5060, KNOWN_CALLS_FULL)->at("source"), "[2001:db8:99::]:5060");
}

TEST(SourceList, leaves_out_what_is_over) {
    EXPECT_FALSE(entry("203.0.113.9", 5060, KNOWN_PARTY, 0, now_ns));
    EXPECT_TRUE(entry("203.0.113.9", 5060, KNOWN_PARTY, 0, now_ns + 1));
}

} // namespace
} // namespace ringwall::control

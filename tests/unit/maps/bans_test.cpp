// SPDX-License-Identifier: Apache-2.0
// Whom a ban is of, as people write it.
#include "maps/bans.hpp"

#include <gtest/gtest.h>

namespace ringwall {
namespace {

std::string read_and_written(std::string_view text) {
    const auto key = ban_key_of(text);
    return key ? to_string(*key) : "nothing";
}

TEST(BanSources, are_addresses_pairs_and_ipv6_networks_of_64_bits) {
    EXPECT_EQ(read_and_written("203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(read_and_written("203.0.113.9/32"), "203.0.113.9");
    EXPECT_EQ(read_and_written("203.0.113.9:5060"), "203.0.113.9:5060");
    EXPECT_EQ(read_and_written("2001:DB8::9"), "2001:db8::9");
    EXPECT_EQ(read_and_written("2001:db8::9/128"), "2001:db8::9");
    EXPECT_EQ(read_and_written("2001:db8:1:2::/64"), "2001:db8:1:2::/64");
    EXPECT_EQ(read_and_written("[2001:db8::9]:65535"), "[2001:db8::9]:65535");
}

TEST(BanSources, are_nothing_else) {
    for (const char* text : {"",
                             "any",
                             "203.0.113.0/24",
                             "203.0.113.9/31",
                             "2001:db8::/48",
                             "2001:db8::/65",
                             "2001:db8::9/64",
                             "203.0.113.9:",
                             "203.0.113.9:0",
                             "203.0.113.9:65536",
                             "203.0.113.9:5o60",
                             "203.0.113.256",
                             "[2001:db8::9]",
                             "[2001:db8::9]:",
                             "[2001:db8::9:5060",
                             "2001:db8::9]:5060",
                             "host.example",
                             " 203.0.113.9",
                             "203.0.113.9 ",
                             "::/64x",
                             "0.0.0.0/0"})
        EXPECT_EQ(read_and_written(text), "nothing") << text;
}

TEST(BanSources, of_a_pair_of_an_address_and_of_a_network_differ) {
    EXPECT_EQ(ban_key_of("2001:db8::")->port, uint32_t{BAN_ADDRESS});
    EXPECT_EQ(ban_key_of("2001:db8::/64")->port, uint32_t{BAN_NETWORK});
    EXPECT_EQ(ban_key_of("[2001:db8::]:65535")->port, 65535U);
}

TEST(BanSources, lie_within_their_address_and_within_their_ipv6_64_and_in_nothing_else) {
    const auto is_within = [](std::string_view part, std::string_view whole) {
        return lies_within(*ban_key_of(part), *ban_key_of(whole));
    };
    EXPECT_TRUE(is_within("203.0.113.9", "203.0.113.9"));
    EXPECT_TRUE(is_within("203.0.113.9:5060", "203.0.113.9"));
    EXPECT_TRUE(is_within("203.0.113.9:5060", "203.0.113.9:5060"));
    EXPECT_FALSE(is_within("203.0.113.9", "203.0.113.9:5060"));
    EXPECT_FALSE(is_within("203.0.113.9:5061", "203.0.113.9:5060"));
    EXPECT_FALSE(is_within("203.0.113.8:5060", "203.0.113.9"));
    EXPECT_TRUE(is_within("2001:db8::9", "2001:db8::/64"));
    EXPECT_TRUE(is_within("[2001:db8::9]:5060", "2001:db8::/64"));
    EXPECT_TRUE(is_within("2001:db8::/64", "2001:db8::/64"));
    EXPECT_TRUE(is_within("[2001:db8::9]:5060", "2001:db8::9"));
    EXPECT_FALSE(is_within("2001:db8::/64", "2001:db8::"));
    EXPECT_FALSE(is_within("2001:db8::", "[2001:db8::]:5060"));
    EXPECT_FALSE(is_within("2001:db8:0:1::9", "2001:db8::/64"));
    EXPECT_FALSE(is_within("203.0.113.9", "::/64")); // IPv4 is mapped there
}

TEST(BanCauses, have_a_label_and_a_sentence_each) {
    for (uint32_t cause = 0; cause < BAN_CAUSE_COUNT; ++cause) {
        EXPECT_FALSE(cause_text(cause).label.empty());
        EXPECT_FALSE(cause_text(cause).sentence.empty());
    }
    EXPECT_TRUE(cause_text(BAN_CAUSE_COUNT).label.empty());
}

} // namespace
} // namespace ringwall

// SPDX-License-Identifier: Apache-2.0
#include "policy/prefix_set.hpp"

#include <gtest/gtest.h>

namespace ringwall::policy {
namespace {

Prefix prefix(const char* text) { return *Prefix::parse(text); }

TEST(PrefixSet, says_the_widest_that_has_all_of_another) {
    const PrefixSet set({prefix("10.0.0.0/8"), prefix("10.1.0.0/16"), prefix("2001:db8::/32"), prefix("192.0.2.1")});
    EXPECT_EQ(set.covering(prefix("10.1.2.3")), prefix("10.0.0.0/8"));
    EXPECT_EQ(set.covering(prefix("10.0.0.0/8")), prefix("10.0.0.0/8"));
    EXPECT_EQ(set.covering(prefix("2001:db8:1::/48")), prefix("2001:db8::/32"));
    EXPECT_EQ(set.covering(prefix("192.0.2.1")), prefix("192.0.2.1"));
    for (const char* other : {"10.0.0.0/7", "11.0.0.1", "192.0.2.0/31", "2001:db9::1", "any"})
        EXPECT_FALSE(set.covering(prefix(other))) << other;
    EXPECT_EQ(PrefixSet({prefix("any")}).covering(prefix("192.0.2.1")), prefix("any"));
    EXPECT_FALSE(PrefixSet().covering(prefix("192.0.2.1")));
}

TEST(PrefixSet, contains_what_was_put_in_and_nothing_within) {
    const PrefixSet set({prefix("10.0.0.0/8")});
    EXPECT_TRUE(set.contains(prefix("10.0.0.0/8")));
    EXPECT_FALSE(set.contains(prefix("10.0.0.0/9")));
}

} // namespace
} // namespace ringwall::policy

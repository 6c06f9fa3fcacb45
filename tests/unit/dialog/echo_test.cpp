// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ringwall::dialog {
namespace {

using std::chrono::seconds;

Endpoint inside(uint32_t number) {
    return {IpAddress::v4(0xc0000200 + number / 60000), Port{static_cast<uint16_t>(number % 60000 + 1)}};
}
pinhole::TimePoint at(int s) { return pinhole::TimePoint(seconds(s)); }

TEST(EchoMemory, holds_for_40_seconds_what_nobody_has_answered) {
    EchoMemory echo;
    echo.note(1, {inside(1)}, at(100));
    EXPECT_TRUE(echo.holds(inside(1), at(139)));
    EXPECT_FALSE(echo.holds(inside(1), at(140)));
    EXPECT_FALSE(echo.holds(inside(2), at(101)));
}

TEST(EchoMemory, holds_for_five_minutes_from_each_answer) {
    EchoMemory echo;
    echo.note(1, {inside(1)}, at(100));
    echo.accepted(1, at(120));
    EXPECT_TRUE(echo.holds(inside(1), at(419)));
    echo.accepted(1, at(400));
    EXPECT_TRUE(echo.holds(inside(1), at(699)));
    EXPECT_FALSE(echo.holds(inside(1), at(700)));
    echo.accepted(2, at(120)); // nobody's
    EXPECT_EQ(echo.size(), 1U);
}

TEST(EchoMemory, forgets_what_the_inside_refused_unless_another_still_names_it) {
    EchoMemory echo;
    echo.note(1, {inside(1), inside(2)}, at(100));
    echo.note(2, {inside(2)}, at(100));
    echo.refused(1);
    EXPECT_FALSE(echo.holds(inside(1), at(101)));
    EXPECT_TRUE(echo.holds(inside(2), at(101)));
    echo.refused(2);
    EXPECT_EQ(echo.size(), 0U);
}

TEST(EchoMemory, counts_anew_when_it_comes_again) {
    EchoMemory echo;
    echo.note(1, {inside(1)}, at(100));
    echo.note(1, {inside(1)}, at(130));
    echo.note(2, {inside(2)}, at(145)); // sweeps the first note of 1
    EXPECT_TRUE(echo.holds(inside(1), at(169)));
    EXPECT_EQ(echo.size(), 2U);
}

TEST(EchoMemory, stays_bounded_and_forgets_the_unanswered_before_the_answered) {
    EchoMemory echo;
    echo.note(0, {inside(0)}, at(100));
    echo.accepted(0, at(100));
    for (uint32_t i = 1; i <= EchoMemory::most_kept; ++i) echo.note(i, {inside(i)}, at(100));
    EXPECT_LE(echo.size(), EchoMemory::most_kept);
    EXPECT_TRUE(echo.holds(inside(0), at(101)));
    EXPECT_FALSE(echo.holds(inside(1), at(101)));
    EXPECT_TRUE(echo.holds(inside(EchoMemory::most_kept), at(101)));
}

// An outsider may name one endpoint in as many transactions as he likes.
TEST(EchoMemory, forgets_30000_namers_of_one_endpoint_some_at_a_time) {
    constexpr uint32_t namers = 30000;
    EchoMemory echo;
    for (uint32_t i = 0; i < namers; ++i) echo.note(i, {inside(1)}, at(100));
    EXPECT_EQ(echo.size(), namers);
    EXPECT_TRUE(echo.holds(inside(1), at(139)));

    echo.note(namers, {inside(2)}, at(140)); // all of them have expired
    EXPECT_FALSE(echo.holds(inside(1), at(140)));
    EXPECT_GE(echo.size(), namers - EchoMemory::most_at_once);
    for (uint32_t i = 0; i <= namers / EchoMemory::most_at_once; ++i) echo.note(namers, {inside(2)}, at(141));
    EXPECT_EQ(echo.size(), 1U);
    EXPECT_TRUE(echo.holds(inside(2), at(141)));
    echo.refused(namers);
    EXPECT_EQ(echo.size(), 0U);
}

TEST(EchoMemory, holds_what_one_of_30000_was_answered) {
    constexpr uint32_t namers = 30000, answered = 12345;
    EchoMemory echo;
    for (uint32_t i = 0; i < namers; ++i) echo.note(i, {inside(1)}, at(100));
    echo.accepted(answered, at(110));
    EXPECT_TRUE(echo.holds(inside(1), at(409)));
    echo.refused(answered);
    EXPECT_FALSE(echo.holds(inside(1), at(409)));
}

// What one call leaves undone is nobody's to see.
TEST(EchoMemory, has_forgotten_whom_it_has_not_come_to_yet) {
    constexpr uint32_t namers = 1000;
    EchoMemory echo;
    for (uint32_t i = 0; i < namers; ++i) echo.note(i, {inside(i)}, at(100));
    echo.note(namers, {inside(namers)}, at(140));
    ASSERT_GT(echo.size(), 2U);
    EXPECT_FALSE(echo.holds(inside(namers - 1), at(139))); // a message that was read late
    echo.accepted(namers - 1, at(141));
    EXPECT_FALSE(echo.holds(inside(namers - 1), at(141)));
    echo.note(namers - 2, {inside(1)}, at(141));
    EXPECT_TRUE(echo.holds(inside(1), at(141)));
    EXPECT_FALSE(echo.holds(inside(namers - 2), at(141)));
}

TEST(EchoMemory, counts_an_answer_that_comes_late_when_nothing_was_noted_in_between) {
    EchoMemory echo;
    echo.note(1, {inside(1), inside(2)}, at(100));
    EXPECT_FALSE(echo.holds(inside(1), at(150)));
    echo.accepted(1, at(160));
    EXPECT_TRUE(echo.holds(inside(1), at(459)));
    EXPECT_TRUE(echo.holds(inside(2), at(459)));
    echo.refused(1);
    EXPECT_FALSE(echo.holds(inside(1), at(161)));
    EXPECT_EQ(echo.size(), 0U);
}

// Or as many endpoints in one transaction: refused and freed a piece at a time, and named again meanwhile.
TEST(EchoMemory, frees_one_large_namer_some_endpoints_at_a_time) {
    constexpr uint32_t endpoints = 1000;
    EchoMemory echo;
    for (uint32_t i = 0; i < endpoints; ++i) echo.note(1, {inside(i)}, at(100));
    echo.refused(1);
    EXPECT_EQ(echo.size(), endpoints - EchoMemory::most_at_once);
    EXPECT_FALSE(echo.holds(inside(endpoints - 1), at(100)));
    echo.note(1, {inside(endpoints - 2)}, at(100));
    for (uint32_t i = 0; i < endpoints / EchoMemory::most_at_once; ++i) echo.refused(0);
    EXPECT_EQ(echo.size(), 1U);
    EXPECT_TRUE(echo.holds(inside(endpoints - 2), at(100)));
    EXPECT_FALSE(echo.holds(inside(endpoints - 1), at(100)));
}

TEST(EchoMemory, stays_bounded_when_more_is_noted_than_one_call_forgets) {
    constexpr uint32_t a_message = 128;
    const auto message = [](uint32_t first) {
        std::vector<Endpoint> named(a_message);
        for (Endpoint& endpoint : named) endpoint = inside(first++);
        return named;
    };
    EchoMemory echo;
    size_t most = 0;
    const auto note = [&](uint32_t namer, uint32_t first, int s) {
        echo.note(namer, message(first), at(s));
        most = std::max(most, echo.size());
    };
    for (uint32_t i = 0; i <= EchoMemory::most_kept / a_message; ++i) note(0, i * a_message, 100); // one that fills it
    for (uint32_t i = 1; i <= 2 * EchoMemory::most_kept / a_message; ++i) note(i, 0, 100 + static_cast<int>(i));
    EXPECT_GE(most, EchoMemory::most_kept);
    EXPECT_LE(most, EchoMemory::most_kept + a_message);
}

} // namespace
} // namespace ringwall::dialog

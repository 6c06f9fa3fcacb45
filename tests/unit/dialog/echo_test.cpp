// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

#include <gtest/gtest.h>

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
    for (uint32_t i = 1; i <= EchoMemory::capacity; ++i) echo.note(i, {inside(i)}, at(100));
    EXPECT_LE(echo.size(), EchoMemory::capacity);
    EXPECT_TRUE(echo.holds(inside(0), at(101)));
    EXPECT_FALSE(echo.holds(inside(1), at(101)));
    EXPECT_TRUE(echo.holds(inside(EchoMemory::capacity), at(101)));
}

} // namespace
} // namespace ringwall::dialog

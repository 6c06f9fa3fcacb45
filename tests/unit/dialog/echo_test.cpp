// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

using std::chrono::seconds;

Endpoint inside(uint32_t number) { return {IpAddress::v4(0xc0000200 + number / 60000), Port{static_cast<uint16_t>(number % 60000 + 1)}}; }
pinhole::TimePoint at(int s) { return pinhole::TimePoint(seconds(s)); }

TEST(EchoMemory, holds_for_five_minutes) {
    EchoMemory echo;
    echo.note(inside(1), at(100));
    EXPECT_TRUE(echo.holds(inside(1), at(399)));
    EXPECT_FALSE(echo.holds(inside(1), at(400)));
    EXPECT_FALSE(echo.holds(inside(2), at(101)));
}

TEST(EchoMemory, counts_anew_when_it_comes_again) {
    EchoMemory echo;
    echo.note(inside(1), at(100));
    echo.note(inside(1), at(300));
    echo.note(inside(2), at(500));  // sweeps the first note of 1
    EXPECT_TRUE(echo.holds(inside(1), at(599)));
}

TEST(EchoMemory, stays_bounded_and_forgets_the_oldest) {
    EchoMemory echo;
    for (uint32_t i = 0; i <= EchoMemory::capacity; ++i) echo.note(inside(i), at(100));
    EXPECT_LE(echo.size(), EchoMemory::capacity);
    EXPECT_FALSE(echo.holds(inside(0), at(101)));
    EXPECT_TRUE(echo.holds(inside(EchoMemory::capacity), at(101)));
}

}  // namespace
}  // namespace ringwall::dialog

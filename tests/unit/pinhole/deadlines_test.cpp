// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/deadlines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ringwall::pinhole {
namespace {

using testing::UnorderedElementsAre;

TimePoint at(int milliseconds) { return TimePoint(std::chrono::milliseconds(milliseconds)); }

TEST(Deadlines, come_the_soonest_first_however_they_were_added) {
    Deadlines<int> deadlines;
    std::vector<int> times;
    for (int i = 0; i < 2000; ++i) times.push_back(i * 7);
    std::shuffle(times.begin(), times.end(), std::mt19937(1));
    for (const int time : times) deadlines.add(at(time), time);
    ASSERT_EQ(deadlines.size(), 2000U);
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(deadlines.take().id, i * 7);
    EXPECT_TRUE(deadlines.empty());
}

TEST(Deadlines, are_due_to_the_nanosecond) {
    Deadlines<int> deadlines;
    EXPECT_FALSE(deadlines.is_due(at(1'000'000)));
    deadlines.add(at(130), 1);
    EXPECT_FALSE(deadlines.is_due(at(130) - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(deadlines.is_due(at(130)));
}

TEST(Deadlines, show_all_that_are_due_and_no_other) {
    Deadlines<int> deadlines;
    for (const int time : {500, 126, 130, 131, 10}) deadlines.add(at(time), time);
    std::vector<int> due;
    deadlines.each_due(at(130), [&](int id) { due.push_back(id); });
    EXPECT_THAT(due, UnorderedElementsAre(10, 126, 130));
    EXPECT_EQ(deadlines.size(), 5U);
}

TEST(Deadlines, forget_what_is_not_kept) {
    Deadlines<int> deadlines;
    for (const int time : {500, 126, 130, 131, 10}) deadlines.add(at(time), time);
    deadlines.keep_only([](const auto& entry) { return entry.id % 2 == 1; });
    ASSERT_EQ(deadlines.size(), 1U);
    EXPECT_EQ(deadlines.take().id, 131);
    EXPECT_TRUE(deadlines.empty());
    deadlines.add(at(1), 1);
    EXPECT_TRUE(deadlines.is_due(at(1)));
}

} // namespace
} // namespace ringwall::pinhole

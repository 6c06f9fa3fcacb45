// SPDX-License-Identifier: Apache-2.0
#include "agent/names/registrars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::names {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Time now{hours(5)};
const IpAddress one = *IpAddress::parse("198.51.100.1"), two = *IpAddress::parse("2001:db8::2");

TEST(Registrars, stay_for_their_time_and_ten_minutes_more) {
    Registrars registrars;
    EXPECT_TRUE(join(registrars, one, seconds(60), now));
    EXPECT_TRUE(join(registrars, two, seconds(600), now));
    EXPECT_THAT(leave(registrars, now + minutes(11) - seconds(1)), IsEmpty());
    EXPECT_THAT(leave(registrars, now + minutes(11)), ElementsAre(one));
    EXPECT_THAT(leave(registrars, now + minutes(20)), ElementsAre(two));
    EXPECT_TRUE(join(registrars, one, seconds(60), now));
}

TEST(Registrars, stay_longer_by_a_refresh_and_never_shorter) {
    Registrars registrars;
    join(registrars, one, seconds(600), now);
    EXPECT_TRUE(join(registrars, one, seconds(60), now));
    EXPECT_THAT(leave(registrars, now + minutes(20) - seconds(1)), IsEmpty());
    EXPECT_TRUE(join(registrars, one, hours(1000), now)); // a day at most
    EXPECT_THAT(leave(registrars, now + hours(24) + minutes(10) - seconds(1)), IsEmpty());
    EXPECT_THAT(leave(registrars, now + hours(24) + minutes(10)), ElementsAre(one));
}

TEST(Registrars, are_thirty_two_of_a_name) {
    Registrars registrars;
    for (uint32_t i = 0; i < 32; ++i) EXPECT_TRUE(join(registrars, IpAddress::v4(i), seconds(60), now));
    EXPECT_FALSE(join(registrars, one, seconds(60), now));
    EXPECT_TRUE(join(registrars, IpAddress::v4(7), seconds(60), now));
}

} // namespace
} // namespace ringwall::names

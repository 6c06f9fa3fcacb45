// SPDX-License-Identifier: Apache-2.0
// Full tables of known parties and learned ports: the new are refused and counted, the old renewed.
#include "agent/dialog/parties.hpp"

#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

constexpr TimePoint now{std::chrono::hours(10)};

IpAddress numbered(uint32_t number) {
    return *IpAddress::parse("10." + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) + "." +
                             std::to_string(number & 255));
}

TEST(Parties, refuse_what_is_new_to_a_full_table_of_known_ones_and_count_it) {
    Parties parties;
    for (uint32_t i = 0; i < Parties::capacity_known; ++i) parties.registered(numbered(i), std::chrono::hours(1), now);
    EXPECT_EQ(parties.counters().known_full, 0U);
    EXPECT_EQ(parties.take_operations().operations.size(), Parties::capacity_known);
    parties.registered(numbered(Parties::capacity_known), std::chrono::hours(1), now);
    Leg leg;
    leg.id = 7;
    leg.counterpart.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}};
    parties.joined(leg, now);
    EXPECT_EQ(parties.counters().known_full, 2U);
    parties.registered(numbered(0), std::chrono::hours(2), now);
    EXPECT_EQ(parties.counters().known_full, 2U);
    EXPECT_EQ(parties.take_operations().operations.size(), 1U);
}

TEST(Parties, refuse_what_is_new_to_a_full_table_of_learned_ports_and_count_it) {
    Parties parties;
    const Counterpart party{.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}}};
    for (uint32_t i = 0; i < Parties::capacity_learned; ++i)
        parties.learned({{numbered(i), Port{5070}}}, party, true, std::chrono::hours(1), now);
    EXPECT_EQ(parties.counters().learned_full, 0U);
    parties.learned({{numbered(0), Port{5071}}}, party, true, std::chrono::hours(1), now);
    EXPECT_EQ(parties.counters().learned_full, 1U);
    parties.learned({{numbered(0), Port{5070}}}, party, true, std::chrono::hours(2), now);
    EXPECT_EQ(parties.counters().learned_full, 1U);
    EXPECT_EQ(parties.take_operations().operations.size(), Parties::capacity_learned + 1);
}

} // namespace
} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/peer_slots.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ringwall::pinhole {
namespace {

TimePoint at(int milliseconds) { return TimePoint(std::chrono::milliseconds(milliseconds)); }

TEST(PeerSlots, never_gives_slot_0_nor_one_twice) {
    PeerSlots slots;
    std::set<uint32_t> taken;
    while (const auto slot = slots.take(at(0))) EXPECT_TRUE(taken.insert(*slot).second);
    EXPECT_EQ(taken.size(), size_t{PeerSlots::capacity - 1});
    EXPECT_FALSE(taken.contains(0));
}

TEST(PeerSlots, lets_a_slot_rest_for_a_second) {
    PeerSlots slots;
    while (slots.take(at(0))) {}
    slots.release(7, at(100));
    EXPECT_FALSE(slots.take(at(1099)));
    EXPECT_EQ(slots.take(at(1100)), 7U);
}

TEST(PeerSlots, leaves_alone_what_a_restart_found_in_use) {
    PeerSlots slots({3, 5, 4'000'000'000});
    for (auto slot = slots.take(at(0)); slot; slot = slots.take(at(0))) EXPECT_TRUE(*slot != 3 && *slot != 5);
}

TEST(PeerSlots, gives_what_a_restart_found_once_it_was_let_go) {
    PeerSlots slots({3});
    slots.release(3, at(0));
    EXPECT_EQ(slots.take(at(1000)), 3U);
    for (auto slot = slots.take(at(1000)); slot; slot = slots.take(at(1000))) EXPECT_NE(*slot, 3U);
}

} // namespace
} // namespace ringwall::pinhole

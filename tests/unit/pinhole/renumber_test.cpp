// SPDX-License-Identifier: Apache-2.0
// A reload gives peers other numbers: what ended calls left stays that of the peer it was of.
#include <gtest/gtest.h>

#include "agent/pinhole/book.hpp"
#include "agent/pinhole/control_word.hpp"

namespace ringwall::pinhole {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint now{std::chrono::hours(10)};

class Renumber : public testing::Test {
protected:
    Book book{{.drain = 40s, .idle = 300s, .held = 300s, .tombstone = 60s}};
    std::array<uint8_t, ZONES> numbers{};

    HoleKey hole(LegId leg, uint8_t zone, Constraint constraint, bool zone_substitutes = false) {
        const Endpoint peer{*IpAddress::parse("198.51.100.7"), Port{30000}};
        Claim claim{.local = {*IpAddress::parse("192.0.2.10"), Port{static_cast<uint16_t>(10000 + leg)}},
                    .is_answered = true,
                    .constraint = constraint,
                    .zone = zone,
                    .zone_substitutes = zone_substitutes,
                    .peers = {peer}};
        const HoleKey key = claim.key();
        book.set({.leg = leg, .group = leg, .deadline = now + 1h, .claims = {std::move(claim)}});
        book.plan(now);
        return key;
    }
    void end(LegId leg) {
        book.release(leg);
        book.plan(now);
    }
    ControlWord word(const HoleKey& key) const { return ControlWord::of(book.present(key)->value.ctl); }
    size_t reload() {
        MapOps ops;
        book.renumber(numbers, now, ops);
        return ops.operations.size();
    }
};

TEST_F(Renumber, what_drains_keeps_to_its_peer) {
    const HoleKey key = hole(1, 2, Constraint::networks);
    end(1);
    numbers[1] = 2, numbers[2] = 1;
    EXPECT_EQ(reload(), 1U);
    EXPECT_EQ(word(key).zone, 1U);
    EXPECT_EQ(word(key).phase, PHASE_DRAINING);
    numbers[1] = 1;
    EXPECT_EQ(reload(), 0U); // nothing to change
}

TEST_F(Renumber, what_drains_and_was_of_a_peer_that_is_gone_closes) {
    const HoleKey key = hole(1, 2, Constraint::networks);
    end(1);
    MapOps ops;
    book.renumber(numbers, now, ops);
    ASSERT_EQ(ops.operations.size(), 2U); // closed first: its number is that of everybody without one after it
    EXPECT_EQ(word(key).zone, 0U);
    EXPECT_EQ(word(key).phase, PHASE_CLOSED);
    EXPECT_EQ(book.present(key)->value.deadline_ns, to_ns(now + 60s));
}

TEST_F(Renumber, nobody_stands_in_for_a_named_peer_whose_networks_are_gone) {
    const HoleKey key = hole(1, 2, Constraint::peers, true);
    ASSERT_TRUE(word(key).flags & PINHOLE_ZONE_SUBSTITUTES);
    end(1);
    reload();
    EXPECT_EQ(word(key).zone, 0U);
    EXPECT_FALSE(word(key).flags & PINHOLE_ZONE_SUBSTITUTES);
    EXPECT_EQ(word(key).phase, PHASE_DRAINING); // the one named has its drain
}

TEST_F(Renumber, what_is_claimed_waits_for_its_owner) {
    const HoleKey key = hole(1, 2, Constraint::networks);
    EXPECT_EQ(reload(), 0U);
    EXPECT_EQ(word(key).zone, 2U);
}

} // namespace
} // namespace ringwall::pinhole

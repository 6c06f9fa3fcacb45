// SPDX-License-Identifier: Apache-2.0
// More pinholes with several peers than there are peer sets: the new ones widen and are counted, the old keep theirs.
#include <gtest/gtest.h>

#include "agent/pinhole/book.hpp"

namespace ringwall::pinhole {
namespace {

Claim claim_at(uint32_t number) {
    const std::string host = std::to_string(number / 200 + 1);
    const Endpoint peer{*IpAddress::parse("198.51.100.7"), Port{30000}};
    return {.local = {*IpAddress::parse("192.0.2." + host), Port{static_cast<uint16_t>(10000 + number % 200)}},
            .is_answered = true,
            .constraint = Constraint::peers,
            .peers = {peer, {peer.address, Port{30002}}}};
}

TEST(Book, widens_what_finds_no_peer_set_and_counts_it) {
    constexpr TimePoint now{std::chrono::hours(10)};
    Book book({.drain = {}, .idle = {}, .held = {}, .tombstone = {}});
    for (uint32_t i = 0; i + 1 < PeerSlots::capacity; ++i)
        book.set({.leg = i + 1, .group = i + 1, .deadline = now, .claims = {claim_at(i)}});
    EXPECT_EQ(book.plan(now).peer_sets.size(), PeerSlots::capacity - 1);
    EXPECT_EQ(book.counters().peer_sets_full, 0U);
    book.set({.leg = 99999, .group = 99999, .deadline = now, .claims = {claim_at(PeerSlots::capacity)}});
    const MapOps ops = book.plan(now);
    EXPECT_TRUE(ops.peer_sets.empty());
    EXPECT_EQ(book.counters().peer_sets_full, 1U);
    EXPECT_EQ(book.counters().widened, 1U);
    const auto* first = book.present({claim_at(0).local});
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->peers.count, 2U);
}

} // namespace
} // namespace ringwall::pinhole

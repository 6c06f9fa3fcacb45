// SPDX-License-Identifier: Apache-2.0
// A full table of known parties: the new are refused and counted, the old renewed.
#include "agent/dialog/parties.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/dialog/filled_table.hpp"

namespace ringwall::dialog {
namespace {

TEST(Parties, refuse_what_is_new_to_a_full_table_of_known_ones_and_count_it) {
    Parties parties;
    for (uint32_t i = 0; i < Parties::capacity_known; ++i)
        parties.registered(numbered(i), now + std::chrono::hours(1), now);
    EXPECT_EQ(parties.refused_full(), 0U);
    EXPECT_EQ(operations_of(parties), Parties::capacity_known);
    parties.registered(numbered(Parties::capacity_known), now + std::chrono::hours(1), now);
    Leg leg;
    leg.id = 7;
    leg.counterpart.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}};
    parties.joined(leg, now);
    EXPECT_EQ(parties.refused_full(), 2U);
    parties.registered(numbered(0), now + std::chrono::hours(2), now);
    EXPECT_EQ(parties.refused_full(), 2U);
    EXPECT_EQ(operations_of(parties), 1U);
}

TEST(Parties, are_told_to_the_kernel_for_half_a_minute_after_their_last_call) {
    Parties parties;
    Leg first, second, next;
    for (Leg* leg : {&first, &second, &next})
        leg->counterpart.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}};
    parties.joined(first, now);
    parties.joined(second, now);
    taken_from(parties);
    parties.left(first, now);
    EXPECT_EQ(operations_of(parties), 0U); // it is in the other yet
    parties.left(second, now);
    const auto told = taken_from(parties);
    ASSERT_EQ(told.size(), 1U);
    struct known known{};
    std::memcpy(&known, told[0].value, sizeof known);
    EXPECT_EQ(known.until_ns, pinhole::to_ns(now + std::chrono::seconds(32)));
    EXPECT_EQ(known.flags, uint32_t{KNOWN_PARTY});
    parties.joined(next, now); // and is news
    EXPECT_EQ(operations_of(parties), 1U);
}

TEST(Parties, watch_only_so_many_who_have_shown_where_they_are_and_keep_room_for_calls) {
    Parties parties;
    for (uint32_t i = 0; i < Parties::capacity_watched; ++i)
        EXPECT_TRUE(parties.watch({numbered(i), Port{5060}}, now + std::chrono::minutes(1), now));
    EXPECT_FALSE(parties.watch({numbered(Parties::capacity_watched), Port{5060}}, now + std::chrono::minutes(1), now));
    EXPECT_TRUE(parties.watch({numbered(0), Port{5060}}, now + std::chrono::minutes(2), now)); // again
    EXPECT_FALSE(parties.is_trusted({numbered(0), Port{5060}}, now));
    taken_from(parties);
    parties.tick(now + std::chrono::seconds(90));
    EXPECT_EQ(operations_of(parties), Parties::capacity_watched - 1); // forgotten
    EXPECT_TRUE(parties.watch({numbered(7), Port{5060}}, now + std::chrono::minutes(3), now));
}

// Whether they were watched before does not take them out of the count.
TEST(Parties, count_telephones_that_were_watched_first) {
    Parties parties;
    const Endpoint phone{numbered(1), Port{5060}};
    for (uint32_t i = 0; i < Parties::capacity_network; ++i) {
        const Endpoint each{phone.address, Port{static_cast<uint16_t>(i + 1)}};
        EXPECT_EQ(parties.watch(each, now + std::chrono::minutes(1), now), i < Parties::capacity_watched);
        parties.promoted(each, now + std::chrono::hours(1), now);
    }
    EXPECT_EQ(parties.refused_full(), 1U); // the address itself, remembered, is one of them
    parties.promoted({phone.address, Port{40000}}, now + std::chrono::hours(1), now);
    EXPECT_FALSE(parties.is_phone({phone.address, Port{40000}}, now));
}

// One password is enough to register from any number of ports and addresses, and each is remembered for a week.
TEST(Parties, leave_room_for_other_telephones_whoever_registers_from_port_after_port) {
    const std::vector<std::string> ports{"203.0.113.66", "2001:db8:666::"};
    for (const std::string& network : ports) {
        Parties parties;
        const bool is_v4 = network.find(':') == network.npos;
        for (uint32_t i = 1; i <= Parties::capacity_phones; ++i) {
            const std::string host = std::to_string(i % 10000) + ":" + std::to_string(i / 10000);
            const IpAddress address = *IpAddress::parse(is_v4 ? network : network + host);
            parties.promoted({address, Port{static_cast<uint16_t>(i)}}, now + std::chrono::hours(24), now);
        }
        EXPECT_GT(parties.refused_full(), 0U);
        taken_from(parties);
        EXPECT_FALSE(parties.is_phone({*IpAddress::parse(is_v4 ? network : network + "9:9"), Port{40000}}, now));
        const Endpoint other =
            is_v4 ? Endpoint::parse("203.0.113.67:5060").value() : Endpoint::parse("[2001:db8:667::1]:5060").value();
        parties.promoted(other, now + std::chrono::hours(1), now);
        EXPECT_TRUE(parties.is_phone(other, now));
        parties.tick(now + std::chrono::hours(25)); // who was there is remembered no longer than he may
        parties.promoted({*IpAddress::parse(is_v4 ? network : network + "1:0"), Port{7}}, now + std::chrono::hours(26),
                         now + std::chrono::hours(25));
        EXPECT_TRUE(parties.is_phone({*IpAddress::parse(is_v4 ? network : network + "1:0"), Port{7}},
                                     now + std::chrono::hours(25)));
    }
}

// Their /48 is all of IPv4 (RFC 6052).
TEST(Parties, take_who_comes_by_nat64_for_the_ipv4_host_that_he_is) {
    Parties parties;
    const auto seen_as = [](uint32_t i) {
        return Endpoint{*IpAddress::parse("64:ff9b::" + numbered(i).to_string()), Port{5060}};
    };
    for (uint32_t i = 0; i <= Parties::capacity_network; ++i)
        parties.promoted(seen_as(i), now + std::chrono::hours(1), now);
    EXPECT_TRUE(parties.is_phone(seen_as(Parties::capacity_network), now));
    EXPECT_EQ(parties.refused_full(), 0U);
}

TEST(Parties, remember_telephones_in_half_of_their_room) {
    Parties parties;
    for (uint32_t i = 0; i < Parties::capacity_memories; ++i) {
        const IpAddress address = numbered(i << 8);
        parties.promoted({address, Port{5060}}, now + std::chrono::minutes(1), now);
    }
    parties.tick(now + std::chrono::hours(1));
    const auto later = now + std::chrono::hours(2);
    EXPECT_EQ(parties.refused_full(), 0U);
    const Endpoint other{numbered(1), Port{5060}};
    parties.promoted(other, later + std::chrono::hours(1), later);
    EXPECT_TRUE(parties.is_phone(other, later));
    EXPECT_EQ(parties.refused_full(), 1U) << "it is not remembered";
}

TEST(Parties, tell_who_is_at_his_ceiling_and_renew_it_until_he_has_room_again) {
    Parties parties;
    const struct known_key source{numbered(7).abi(), 0};
    const auto told = [&] {
        const auto operations = taken_from(parties);
        if (operations.size() != 1 || operations[0].code != OP_PUT_KNOWN) return ~0U;
        struct known value{};
        std::memcpy(&value, operations[0].value, sizeof value);
        return value.flags;
    };
    parties.filled(source, false, now); // never was
    EXPECT_TRUE(taken_from(parties).empty());
    parties.filled(source, true, now);
    EXPECT_EQ(told(), uint32_t{KNOWN_CALLS_FULL});
    EXPECT_FALSE(parties.is_trusted({numbered(7), Port{5060}}, now));
    for (int minutes = 1; minutes < 30; ++minutes) {
        parties.tick(now + std::chrono::minutes(minutes));
        EXPECT_EQ(told(), uint32_t{KNOWN_CALLS_FULL}) << minutes;
    }
    parties.promoted({numbered(7), Port{5060}}, now + std::chrono::hours(1), now);
    taken_from(parties);
    parties.filled(source, false, now);
    EXPECT_EQ(told(), uint32_t{KNOWN_REMEMBERED});
}

TEST(Parties, forget_over_a_restart_who_was_full_or_watched) {
    Parties parties;
    pinhole::Present present;
    present.known.emplace_back(
        known_key{numbered(7).abi(), 0},
        ::known{.until_ns = pinhole::to_ns(now + std::chrono::hours(1)), .flags = KNOWN_CALLS_FULL | KNOWN_PROVEN});
    parties.restore(present);
    parties.tick(now);
    const auto operations = taken_from(parties);
    ASSERT_EQ(operations.size(), 1U);
    EXPECT_EQ(operations[0].code, uint32_t{OP_DELETE_KNOWN});
}

} // namespace
} // namespace ringwall::dialog

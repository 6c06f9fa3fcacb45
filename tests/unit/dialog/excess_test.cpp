// SPDX-License-Identifier: Apache-2.0
// Bans for what goes on over a limit, of sources that have shown where they are.
#include <gmock/gmock.h>

#include "tests/unit/dialog/defence_room.hpp"

namespace ringwall::dialog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string bans_excess = R"(
peers: [{ name: provider, networks: [198.51.100.0/24] }]
zones: [{ name: internet, networks: [any], sip: yes, on_excess: ban 10m }]
allow: [203.0.113.200]
)";
const Endpoint stranger_at{*IpAddress::parse("203.0.113.66"), Port{5060}};

TEST_F(DefenceTest, bans_for_excess_who_has_shown_where_he_is_at_a_hundred_packets_a_minute) {
    use(bans_excess);
    const auto counted = [&](uint32_t packets) { defence.on_excess(stranger_at, packets, policy, parties, now); };
    EXPECT_THAT(defence.watched(), IsEmpty());
    counted(1000); // nobody has asked
    guess_password(stranger);
    EXPECT_THAT(defence.watched(), ElementsAre(stranger_at));
    counted(99);
    EXPECT_THAT(banned(), IsEmpty());
    now += 61s; // a minute later it begins anew; and he must have shown himself in the last 32 s
    counted(199);
    EXPECT_THAT(banned(), IsEmpty());
    challenged.clear(); // a fresh nonce
    guess_password(stranger);
    counted(200);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 excess"));
    EXPECT_EQ(defence.counters().excess_packets, 200U);
    counted(3); // a new element's count
    EXPECT_EQ(defence.counters().excess_packets, 203U);
    counted(100);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.66 excess"));
}

TEST_F(DefenceTest, watches_for_excess_where_the_zone_says_so_and_forgets) {
    guess_password(stranger);
    EXPECT_THAT(defence.watched(), IsEmpty());
    use(bans_excess);
    for (const std::string from : {"198.51.100.7:5060", "203.0.113.200:5060"}) guess_password(from);
    EXPECT_THAT(defence.watched(), IsEmpty());
    guess_password(stranger);
    EXPECT_THAT(defence.watched(), ElementsAre(stranger_at));
    now += 63s;
    defence.tick(now);
    EXPECT_THAT(defence.watched(), ElementsAre(stranger_at));
    now += 11s;
    defence.tick(now);
    EXPECT_THAT(defence.watched(), IsEmpty());
}

// Who registers shows where it is, too: its place among the watched is its own for a minute, not for the registration.
TEST_F(DefenceTest, watches_for_excess_beside_any_number_of_registered_telephones) {
    use(bans_excess);
    for (size_t i = 0; i < Parties::capacity_watched; ++i) {
        register_phone("203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + ":5060", 7200);
        if (i % 20 != 0) continue;
        now += 1s;
        defence.tick(now);
        parties.tick(now);
    }
    now += 2min;
    defence.tick(now);
    parties.tick(now);
    ASSERT_THAT(defence.watched(), IsEmpty());
    guess_password(stranger);
    EXPECT_THAT(defence.watched(), ElementsAre(stranger_at));
}

TEST_F(DefenceTest, bans_nobody_for_excess_who_is_registered_and_only_the_port_beside_one) {
    use(bans_excess);
    const Endpoint at{*IpAddress::parse("203.0.113.5"), Port{5060}}, beside{at.address, Port{6000}};
    register_phone(phone);
    defence.on_excess(at, 5000, policy, parties, now);
    EXPECT_THAT(banned(), IsEmpty());
    guess_password("203.0.113.5:6000");
    defence.on_excess(beside, 5000, policy, parties, now);
    EXPECT_THAT(banned(), ElementsAre("203.0.113.5:6000 excess"));
}

} // namespace
} // namespace ringwall::dialog

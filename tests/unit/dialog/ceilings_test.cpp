// SPDX-License-Identifier: Apache-2.0
// Who has as many calls begun outside as he may, on both sides of each ceiling.
#include "agent/dialog/ceilings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "maps/fnv1a.hpp"
#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string parties = R"(
peers: [{ name: provider, networks: [198.51.100.0/24], calls: 2 }]
zones: [{ name: internet, networks: [any], sip: yes, calls: { total: 6, per_source: 3, half_open: 2 } }]
ceilings: { calls: 10 }
emergency: [112, 110]
)";

class CeilingsTest : public testing::Test {
protected:
    void use(const std::string& yaml) { policy = policy_view(yaml); }

    Leg& begin(const std::string& from, bool is_registered = false, bool is_by_stream = false) {
        const Endpoint at = Endpoint::parse(from).value();
        Leg& leg = legs.emplace_back();
        leg.counterpart = counterpart_of(at, policy);
        leg.outset = outset_of(leg.counterpart, is_registered, !leg.counterpart.is_declared && !is_registered);
        leg.outset->is_by_stream = is_by_stream;
        ceilings.began(leg, now);
        return leg;
    }
    Leg& talk(const std::string& from, bool is_registered = false) {
        Leg& leg = begin(from, is_registered);
        ceilings.heard(leg);
        return leg;
    }
    // "203.0.113.5 full", "2001:db8:: free" since the last look.
    std::vector<std::string> look(bool is_due = false) {
        std::vector<std::string> said;
        for (const auto& [source, is_full] : ceilings.look(policy, rooms, now, is_due))
            said.push_back(IpAddress::from(source.address).to_string() +
                           (source.port ? ":" + std::to_string(source.port) : "") + (is_full ? " full" : " free"));
        if (const auto changes = ceilings.take_changes()) told = *changes;
        return said;
    }

    policy::View policy = policy_view(parties);
    Ceilings ceilings;
    Rooms rooms{.port_capacity = 262144};
    TimePoint now{1h};
    std::deque<Leg> legs;
    struct call_ceilings told{};
};

TEST_F(CeilingsTest, come_for_a_source_with_its_calls_and_go_with_them) {
    talk("203.0.113.5:5060");
    talk("203.0.113.5:5061");
    EXPECT_THAT(look(), IsEmpty());
    Leg& third = talk("203.0.113.5:5062");
    EXPECT_THAT(look(), ElementsAre("203.0.113.5 full"));
    EXPECT_THAT(ceilings.take_notices(),
                ElementsAre(HasSubstr("203.0.113.5 has as many calls as it may (3, and 0 half-open)")));
    EXPECT_THAT(look(), IsEmpty()); // told once
    EXPECT_EQ(ceilings.counts().sources_full, 1U);
    ceilings.ended(third);
    EXPECT_THAT(look(), ElementsAre("203.0.113.5 free"));
    EXPECT_EQ(ceilings.counts().sources_full, 0U);
    EXPECT_EQ(ceilings.counts().calls, 2U);
}

TEST_F(CeilingsTest, count_half_open_calls_of_a_source_until_it_has_heard_the_answer) {
    Leg& first = begin("203.0.113.5:5060");
    begin("203.0.113.5:5060");
    EXPECT_THAT(look(), ElementsAre("203.0.113.5 full"));
    ceilings.heard(first);
    ceilings.heard(first); // each of its ACKs
    EXPECT_THAT(look(), ElementsAre("203.0.113.5 free"));
    EXPECT_EQ(ceilings.counts().calls, 1U);
    EXPECT_EQ(ceilings.counts().half_open, 1U);
}

TEST_F(CeilingsTest, count_an_ipv6_household_as_one_and_who_is_registered_apart) {
    begin("[2001:db8:66:1::1]:5060");
    begin("[2001:db8:66:1::2]:5060");
    begin("[2001:db8:66:2::2]:5060");
    begin("[2001:db8:66:1::3]:5060", true);
    EXPECT_THAT(look(), ElementsAre("2001:db8:66:1:: full"));
    begin("[2001:db8:66:1::3]:5060", true);
    EXPECT_THAT(look(), ElementsAre("2001:db8:66:1::3:5060 full"));
}

TEST_F(CeilingsTest, of_a_peer_are_not_used_up_by_calls_that_nobody_hears) {
    for (int i = 0; i < 100; ++i) begin("198.51.100.7:5060"); // forged, perhaps
    EXPECT_THAT(look(), IsEmpty());
    EXPECT_EQ(told.full_zones[1], 0U);
    talk("198.51.100.7:5060");
    look();
    EXPECT_EQ(told.full_zones[1], 0U);
    Leg& second = talk("198.51.100.8:5060");
    look();
    EXPECT_EQ(told.full_zones[1], fnv1a("provider"));
    EXPECT_THAT(ceilings.take_notices(), ElementsAre(HasSubstr("peer provider")));
    EXPECT_EQ(told.flags, 0U);
    ceilings.ended(second);
    look();
    EXPECT_EQ(told.full_zones[1], 0U);
}

TEST_F(CeilingsTest, of_a_zone_of_strangers_and_of_all) {
    for (int i = 0; i < 4; ++i) talk("203.0.113." + std::to_string(10 + i) + ":5060");
    look();
    EXPECT_EQ(told.flags, 0U);
    talk("203.0.113.20:5060");
    look();
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS}); // half of ten
    EXPECT_EQ(told.full_zones[2], 0U);
    talk("203.0.113.21:5060", true);
    look();
    EXPECT_EQ(told.full_zones[2], fnv1a("internet"));
    EXPECT_EQ(ceilings.counts().parties_full, 1U);
    for (int i = 0; i < 4; ++i) talk("198.51.100.7:5060");
    look();
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS | CEILING_ALL});
    EXPECT_EQ(ceilings.counts().calls, 10U);
    EXPECT_EQ(ceilings.counts().strangers, 5U);
}

TEST_F(CeilingsTest, where_no_peer_is_declared_strangers_have_all) {
    use("ceilings: { calls: 4 }");
    for (int i = 0; i < 3; ++i) talk("203.0.113." + std::to_string(10 + i) + ":5060");
    look();
    EXPECT_EQ(told.flags, 0U);
    talk("203.0.113.20:5060");
    look();
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS | CEILING_ALL});
}

TEST_F(CeilingsTest, keep_a_tenth_of_the_ports_and_what_half_open_calls_may_still_want) {
    rooms.ports = 262144 - 26214 - 1;
    look(true);
    EXPECT_EQ(told.flags, 0U);
    rooms.ports += 1;
    look(true);
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS});
    rooms.ports -= 4;
    look(true);
    EXPECT_EQ(told.flags, 0U);
    Leg& ringing = begin("203.0.113.5:5060");
    look();
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS});
    ceilings.ended(ringing);
    begin("198.51.100.7:5060");
    look();
    EXPECT_EQ(told.flags, 0U);
    rooms.legs = 114688;
    look(true);
    EXPECT_EQ(told.flags, uint32_t{CEILING_STRANGERS});
}

TEST_F(CeilingsTest, leave_no_call_without_ports_that_was_on_its_way_when_they_came) {
    rooms.ports = rooms.port_capacity;
    look(true);
    EXPECT_FALSE(begin("203.0.113.5:5060", false, true).outset->opens_nothing);
    now += 20ms;
    EXPECT_FALSE(begin("203.0.113.6:5060", false, true).outset->opens_nothing);
    now += 1ms;
    EXPECT_TRUE(begin("203.0.113.7:5060", false, true).outset->opens_nothing);
    EXPECT_FALSE(begin("203.0.113.7:5060", true, true).outset->opens_nothing);
    EXPECT_FALSE(begin("198.51.100.7:5060", false, true).outset->opens_nothing);
    EXPECT_EQ(ceilings.counts().over, 1U);
    EXPECT_EQ(ceilings.counts().without_ports, 1U);
    now += 10s; // by UDP: the programs let it through, so we are that far behind
    EXPECT_FALSE(begin("203.0.113.7:5060").outset->opens_nothing);
    EXPECT_EQ(ceilings.counts().without_ports, 1U);
    rooms.ports = 0;
    look(true);
    EXPECT_FALSE(begin("203.0.113.8:5060").outset->opens_nothing);
}

TEST_F(CeilingsTest, count_a_call_past_the_ceiling_and_let_it_have_its_ports_while_there_are_some) {
    begin("203.0.113.5:5060");
    begin("203.0.113.5:5060");
    look();
    now += 1s;
    EXPECT_FALSE(begin("203.0.113.5:5060").outset->opens_nothing);
    EXPECT_EQ(ceilings.counts().over, 1U);
}

TEST_F(CeilingsTest, follow_a_policy_that_changes) {
    for (int i = 0; i < 2; ++i) talk("203.0.113.5:5060");
    EXPECT_THAT(look(), IsEmpty());
    use("peers: [{ name: home, networks: [10.0.0.0/8] }, { name: him, networks: [203.0.113.5], calls: 2 }]");
    for (Leg& leg : legs) {
        leg.counterpart = counterpart_of(leg.counterpart.signalling, policy);
        ceilings.moved(leg);
    }
    EXPECT_THAT(look(true), IsEmpty());
    EXPECT_EQ(told.full_zones[2], fnv1a("him"));
    EXPECT_EQ(told.full_zones[1], 0U);
    use("zones: [{ name: all, networks: [any], calls: { per_source: 2 } }]");
    for (Leg& leg : legs) {
        leg.counterpart = counterpart_of(leg.counterpart.signalling, policy);
        ceilings.moved(leg);
    }
    EXPECT_THAT(look(true), ElementsAre("203.0.113.5 full"));
    EXPECT_EQ(told.full_zones[2], 0U);
}

TEST_F(CeilingsTest, tell_the_programs_the_numbers_of_help_in_their_form) {
    look(true);
    EXPECT_EQ(told.emergency[0], 0x323131U);
    EXPECT_EQ(told.emergency[1], 0x303131U);
    EXPECT_EQ(told.emergency[2], 0U);
    EXPECT_TRUE(policy.is_emergency("sip:112@192.0.2.10"));
    EXPECT_TRUE(policy.is_emergency("sips:110;phone-context=x@h"));
    EXPECT_TRUE(policy.is_emergency("tel:112"));
    EXPECT_TRUE(policy.is_emergency("urn:service:sos.police"));
    for (const char* same : {"tel:1-1-2", "tel:(11)2;phone-context=+49", "sip:1.1.2@h;user=phone", "urn:service:SOS",
                             "URN:Service:Sos.Fire", "urn:service:sos?+x"})
        EXPECT_TRUE(policy.is_emergency(same)) << same;
    for (const char* other :
         {"sip:1120@h", "sip:911@h", "sip:a@112", "urn:service:counseling", "112", "", "urn:service:sosx",
          "urn:service:sos.", "urn:service:sos-x", "tel:1-1-2-0", "tel:1 12", "sip:-@h", "urn:service:so"})
        EXPECT_FALSE(policy.is_emergency(other)) << other;
    use("");
    EXPECT_TRUE(policy.is_emergency("sip:911@h"));
}

TEST_F(CeilingsTest, are_nothing_to_a_call_that_is_not_counted) {
    Leg leg;
    ceilings.began(leg, now);
    ceilings.heard(leg);
    ceilings.moved(leg);
    ceilings.ended(leg);
    EXPECT_EQ(ceilings.counts().calls + ceilings.counts().half_open, 0U);
    EXPECT_THAT(look(), IsEmpty());
}

} // namespace
} // namespace ringwall::dialog

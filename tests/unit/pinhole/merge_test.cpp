// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/merge.hpp"

#include <gtest/gtest.h>

namespace ringwall::pinhole {
namespace {

using std::chrono::seconds;

Endpoint peer(uint16_t port) { return {IpAddress::v4(0xc6336407), Port{port}}; }

OwnedClaim owned(LegId leg, Constraint constraint, bool is_answered = true) {
    OwnedClaim owner{.leg = leg, .group = leg, .deadline = TimePoint(seconds(leg))};
    owner.claim.constraint = constraint;
    owner.claim.is_answered = is_answered;
    owner.claim.zone = 1;
    owner.claim.zone_substitutes = true;
    if (constraint == Constraint::peers) owner.claim.peers = {peer(static_cast<uint16_t>(1000 + leg))};
    return owner;
}

TEST(Merge, an_answered_fork_outweighs_the_merely_offered_ones_of_its_group) {
    auto offered = owned(1, Constraint::any, false);
    auto answered = owned(2, Constraint::peers);
    answered.group = offered.group;
    const Wanted wanted = merge({offered, answered});
    EXPECT_EQ(wanted.constraint, Constraint::peers);
    EXPECT_EQ(wanted.phase, PHASE_ANSWERED);
}

TEST(Merge, an_offer_of_another_call_keeps_the_hole_as_wide_as_it_needs) {
    EXPECT_EQ(merge({owned(1, Constraint::any, false), owned(2, Constraint::peers)}).constraint, Constraint::any);
}

TEST(Merge, both_answers_of_one_leg_may_send_by_the_weaker_constraint) {
    Claim named = owned(1, Constraint::peers).claim, other = owned(2, Constraint::peers).claim;
    other.is_held = true;
    add_senders(named, other);
    EXPECT_EQ(named.peers, (std::vector<Endpoint>{peer(1001), peer(1002)}));
    EXPECT_EQ(named.constraint, Constraint::peers);
    EXPECT_FALSE(named.is_held);
    add_senders(named, owned(3, Constraint::networks).claim);
    EXPECT_EQ(named.constraint, Constraint::networks);
    EXPECT_TRUE(named.zone_substitutes);
    Claim elsewhere = owned(4, Constraint::peers).claim;
    elsewhere.zone = 2;
    add_senders(named, elsewhere); // no network is common to both
    EXPECT_EQ(named.constraint, Constraint::any);
    EXPECT_FALSE(named.zone_substitutes);
}

TEST(Merge, media_may_be_what_any_owner_negotiated) {
    auto strict = owned(1, Constraint::any), lenient = owned(2, Constraint::any);
    strict.claim.payload_types = PayloadTypes().set(0);
    lenient.claim.payload_types = PayloadTypes().set(8);
    strict.claim.conformance = Conformance::enforce;
    lenient.claim.conformance = Conformance::count;
    strict.claim.is_one_source = true;
    lenient.claim.is_srtp = true;
    strict.claim.packet_period_ns = 5'000'000;
    lenient.claim.packet_period_ns = 1'000'000;
    for (const Wanted& wanted : {merge({strict, lenient}), merge({lenient, strict})}) {
        EXPECT_EQ(wanted.payload_types, PayloadTypes().set(0).set(8));
        EXPECT_EQ(wanted.flags, PINHOLE_ZONE_SUBSTITUTES | PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_COUNT | PINHOLE_SRTP);
        EXPECT_EQ(wanted.packet_period_ns, 1'000'000U);
    }
    strict.claim.packet_period_ns = 0; // no cap
    EXPECT_EQ(merge({lenient, strict}).packet_period_ns, 0U);
}

TEST(Merge, one_port_for_several_components_takes_each) {
    const auto merged = [](Component a, Component b) {
        auto first = owned(1, Constraint::any), second = owned(2, Constraint::any);
        first.claim.component = a;
        second.claim.component = b;
        first.claim.conformance = second.claim.conformance = Conformance::enforce;
        second.claim.is_media_checked = b != Component::other;
        return merge({first, second});
    };
    EXPECT_EQ(merged(Component::rtp, Component::rtcp).component, Component::rtp_rtcp);
    EXPECT_EQ(merged(Component::udptl, Component::rtp).component, Component::rtp_udptl);
    EXPECT_EQ(merged(Component::rtp, Component::udptl).component, Component::rtp_udptl);
    EXPECT_EQ(merged(Component::rtp, Component::other).flags, PINHOLE_ZONE_SUBSTITUTES); // nothing is looked at
}

TEST(Merge, networks_of_different_zones_have_only_any_in_common) {
    auto other = owned(2, Constraint::networks);
    EXPECT_EQ(merge({owned(1, Constraint::networks), other}).constraint, Constraint::networks);
    other.claim.zone = 2;
    EXPECT_EQ(merge({owned(1, Constraint::networks), other}).constraint, Constraint::any);
}

TEST(Merge, takes_the_latest_deadline_and_a_soft_one_only_where_all_have_it) {
    auto a = owned(5, Constraint::peers), b = owned(7, Constraint::peers);
    a.soft_deadline = TimePoint(seconds(3));
    EXPECT_EQ(merge({a, b}).deadline, TimePoint(seconds(7)));
    EXPECT_FALSE(merge({a, b}).soft_deadline);
    b.soft_deadline = TimePoint(seconds(4));
    EXPECT_EQ(merge({a, b}).soft_deadline, TimePoint(seconds(4)));
}

TEST(Merge, only_the_offered_phase_is_rate_limited) {
    EXPECT_TRUE(merge({owned(1, Constraint::any, false)}).flags & PINHOLE_EARLY_RATE);
    EXPECT_FALSE(merge({owned(1, Constraint::any)}).flags & PINHOLE_EARLY_RATE);
}

TEST(Merge, names_six_peers_and_widens_at_the_seventh) {
    std::vector<OwnedClaim> owners;
    for (LegId leg = 1; leg <= PEERS_PER_SET; ++leg) owners.push_back(owned(leg, Constraint::peers));
    EXPECT_EQ(merge(owners).peers.size(), size_t{PEERS_PER_SET});
    owners.push_back(owned(PEERS_PER_SET + 1, Constraint::peers));
    EXPECT_EQ(merge(owners).constraint, Constraint::networks);
    for (OwnedClaim& owner : owners) owner.claim.zone_substitutes = false;
    EXPECT_EQ(merge(owners).constraint, Constraint::any_latched);
    EXPECT_TRUE(merge(owners).is_widened);
}

TEST(Merge, latches_what_was_widened_to_anyone_and_nothing_else) {
    std::vector<OwnedClaim> owners;
    for (LegId leg = 1; leg <= PEERS_PER_SET + 1; ++leg) owners.push_back(owned(leg, Constraint::peers));
    EXPECT_EQ(merge(owners).constraint, Constraint::networks);
    for (OwnedClaim& owner : owners) owner.claim.zone_substitutes = false;
    EXPECT_EQ(merge(owners).constraint, Constraint::any_latched);
    owners.push_back(owned(9, Constraint::any));
    EXPECT_EQ(merge(owners).constraint, Constraint::any); // somebody's wish, and no way out
}

TEST(Merge, is_ice_by_the_fragment_of_the_latest_owner_that_has_one) {
    auto a = owned(1, Constraint::peers), b = owned(2, Constraint::peers);
    EXPECT_FALSE(merge({a, b}).flags & PINHOLE_ICE);
    a.claim.ufrag_hash = 1;
    EXPECT_TRUE(merge({a, b}).flags & PINHOLE_ICE);
    EXPECT_EQ(merge({a, b}).ufrag_hash, 1U);
    b.claim.ufrag_hash = 2;
    EXPECT_EQ(merge({a, b}).ufrag_hash, 2U);
}

TEST(Merge, remembers_who_was_named_where_the_constraint_names_nobody) {
    const auto networks = owned(1, Constraint::networks);
    EXPECT_TRUE(merge({networks}).peers.empty());
    EXPECT_EQ(merge({networks}).named, networks.claim.peers);
}

TEST(Merge, adds_up_payload_types) {
    auto a = owned(1, Constraint::peers), b = owned(2, Constraint::peers);
    a.claim.payload_types = PayloadTypes().set(0).set(8).set(101);
    b.claim.payload_types = PayloadTypes().set(8).set(9);
    EXPECT_EQ(merge({a, b}).payload_types, PayloadTypes().set(0).set(8).set(9).set(101));
    b.claim.payload_types = any_payload_type;
    EXPECT_EQ(merge({a, b}).payload_types, any_payload_type);
}

} // namespace
} // namespace ringwall::pinhole

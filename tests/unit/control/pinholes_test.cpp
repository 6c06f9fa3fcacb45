// SPDX-License-Identifier: Apache-2.0
// `pinholes`: every member that the design fixes, and what a refusal says.
#include "tests/unit/control/made_up.hpp"

namespace ringwall::control {
namespace {

TEST(Pinholes, have_every_member_that_the_design_fixes) {
    pinhole::Present present;
    present.pinholes = {hole("192.0.2.10", 40000, {})};
    present.pinholes[0].value.packets = 250;
    present.pinholes[0].value.bytes = 43000;
    present.dialogs = {{7, dialog("abc@host", {})}};
    const json::value entry = only(pinholes(present, {}, view(), now));
    EXPECT_EQ(entry.at("local"), "192.0.2.10:40000");
    EXPECT_EQ(entry.at("proto"), "udp");
    EXPECT_EQ(entry.at("component"), "rtp");
    EXPECT_EQ(entry.at("phase"), "answered");
    EXPECT_EQ(entry.at("constraint"), "negotiated");
    EXPECT_EQ(entry.at("peers"), json::array{"198.51.100.7:30000"});
    EXPECT_EQ(entry.at("call_id"), "abc@host");
    EXPECT_EQ(entry.at("packets").to_number<int>(), 250);
    EXPECT_EQ(entry.at("bytes").to_number<int>(), 43000);
    EXPECT_DOUBLE_EQ(entry.at("expires_in").as_double(), 117.2);
    EXPECT_EQ(entry.at("refused").to_number<int>(), 0);
    EXPECT_TRUE(entry.at("idle").is_null());
}

TEST(Pinholes, write_ipv6_in_brackets) {
    pinhole::PresentPinhole v6 = hole("2001:db8::1", 40000, {});
    v6.peers.peer[0] = peer("2001:db8:2::7", 30000);
    const json::value entry = only_hole(v6);
    EXPECT_EQ(entry.at("local"), "[2001:db8::1]:40000");
    EXPECT_EQ(entry.at("peers"), json::array{"[2001:db8:2::7]:30000"});
}

TEST(Pinholes, name_every_component_phase_and_constraint) {
    const auto component = [](uint32_t c) { return only_hole(hole("192.0.2.1", 1, {.component = c})).at("component"); };
    EXPECT_EQ(component(COMPONENT_RTCP), "rtcp");
    EXPECT_EQ(component(COMPONENT_RTP_RTCP), "rtp+rtcp");
    EXPECT_EQ(component(COMPONENT_UDPTL), "udptl");
    EXPECT_EQ(component(COMPONENT_OTHER), "other");
    const auto phase = [](uint32_t p) { return only_hole(hole("192.0.2.1", 1, {.phase = p})).at("phase"); };
    EXPECT_EQ(phase(PHASE_OFFERED), "offered");
    EXPECT_EQ(phase(PHASE_HELD), "held");
    EXPECT_EQ(phase(PHASE_DRAINING), "draining");
    EXPECT_EQ(phase(PHASE_CLOSED), "closed");
    const auto constraint = [](uint32_t c) {
        return only_hole(hole("192.0.2.1", 1, {.constraint = c})).at("constraint");
    };
    EXPECT_EQ(constraint(CONSTRAINT_ANY), "any");
    EXPECT_EQ(constraint(CONSTRAINT_NETWORKS), "networks");
    EXPECT_EQ(constraint(CONSTRAINT_ADDRESSES), "strict");
}

TEST(Pinholes, that_have_drained_are_closed_as_the_kernel_sees_them) {
    auto drained = hole("192.0.2.1", 40000, {.phase = PHASE_DRAINING});
    drained.value.deadline_ns = now_ns + 1;
    EXPECT_EQ(only_hole(drained).at("phase"), "draining");
    drained.value.deadline_ns = now_ns;
    EXPECT_EQ(only_hole(drained).at("phase"), "closed");
    EXPECT_DOUBLE_EQ(only_hole(drained).at("expires_in").as_double(), 0);
}

TEST(Pinholes, of_an_offer_end_where_it_is_given_up) {
    auto offered = hole("192.0.2.1", 40000, {.phase = PHASE_OFFERED});
    const auto left = [&] { return only_hole(offered).at("expires_in").as_double(); };
    const double at_most = left();
    offered.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second + 38);
    EXPECT_LT(left(), 39);
    EXPECT_GT(left(), 36);
    offered.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second - 1); // past it, 30 s of silence
    offered.value.last_in_ns = now_ns - 10 * second;
    EXPECT_DOUBLE_EQ(left(), 20);
    offered.value.last_out_ns = now_ns - second;
    EXPECT_DOUBLE_EQ(left(), 29);
    offered.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second + 2); // which nothing makes shorter
    EXPECT_DOUBLE_EQ(left(), 29);
    offered.value.last_in_ns = offered.value.last_out_ns = now_ns - 40 * second;
    offered.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second - 1);
    EXPECT_DOUBLE_EQ(left(), 0);
    offered.value.ctl = Ctl{}.word();
    offered.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second + 38); // Session-Expires of an answered one
    EXPECT_DOUBLE_EQ(left(), at_most);
}

TEST(Pinholes, are_asleep_after_their_idle_limit_and_sooner_past_their_soft_deadline) {
    auto quiet = hole("192.0.2.1", 40000, {});
    quiet.value.idle_s = 300;
    const auto is_asleep = [&](uint64_t seconds_ago) {
        quiet.value.last_out_ns = now_ns - seconds_ago * second;
        return only_hole(quiet).at("asleep").as_bool();
    };
    EXPECT_FALSE(is_asleep(300));
    EXPECT_TRUE(is_asleep(301));
    quiet.value.last_in_ns = now_ns - second; // media either way keeps it awake
    EXPECT_FALSE(is_asleep(301));
    quiet.value.last_in_ns = 0;
    quiet.value.soft_deadline_s = static_cast<uint32_t>(now_ns / second);
    EXPECT_FALSE(is_asleep(IDLE_AFTER_SOFT_DEADLINE_S));
    EXPECT_TRUE(is_asleep(IDLE_AFTER_SOFT_DEADLINE_S + 1));
    quiet.value.ctl = Ctl{.phase = PHASE_DRAINING}.word();
    EXPECT_FALSE(is_asleep(301));
}

TEST(Pinholes, name_peers_only_where_peers_decide) {
    for (const uint32_t constraint : {CONSTRAINT_ANY, CONSTRAINT_NETWORKS})
        EXPECT_TRUE(only_hole(hole("192.0.2.1", 1, {.constraint = constraint})).at("peers").as_array().empty());
    auto crowd = hole("192.0.2.1", 1, {});
    crowd.peers.count = PEERS_PER_SET + 1; // a count that the array does not have is not followed
    EXPECT_EQ(only_hole(crowd).at("peers").as_array().size(), size_t{PEERS_PER_SET});
}

TEST(Pinholes, tell_how_long_they_have_been_idle_in_either_direction) {
    auto heard = hole("192.0.2.1", 1, {});
    heard.value.last_in_ns = now_ns - 30 * second;
    heard.value.last_out_ns = now_ns - 2 * second;
    EXPECT_DOUBLE_EQ(only_hole(heard).at("idle").as_double(), 2);
}

json::value last_refused(const Ctl& ctl, const struct refusal& refusal) {
    const auto refused = hole("192.0.2.10", 40000, ctl);
    return only_hole(refused, {{refused.key, refusal}}).at("last_refused");
}

TEST(Refusals, say_who_came_why_not_and_when) {
    const json::value last = last_refused({}, refused_from("203.0.113.9"));
    EXPECT_EQ(last.at("source"), "203.0.113.9:4000");
    EXPECT_EQ(last.at("reason"), "wrong_source");
    EXPECT_FALSE(last.at("sentence").as_string().empty());
    EXPECT_DOUBLE_EQ(last.at("ago").as_double(), 3);
}

TEST(Refusals, name_the_setting_that_would_allow_the_source) {
    EXPECT_EQ(last_refused({}, refused_from("203.0.113.9")).at("mend"),
              "if it is theirs, add 203.0.113.9 to the networks of peer provider");
    EXPECT_EQ(last_refused({}, refused_from("198.51.100.200")).at("mend"),
              "set expectation: networks for peer provider");
    EXPECT_EQ(last_refused({.zone = 0}, refused_from("203.0.113.9")).at("mend"),
              "if this source is the other party's media, declare a peer with the networks of both, its SIP and its "
              "media; whoever is no peer then needs a zone with sip: yes");
    EXPECT_EQ(last_refused({}, refused_from("198.51.100.200", REASON_rtp_injection)).at("mend"),
              "set expectation: networks for peer provider");
    EXPECT_EQ(last_refused({.zone = 0}, refused_from("203.0.113.9", REASON_rtp_bleed)).at("mend"),
              "if this source is the other party's media, declare a peer with the networks of both, its SIP and its "
              "media; whoever is no peer then needs a zone with sip: yes");
    EXPECT_EQ(last_refused({}, refused_from("198.51.100.7", REASON_early_rate)).at("mend"), "");
    EXPECT_EQ(last_refused({}, refused_from("198.51.100.7", REASON_wrong_ssrc)).at("mend"), ""); // counted only
}

TEST(Refusals, are_told_apart_from_what_passed_and_was_only_counted) {
    auto counted = refused_from("198.51.100.7", REASON_wrong_payload_type);
    counted.nonconformant = 9;
    counted.last_passed = 1;
    const auto refused = hole("192.0.2.10", 40000, {});
    const auto entry = only_hole(refused, {{refused.key, counted}});
    EXPECT_EQ(entry.at("refused").to_number<int>(), 3);
    EXPECT_EQ(entry.at("nonconformant").to_number<int>(), 9);
    EXPECT_TRUE(entry.at("last_refused").at("passed").as_bool());
}

TEST(Refusals, of_other_holes_are_not_told_here) {
    const auto entry =
        only_hole(hole("192.0.2.10", 40000, {}), {{key("192.0.2.10", 40002), refused_from("203.0.113.9")}});
    EXPECT_EQ(entry.at("refused").to_number<int>(), 0);
    EXPECT_FALSE(entry.as_object().contains("last_refused"));
}

} // namespace
} // namespace ringwall::control

// SPDX-License-Identifier: Apache-2.0
// The documents, from made-up map contents: every member that the design fixes, and what a refusal says.
#include "agent/control/report.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::control {
namespace {

namespace json = boost::json;
using Refusals = std::vector<std::pair<struct pinhole_key, struct refusal>>;

constexpr uint64_t second = 1'000'000'000;
constexpr uint64_t now_ns = 1000 * second;
const Now now{std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now_ns)), 1'800'000'000};

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

const policy::View& view() {
    static const policy::View made(
        *policy::read("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"
                      "peers: [{ name: provider, networks: [198.51.100.0/24] }]\n"),
        policy::Facts{});
    return made;
}

struct pinhole_key key(std::string_view local, uint16_t port) {
    return {address(local).abi(), uint32_t{port} << 16 | static_cast<uint32_t>(Protocol::udp)};
}

struct peer peer(std::string_view remote, uint16_t port) { return Endpoint{address(remote), Port{port}}.abi(); }

struct Ctl {
    uint32_t phase = PHASE_ANSWERED, constraint = CONSTRAINT_PEERS, component = COMPONENT_RTP, zone = 1, media = 0;
    uint64_t word() const {
        return uint64_t{phase} << CTL_PHASE_SHIFT | uint64_t{constraint} << CTL_CONSTRAINT_SHIFT |
               uint64_t{component} << CTL_COMPONENT_SHIFT | uint64_t{zone} << CTL_ZONE_SHIFT |
               uint64_t{media} << CTL_MEDIA_SHIFT;
    }
};

pinhole::PresentPinhole hole(std::string_view local, uint16_t port, const Ctl& ctl, uint64_t leg = 7) {
    pinhole::PresentPinhole hole = {};
    hole.key = key(local, port);
    hole.value.ctl = ctl.word();
    hole.value.deadline_ns = now_ns + 117 * second + 234'000'000;
    hole.value.owner = leg;
    hole.peers.count = 1;
    hole.peers.peer[0] = peer("198.51.100.7", 30000);
    return hole;
}

struct dialog_record dialog(std::string_view call_id, std::vector<struct pinhole_key> claims) {
    struct dialog_record record = {};
    record.state = DIALOG_CONFIRMED;
    record.started_s = 1'799'999'000;
    record.outside = peer("198.51.100.1", 5060);
    call_id.copy(record.call_id, sizeof record.call_id);
    std::string_view("sip:alice@example.net").copy(record.from, sizeof record.from);
    std::string_view("sip:bob@example.com").copy(record.to, sizeof record.to);
    record.claim_count = static_cast<uint8_t>(claims.size());
    for (size_t i = 0; i < claims.size(); ++i) record.claims[i].key = claims[i];
    return record;
}

json::value only(const json::value& list) {
    EXPECT_EQ(list.as_array().size(), 1U);
    return list.as_array().at(0);
}

json::value only_hole(const pinhole::PresentPinhole& hole, const Refusals& refusals = {}) {
    pinhole::Present present;
    present.pinholes = {hole};
    return only(pinholes(present, refusals, view(), now));
}

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

struct refusal refused_from(std::string_view source, uint16_t reason = REASON_wrong_source) {
    struct refusal refusal = {};
    refusal.count = 12;
    refusal.last_ns = now_ns - 3 * second;
    refusal.last_source = peer(source, 4000);
    refusal.last_reason = reason;
    return refusal;
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

TEST(Calls, have_every_member_that_the_design_fixes) {
    pinhole::Present present;
    present.pinholes = {hole("192.0.2.10", 40000, {}), hole("192.0.2.10", 40001, {.component = COMPONENT_RTCP}),
                        hole("192.0.2.10", 40002, {}, 8)};
    present.dialogs = {{7, dialog("abc@host", {present.pinholes[0].key, present.pinholes[1].key})}};
    const json::value call =
        only(calls(present, {{present.pinholes[1].key, refused_from("203.0.113.9")}}, view(), now));
    EXPECT_EQ(call.at("call_id"), "abc@host");
    EXPECT_EQ(call.at("state"), "confirmed");
    EXPECT_EQ(call.at("direction"), "inbound");
    EXPECT_EQ(call.at("from"), "sip:alice@example.net");
    EXPECT_EQ(call.at("to"), "sip:bob@example.com");
    EXPECT_EQ(call.at("peer"), "provider");
    EXPECT_EQ(call.at("started").to_number<int64_t>(), 1'799'999'000);
    EXPECT_EQ(call.at("refused").to_number<int>(), 12);
    ASSERT_EQ(call.at("pinholes").as_array().size(), 2U);
    EXPECT_EQ(call.at("pinholes").as_array()[1].at("local"), "192.0.2.10:40001");
}

TEST(Calls, show_a_hole_under_each_leg_that_claims_it) {
    pinhole::Present present;
    present.pinholes = {hole("192.0.2.10", 40000, {})};
    present.dialogs = {{7, dialog("abc", {present.pinholes[0].key})}, {8, dialog("abc", {present.pinholes[0].key})}};
    const json::value list = calls(present, {}, view(), now);
    for (const json::value& call : list.as_array()) EXPECT_EQ(call.at("pinholes").as_array().size(), 1U);
}

TEST(Calls, name_the_states_the_direction_and_a_party_without_zone) {
    pinhole::Present present;
    present.dialogs = {{1, dialog("a", {})}};
    struct dialog_record& record = present.dialogs[0].second;
    record.state = DIALOG_EARLY;
    record.flags = DIALOG_BEGUN_INSIDE;
    record.outside = peer("2001:db8::9", 5060);
    const json::value early = only(calls(present, {}, view(), now));
    EXPECT_EQ(early.at("state"), "early");
    EXPECT_EQ(early.at("direction"), "outbound");
    EXPECT_EQ(early.at("peer"), "[2001:db8::9]:5060");
    record.state = DIALOG_ENDING;
    EXPECT_EQ(only(calls(present, {}, view(), now)).at("state"), "ending");
}

TEST(Calls, show_full_and_unreadable_call_ids) {
    pinhole::Present present;
    present.dialogs = {{1, dialog(std::string(CALL_ID_BYTES, 'x'), {})}};
    EXPECT_EQ(only(calls(present, {}, view(), now)).at("call_id").as_string().size(), size_t{CALL_ID_BYTES});
    present.dialogs = {{1, dialog("\xff\"", {})}};
    const std::string serialized = json::serialize(calls(present, {}, view(), now));
    EXPECT_EQ(json::parse(serialized).at(0).at("call_id"), "\xef\xbf\xbd\"");
}

TEST(Calls, follow_no_more_claims_than_a_record_holds) {
    pinhole::Present present;
    present.dialogs = {{1, dialog("a", {})}};
    present.dialogs[0].second.claim_count = 255;
    EXPECT_TRUE(only(calls(present, {}, view(), now)).at("pinholes").as_array().empty());
}

TEST(Calls, come_oldest_first) {
    pinhole::Present present;
    present.dialogs = {{1, dialog("young", {})}, {2, dialog("old", {})}};
    present.dialogs[0].second.started_ns = 2;
    present.dialogs[1].second.started_ns = 1;
    EXPECT_EQ(calls(present, {}, view(), now).at(0).at("call_id"), "old");
}

TEST(StatusDocument, tells_what_runs_and_what_was_decided) {
    Status status;
    status.version = "0.1.0";
    status.pid = 42;
    status.started_s = now.realtime_s - 60;
    status.pins_path = "/sys/fs/bpf/ringwall";
    status.pins_error = "in the way";
    status.http_error = "in use";
    status.interfaces = {{"eth0", 2, "tcx", "tcx", "outside", "its driver has no native XDP"}};
    status.reasons = {{REASON_pinhole_rtp, {10, 2000}}, {REASON_no_pinhole, {3, 600}}, {95, {1, 1}}};
    status.events.assign(EVENT_COUNT, 0);
    status.events[EVENT_mirrored] = 5;
    status.core = {{"sip.defect", 1}};
    status.pinholes_capacity = 65536;
    status.census.pinholes = {0, 1, 2, 4, 8, 16};
    status.census.calls = {0, 1, 2, 4, 8};
    status.config_error = "f:1:1: wrong";
    const json::value document = control::status(status, view(), now);
    EXPECT_EQ(document.at("mode"), "enforce");
    EXPECT_EQ(document.at("uptime").to_number<int>(), 60);
    EXPECT_EQ(document.at("interfaces").at(0).at("ingress"), "tcx");
    EXPECT_EQ(document.at("interfaces").at(0).at("role"), "outside");
    EXPECT_EQ(document.at("interfaces").at(0).at("why"), "its driver has no native XDP");
    EXPECT_EQ(document.at("pins").at("path"), "/sys/fs/bpf/ringwall");
    EXPECT_EQ(document.at("pins").at("error"), "in the way");
    EXPECT_EQ(document.at("http").at("listen"), "127.0.0.1:10560");
    EXPECT_EQ(document.at("http").at("error"), "in use");
    ASSERT_EQ(document.at("verdicts").as_array().size(), 2U); // number 95 is no reason
    EXPECT_EQ(document.at("verdicts").at(0).at("verdict"), "pass");
    EXPECT_EQ(document.at("verdicts").at(1).at("verdict"), "drop");
    EXPECT_EQ(document.at("verdicts").at(1).at("packets").to_number<int>(), 3);
    EXPECT_EQ(document.at("events").at(EVENT_mirrored).at("event"), "mirrored");
    EXPECT_EQ(document.at("events").at(EVENT_mirrored).at("count").to_number<int>(), 5);
    EXPECT_EQ(document.at("core").at("sip.defect").to_number<int>(), 1);
    EXPECT_EQ(document.at("pinholes").to_number<int>(), 31);
    EXPECT_EQ(document.at("calls").to_number<int>(), 7); // ended ones are none
    EXPECT_EQ(document.at("config").at("error"), "f:1:1: wrong");
}

} // namespace
} // namespace ringwall::control

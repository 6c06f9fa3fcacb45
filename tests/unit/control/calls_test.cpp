// SPDX-License-Identifier: Apache-2.0
// `calls` and `status`: every member that the design fixes.
#include "tests/unit/control/made_up.hpp"

namespace ringwall::control {
namespace {

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
    status.http_listen = "127.0.0.1:10560";
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

TEST(StatusDocument, counts_what_came_since_the_configuration_was_loaded) {
    Status status;
    status.events.assign(EVENT_COUNT, 0);
    status.events[EVENT_return_path_quota] = 44;
    status.events[EVENT_opaque_full] = 3;
    status.core = {{"media_elsewhere", 7}};
    const auto count = [&](const char* label) {
        const json::value document = control::status(status, view(), now);
        return document.at("config").at("since_loaded").at(label).to_number<int>();
    };
    EXPECT_EQ(count("return_path_quota"), 44);
    EXPECT_EQ(count("media_elsewhere"), 7);
    status.events_at_load.assign(EVENT_COUNT, 0);
    status.events_at_load[EVENT_return_path_quota] = 40;
    status.core_at_load = {{"media_elsewhere", 7}};
    EXPECT_EQ(count("return_path_quota"), 4);
    EXPECT_EQ(count("opaque_full"), 3);
    EXPECT_EQ(count("media_elsewhere"), 0);
}

} // namespace
} // namespace ringwall::control

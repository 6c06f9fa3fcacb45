// SPDX-License-Identifier: Apache-2.0
// The text that Prometheus reads, from made-up values: every reason and event is in it, and nothing that outsiders say.
#include "agent/control/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

using testing::HasSubstr;
using testing::Not;

policy::View view(const std::string& mode = "enforce") {
    return {*policy::read("version: 1\nmode: " + mode +
                          "\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"),
            policy::Facts{}};
}

Interface interface(const char* name, const char* ingress, const char* role = "outside") {
    return {.name = name, .ifindex = 2, .ingress = ingress, .egress = "tcx", .role = role};
}

TEST(Metrics, have_every_reason_before_its_first_packet) {
    Status status;
    status.reasons = {{REASON_no_pinhole, {3, 600}}, {95, {1, 1}}};
    const std::string text = metrics(status, {}, view());
    for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
        const auto reason = reason_text(number);
        if (reason.label.empty()) continue;
        const std::string packets = number == REASON_no_pinhole ? "3" : "0";
        EXPECT_THAT(text, HasSubstr("reason=\"" + std::string(reason.label) + "\"} " + packets + "\n"));
    }
    EXPECT_THAT(text, HasSubstr("ringwall_bytes_total{direction=\"in\",verdict=\"drop\",reason=\"no_pinhole\"} 600\n"));
    EXPECT_THAT(text, HasSubstr("{direction=\"out\",verdict=\"pass\",reason=\"out_media\"} 0\n"));
}

TEST(Metrics, have_every_event_and_counter_that_the_code_has) {
    Status status;
    status.events.assign(EVENT_COUNT, 7);
    status.core = {{"calls_answered", 2}, {"sip_defect_bad_via", 3}, {"sdp_defect_bad_line", 4}};
    const std::string text = metrics(status, {}, view());
    EXPECT_THAT(text, HasSubstr("ringwall_datapath_events_total{event=\"mirrored\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_datapath_events_total{event=\"refused_together\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_agent_events_total{event=\"calls_answered\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_sip_defects_total{defect=\"bad_via\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_sdp_defects_total{defect=\"bad_line\"} 4\n"));
    EXPECT_THAT(text, Not(HasSubstr("event=\"sip_defect")));
}

TEST(Metrics, count_calls_by_state_and_pinholes_by_phase) {
    Status status;
    status.census.calls[DIALOG_CONFIRMED] = 5;
    status.census.calls[DIALOG_ENDED] = 9; // no longer calls
    status.census.pinholes[PHASE_CLOSED] = 6;
    Measured measured;
    measured.bans = 11;
    const std::string text = metrics(status, measured, view());
    EXPECT_THAT(text, HasSubstr("ringwall_calls{state=\"confirmed\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_calls{state=\"early\"} 0\n"));
    EXPECT_THAT(text, Not(HasSubstr("state=\"ended\"")));
    EXPECT_THAT(text, HasSubstr("ringwall_pinholes{phase=\"closed\"} 6\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_bans 11\n"));
}

TEST(Metrics, tell_the_mode_the_reload_and_the_interfaces) {
    Status status;
    status.config_error = "f:1:1: wrong";
    status.interfaces = {interface("eth0", "xdp native"), interface("a\"b\xff", "none"), interface("eth2", "tcx")};
    status.interfaces.back().egress = "none";
    const std::string text = metrics(status, {}, view("monitor"));
    EXPECT_THAT(text, HasSubstr("ringwall_mode{mode=\"enforce\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_mode{mode=\"monitor\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_config_last_reload_successful 0\n"));
    EXPECT_THAT(text, HasSubstr("interface=\"eth0\",role=\"outside\",ingress=\"xdp native\",egress=\"tcx\"} 1\n"));
    EXPECT_THAT(text,
                HasSubstr("interface=\"a\\\"b\xef\xbf\xbd\",role=\"outside\",ingress=\"none\",egress=\"tcx\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("interface=\"eth2\",role=\"outside\",ingress=\"tcx\",egress=\"none\"} 0\n"));
}

TEST(Metrics, take_a_watched_loopback_for_attached_by_its_way_out) {
    Status status;
    status.interfaces = {interface("lo", "none", "watch"), interface("eth1", "none", "watch")};
    status.interfaces.front().ifindex = 1;
    EXPECT_THAT(metrics(status, {}, view()),
                HasSubstr("interface=\"lo\",role=\"watch\",ingress=\"none\",egress=\"tcx\"} 1\n"));
    EXPECT_THAT(metrics(status, {}, view()),
                HasSubstr("interface=\"eth1\",role=\"watch\",ingress=\"none\",egress=\"tcx\"} 0\n"));
    status.interfaces.front().egress = "none";
    EXPECT_THAT(metrics(status, {}, view()),
                HasSubstr("interface=\"lo\",role=\"watch\",ingress=\"none\",egress=\"none\"} 0\n"));
}

TEST(Metrics, tell_of_lists_and_names_as_the_configuration_has_them) {
    Status status;
    status.lists = {{.path = "/etc/a", .kind = "deny", .prefixes = 7, .loaded_s = 5, .trouble = ""},
                    {.path = "/etc/b", .kind = "feed", .trouble = "is gone"}};
    status.names = {
        {.peer = "provider", .name = "sip.example", .addresses = {*IpAddress::parse("192.0.2.1")}, .failures = 2}};
    const std::string text = metrics(status, {}, view());
    EXPECT_THAT(text, HasSubstr("ringwall_list_prefixes{list=\"/etc/a\",kind=\"deny\"} 7\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_list_current{list=\"/etc/a\",kind=\"deny\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_list_current{list=\"/etc/b\",kind=\"feed\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_name_addresses{peer=\"provider\",name=\"sip.example\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_name_failures_total{peer=\"provider\",name=\"sip.example\"} 2\n"));
}

TEST(Metrics, sum_up_delays_from_bucket_to_bucket) {
    Measured measured;
    for (const double seconds : {40e-6, 50e-6, 51e-6, 0.25, 0.26}) measured.delays.note(seconds);
    const std::string text = metrics({}, measured, view());
    EXPECT_THAT(text, HasSubstr("_bucket{le=\"5e-05\"} 2\n")); // its bound belongs to a bucket
    EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.0001\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.25\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("_bucket{le=\"+Inf\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("ringwall_pinhole_delay_seconds_count 5\n"));
}

TEST(Ready, needs_an_outside_interface_every_one_attached_and_all_pins) {
    Status status;
    EXPECT_EQ(unready(status), "no outside interface is there\n");
    status.interfaces = {interface("lo", "none", "watch")};
    EXPECT_EQ(unready(status), "no outside interface is there\n");
    status.interfaces.push_back(interface("eth0", "tcx"));
    EXPECT_EQ(unready(status), "");
    status.interfaces.push_back(interface("eth1", "none"));
    EXPECT_EQ(unready(status), "eth1: not attached\n");
    status.interfaces.back().ingress = "tcx";
    EXPECT_EQ(unready(status), "");
    status.interfaces.back().egress = "none";
    EXPECT_EQ(unready(status), "eth1: not attached\n");
    status.interfaces.back() = {
        .name = "ppp0", .ifindex = 0, .ingress = "none", .egress = "none", .role = "outside", .why = {}};
    EXPECT_EQ(unready(status), "") << "one that is away beside one that is guarded";
    status.interfaces = {status.interfaces.back()};
    EXPECT_EQ(unready(status), "no outside interface is there\n");
    status.interfaces = {interface("eth0", "tcx")};
    status.pins_error = "/sys/fs/bpf/ringwall/maps/pinholes is none of this wall";
    EXPECT_EQ(unready(status), "pins are missing: /sys/fs/bpf/ringwall/maps/pinholes is none of this wall\n");
}

} // namespace
} // namespace ringwall::control

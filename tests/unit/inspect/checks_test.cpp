// SPDX-License-Identifier: Apache-2.0
// Each check of a healthy machine, and of one that has the fault.
#include "agent/inspect/checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

namespace ringwall::inspect {
namespace {

namespace json = boost::json;

policy::View policy_of(const std::string& more = {}, const std::string& networks = "[192.0.2.0/24]") {
    auto config = policy::read("version: 1\noutside: [eth0]\nprotect: { networks: " + networks +
                               ", media_ports: 10000-20000 }\n" + more);
    EXPECT_TRUE(config);
    return {config.value_or(policy::Config{}), {}};
}

Listener bound(Protocol protocol, const std::string& local) {
    return {*Endpoint::parse(local), protocol, 4710, {}, {}};
}

Listener bound(Protocol protocol, const std::string& local, int owner, const std::string& program) {
    return {*Endpoint::parse(local), protocol, 4711, {owner}, program};
}

Patient healthy() {
    Patient patient;
    patient.kernel = "6.1.0-18-amd64";
    patient.own = {*IpAddress::parse("192.0.2.10")};
    patient.listeners = {bound(Protocol::udp, "192.0.2.10:5060"), bound(Protocol::tcp, "0.0.0.0:5060"),
                         bound(Protocol::tcp, "0.0.0.0:5061"),    bound(Protocol::tcp, "0.0.0.0:22"),
                         bound(Protocol::udp, "127.0.0.1:10053"), bound(Protocol::udp, "192.0.2.10:10066")};
    patient.pinholes = {{Protocol::udp, *Endpoint::parse("192.0.2.10:10066")}};
    patient.missed = {{"eth0", 0}};
    patient.now_s = 1'800'000'000;
    patient.policy = policy_of();
    patient.status = json::parse(R"({"mode": "enforce", "pinholes": 8, "pinholes_capacity": 100,
        "interfaces": [{"name": "eth0", "ifindex": 2, "role": "outside", "ingress": "xdp native", "egress": "tcx", "why": ""}],
        "config": {"loaded": 1700000000, "error": "", "since_loaded": {"media_port_unguarded": 0}}, "lists": [], "names": [],
        "events": [{"event": "lost_known", "count": 4}, {"event": "return_path_quota", "count": 5}, {"event": "opaque_full", "count": 6}],
        "core": {"media_port_unguarded": 7, "media_elsewhere": 8, "media_elsewhere_refused": 9}})");
    return patient;
}

struct Case {
    const char* check;
    const char* words;
    std::function<void(Patient&)> seed;
};

json::object& status(Patient& patient) { return patient.status->as_object(); }
json::object& since_loaded(Patient& patient) {
    return status(patient)["config"].as_object()["since_loaded"].as_object();
}
json::object& interface(Patient& patient) { return status(patient)["interfaces"].as_array()[0].as_object(); }

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"kernel", "5.10.0", [](Patient& p) { p.kernel = "5.10.0-28-amd64"; }},
        {"bpf", "type information", [](Patient& p) { p.has_btf = false; }},
        {"bpf", "file system", [](Patient& p) { p.has_bpffs = false; }},
        {"pins", "map version", [](Patient& p) { p.pin_trouble = "the wall has map version 4"; }},
        {"pins", "filters of one whose pins have gone refuse packets on eth0, eth1",
         [](Patient& p) { p.left_filters = "eth0, eth1"; }},
        {"pins", "none of this wall",
         [](Patient& p) { status(p)["pins"] = json::object{{"error", "maps/known is none of this wall"}}; }},
        {"agent", "no agent", [](Patient& p) { p.status.reset(); }},
        {"agent", "was not asked: /run/x: permission denied",
         [](Patient& p) {
             p.status.reset();
             p.socket_trouble = "/run/x: permission denied";
         }},
        {"config", "expected", [](Patient& p) { p.config_trouble = "a:1:1: mode: expected enforce"; }},
        {"config", "a:4:1: no peers", [](Patient& p) { p.config_warnings = {{4, 1, "no peers", "a"}}; }},
        {"reload", "refused", [](Patient& p) { status(p)["config"].as_object()["error"] = "a:1:1: no"; }},
        {"reload", "conf.d/b.yaml has changed", [](Patient& p) { p.changed_file = "conf.d/b.yaml"; }},
        {"interfaces", "not attached", [](Patient& p) { interface(p)["ingress"] = "none"; }},
        {"interfaces", "not attached", [](Patient& p) { interface(p)["egress"] = "none"; }},
        {"interfaces", "generic", [](Patient& p) { interface(p)["ingress"] = "xdp generic"; }},
        {"interfaces", "no native XDP", [](Patient& p) { interface(p)["why"] = "its driver has no native XDP"; }},
        {"interfaces", "stranger",
         [](Patient& p) {
             interface(p)["why"] = "a stranger's program is there";
             p.policy = policy_of("attach: dispatcher\n");
         }},
        {"interfaces", "no outside interface", [](Patient& p) { status(p)["interfaces"] = json::array{}; }},
        {"interfaces", "ib0 is not attached, and nothing is filtered there: its frames",
         [](Patient& p) { p.left_out = {{"ib0", false, kernel::LeftOut::Why::unreadable, ""}}; }},
        {"interfaces", "ib0 is not watched: its frames",
         [](Patient& p) { p.left_out = {{"ib0", true, kernel::LeftOut::Why::unreadable, ""}}; }},
        {"interfaces", "vrf0 is not attached, and nothing is filtered there: it is a VRF",
         [](Patient& p) { p.left_out = {{"vrf0", false, kernel::LeftOut::Why::without_packets, "eth1"}}; }},
        {"interfaces", "eth1 is not watched: eth1.100, which is outside, stands above it",
         [](Patient& p) { p.left_out = {{"eth1", true, kernel::LeftOut::Why::outside_above, "eth1.100"}}; }},
        {"interfaces", "bond0 is not watched: eth1, which is outside, stands below it",
         [](Patient& p) { p.left_out = {{"bond0", true, kernel::LeftOut::Why::outside_below, "eth1"}}; }},
        {"interfaces", "br0 and eth1 below it are both attached", [](Patient& p) { p.twice = {{"br0", "eth1"}}; }},
        {"interfaces", "on eth0 the wall does not see what is accepted by u32 (pref 1)",
         [](Patient& p) { p.before = {{"eth0", "u32 (pref 1)"}}; }},
        {"interfaces", "no interface eth0", [](Patient& p) { interface(p)["name"] = "eth1"; }},
        {"interfaces", "no outside interface", [](Patient& p) { interface(p)["ifindex"] = 0; }},
        {"mode", "monitor", [](Patient& p) { status(p)["mode"] = "monitor"; }},
        {"sip_helper", "nf_conntrack_sip", [](Patient& p) { p.modules = {"nf_conntrack", "nf_conntrack_sip"}; }},
        {"media_ports", "10067", [](Patient& p) { p.listeners.push_back(bound(Protocol::udp, "192.0.2.10:10067")); }},
        {"media_ports", "20000", [](Patient& p) { p.listeners.push_back(bound(Protocol::udp, "0.0.0.0:20000")); }},
        {"media_ports", "gives ports 19000-20000, of protect.media_ports, to any program",
         [](Patient& p) { p.chosen = {{{1024}, {9999}}, {{19000}, {30000}}}; }},
        {"media_ports", "10067 is bound in the media range by named (process 9), and no call or rule",
         [](Patient& p) {
             p.listeners.push_back(bound(Protocol::udp, "192.0.2.10:5060", 8, "asterisk"));
             p.listeners.push_back(bound(Protocol::udp, "192.0.2.10:10067", 9, "named"));
         }},
        {"rtp_range", "outside", [](Patient& p) { since_loaded(p)["media_port_unguarded"] = 3; }},
        {"external", "192.0.2.10, in protect.external, is an address of this machine",
         [](Patient& p) {
             auto config = policy::read(
                 "version: 1\noutside: [eth0]\nprotect: { networks: [192.0.2.0/24], media_ports: "
                 "10000-20000, external: { 192.0.2.10: 192.0.2.11 } }\n");
             p.policy = policy::View(config.value_or(policy::Config{}), {});
         }},
        {"external", "neither protected", [](Patient& p) { since_loaded(p)["media_elsewhere"] = 3; }},
        {"external", "is refused (2 packets seen)",
         [](Patient& p) { since_loaded(p) = {{"media_elsewhere", 3}, {"media_elsewhere_refused", 2}}; }},
        {"sip_ports", "5080", [](Patient& p) { p.listeners.push_back(bound(Protocol::udp, "0.0.0.0:5080")); }},
        {"opaque_ports", "8089", [](Patient& p) { p.listeners.push_back(bound(Protocol::tcp, "0.0.0.0:8089")); }},
        {"protect", "198.51.100.9",
         [](Patient& p) { p.listeners.push_back(bound(Protocol::udp, "198.51.100.9:5060")); }},
        {"protect", "self, in protect.networks, stands for no address",
         [](Patient& p) {
             p.policy = policy_of({}, "[self]");
             p.own.clear();
             p.listeners.clear();
             p.pinholes.clear();
         }},
        {"lists", "gone",
         [](Patient& p) {
             status(p)["lists"] = json::parse(R"([{"path": "/x", "trouble": "gone", "broken_lines": 0}])");
         }},
        {"lists", "2 lines",
         [](Patient& p) { status(p)["lists"] = json::parse(R"([{"path": "/x", "trouble": "", "broken_lines": 2}])"); }},
        {"names", "sip.example",
         [](Patient& p) {
             status(p)["names"] =
                 json::parse(R"([{"peer": "p", "name": "sip.example", "addresses": [], "trouble": "x"}])");
         }},
        {"metrics", "no metrics and no health: listen on 127.0.0.1:10560: in use",
         [](Patient& p) {
             status(p)["http"] =
                 json::parse(R"({"listen":"127.0.0.1:10560","error":"listen on 127.0.0.1:10560: in use"})");
         }},
        {"tables", "pinholes", [](Patient& p) { status(p)["pinholes"] = 90; }},
        {"tables", "opaque_full", [](Patient& p) { since_loaded(p)["opaque_full"] = 1; }},
        {"ways_back", "44 packets from inside got no way back",
         [](Patient& p) { since_loaded(p)["return_path_quota"] = 44; }},
        {"losses", "lost_known", [](Patient& p) { since_loaded(p)["lost_known"] = 1; }},
        {"card", "eth0", [](Patient& p) { p.missed = {{"eth0", 1}}; }},
        {"clock", "time service",
         [](Patient& p) {
             p.is_clock_set = false;
             p.policy =
                 policy_of("rules: [{ allow: udp, to: any, ports: 10000, from: any, until: 2040-01-01T00:00:00Z }]\n");
         }},
    };
    return all;
}

Faults faults_of(const Patient& patient) {
    Faults all;
    for (const NamedCheck& each : all_checks())
        for (Fault& fault : each.check(patient)) all.push_back(std::move(fault));
    return all;
}

TEST(Checks, say_nothing_of_a_healthy_wall) {
    for (const Fault& fault : faults_of(healthy())) ADD_FAILURE() << fault.check << ": " << fault.what;
}

TEST(Checks, find_each_fault_and_nothing_else) {
    for (const Case& each : cases()) {
        SCOPED_TRACE(std::string(each.check) + ", " + each.words);
        Patient patient = healthy();
        each.seed(patient);
        const Faults found = faults_of(patient);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].check, each.check);
        EXPECT_NE(found[0].what.find(each.words), std::string::npos) << found[0].what;
        EXPECT_FALSE(found[0].mend.empty());
    }
}

// As a proxy without a media relay does all day, and every bridge and tunnel.
TEST(Checks, call_it_no_fault_where_the_inside_names_others_or_auto_takes_what_there_is) {
    for (const Case& each : cases()) {
        Patient patient = healthy();
        each.seed(patient);
        const std::string_view words = each.words;
        const bool is_hint = words == "neither protected" || words == "no native XDP" ||
                             words.starts_with("gives ports") || words.ends_with("(pref 1)") ||
                             std::string_view(each.check) == "ways_back";
        EXPECT_EQ(faults_of(patient).at(0).is_hint, is_hint) << each.check << ", " << each.words;
    }
}

TEST(Checks, name_the_directory_where_a_file_system_is_missing) {
    const auto mend = [](const std::string& pin_path) {
        Patient patient = healthy();
        patient.has_bpffs = false;
        patient.pin_path = pin_path;
        return faults_of(patient).at(0).mend;
    };
    EXPECT_EQ(mend("/sys/fs/bpf/ringwall"), "mount -t bpf bpf /sys/fs/bpf");
    EXPECT_EQ(mend("/sys/fs/bpf/walls/one"), "mount -t bpf bpf /sys/fs/bpf");
    EXPECT_EQ(mend("/run/bpf/other"), "mount -t bpf bpf /run/bpf");
}

TEST(Checks, miss_no_interface_whose_packets_another_one_has) {
    Patient patient = healthy();
    interface(patient)["name"] = "eth1";
    patient.left_out = {{"eth0", false, kernel::LeftOut::Why::seen_below, "eth1"},
                        {"wg0", true, kernel::LeftOut::Why::seen_below, "eth1"},
                        {"slave0", false, kernel::LeftOut::Why::seen_above, "bond0"}};
    EXPECT_TRUE(faults_of(patient).empty());
}

TEST(Checks, say_once_that_an_interface_is_there_and_not_attached) {
    Patient patient = healthy();
    interface(patient)["name"] = "eth1";
    patient.left_out = {{"eth0", false, kernel::LeftOut::Why::unreadable, ""}};
    const Faults found = faults_of(patient);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].what.find("eth0 is not attached"), std::string::npos) << found[0].what;
}

TEST(Checks, have_a_fault_each_here) {
    for (const NamedCheck& check : all_checks())
        EXPECT_TRUE(std::ranges::any_of(cases(), [&](const Case& each) { return each.check == check.name; }))
            << check.name;
}

TEST(Checks, leave_out_what_is_just_within) {
    Patient patient = healthy();
    patient.kernel = "6.1.0";
    patient.listeners.push_back(bound(Protocol::udp, "192.0.2.10:9999"));
    patient.listeners.push_back(bound(Protocol::udp, "192.0.2.10:20001"));
    patient.listeners.push_back(bound(Protocol::udp, "198.51.100.9:10067"));
    status(patient)["pinholes"] = 89;
    status(patient)["mode"] = "monitor";
    status(patient)["config"].as_object()["loaded"] = patient.now_s - 7 * 86400 + 1;
    patient.is_clock_set = false;
    patient.chosen = {{{1024}, {9999}}, {{20001}, {60999}}};
    for (const Fault& fault : faults_of(patient)) ADD_FAILURE() << fault.check << ": " << fault.what;
}

TEST(Checks, name_the_ports_that_a_resolver_should_leave_alone) {
    Patient patient = healthy();
    since_loaded(patient)["return_path_quota"] = 1;
    patient.policy = {policy::read("version: 1\noutside: [eth0]\n"
                                   "protect: { networks: [192.0.2.0/24], media_ports: [10000-20000, 4000] }\n")
                          .value_or(policy::Config{}),
                      {}};
    const Faults found = faults_of(patient);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].mend.find("ip_local_reserved_ports=10000-20000,4000,"), std::string::npos) << found[0].mend;
}

// A ringing telephone's port, one of a call over TLS, one of a call between two telephones inside: the wall knows of none.
TEST(Checks, leave_alone_the_media_ports_of_who_serves_sip_or_has_a_call) {
    for (const auto& serves :
         {bound(Protocol::udp, "192.0.2.10:5060", 8, "asterisk"), bound(Protocol::tcp, "0.0.0.0:5061", 8, "asterisk"),
          bound(Protocol::udp, "192.0.2.10:10066", 8, "rtpengine")}) {
        Patient patient = healthy();
        patient.listeners.push_back(serves);
        patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:10068", 8, serves.program));
        EXPECT_TRUE(faults_of(patient).empty()) << serves.local.to_string();
    }
}

TEST(Checks, know_what_asterisk_has_among_the_ports_of_t38_beside_its_media) {
    Patient patient = healthy();
    patient.policy = {policy::read("version: 1\noutside: [eth0]\n"
                                   "protect: { networks: [192.0.2.0/24], media_ports: [10000-20000, 4000-4999] }\n")
                          .value_or(policy::Config{}),
                      {}};
    patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:5060", 8, "asterisk"));
    patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:4568", 8, "asterisk"));
    EXPECT_TRUE(faults_of(patient).empty());
    patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:4569", 8, "asterisk"));
    EXPECT_EQ(faults_of(patient).size(), 1U);
}

TEST(Checks, hint_at_a_media_port_whose_owner_cannot_be_seen) {
    Patient patient = healthy();
    patient.sees_all_owners = false;
    patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:10068"));
    const Faults found = faults_of(patient);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].is_hint);
    EXPECT_NE(found[0].mend.find("as root"), std::string::npos) << found[0].mend;
}

TEST(Checks, call_who_has_no_owner_the_kernels_where_all_owners_are_seen) {
    Patient patient = healthy();
    patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:10068"));
    const Faults found = faults_of(patient);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_FALSE(found[0].is_hint);
    EXPECT_NE(found[0].what.find("10068 is bound in the media range by the kernel itself"), std::string::npos)
        << found[0].what;
    EXPECT_NE(found[0].mend.find("WireGuard"), std::string::npos) << found[0].mend;
}

// On an edge, whose own service has the port that a call of the PBX behind it has, too.
TEST(Checks, excuse_nobody_for_another_machines_call_or_another_protocols) {
    for (const auto& [protocol, hole] :
         {std::pair(Protocol::udp, "192.0.2.20:12000"), {Protocol::tcp, "192.0.2.10:12000"}}) {
        SCOPED_TRACE(hole);
        Patient patient = healthy();
        patient.pinholes.emplace(protocol, *Endpoint::parse(hole));
        patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:12000", 8, "named"));
        patient.listeners.push_back(bound(Protocol::udp, "0.0.0.0:12001", 8, "named"));
        EXPECT_EQ(faults_of(patient).size(), 2U);
    }
}

TEST(Checks, know_a_calls_port_by_any_address_of_this_host_and_its_family) {
    Patient patient = healthy();
    patient.policy = policy_of({}, "[192.0.2.0/24, \"2001:db8:1::/48\"]");
    patient.own.push_back(*IpAddress::parse("2001:db8:1::10"));
    patient.pinholes.emplace(Protocol::udp, *Endpoint::parse("[2001:db8:1::10]:12000"));
    patient.listeners.push_back(bound(Protocol::udp, "[::]:12000", 8, "rtpengine"));
    EXPECT_TRUE(faults_of(patient).empty());
    patient.listeners.back() = bound(Protocol::udp, "0.0.0.0:12000", 8, "rtpengine");
    EXPECT_EQ(faults_of(patient).size(), 1U);
}

} // namespace
} // namespace ringwall::inspect

// SPDX-License-Identifier: Apache-2.0
// The wall itself: agent, pins, configuration, and what it has counted. Its interfaces: checks_of_interfaces.cpp.
#include <algorithm>
#include <array>
#include <sstream>

#include "agent/cli/words.hpp"
#include "agent/inspect/checks.hpp"
#include "agent/inspect/local_ports.hpp"

namespace ringwall::inspect {
namespace {

using cli::list;
using cli::number;
using cli::text;
namespace json = boost::json;

constexpr int64_t long_in_monitor_s = 7 * 86400;

const json::value& member(const json::value& object, std::string_view key) {
    static const json::value none;
    const json::value* found = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return found == nullptr ? none : *found;
}

// Of a list of {"event": …, "count": …}, or of an object of numbers.
uint64_t counted(const json::value& counters, std::string_view label) {
    if (counters.is_object()) return number(counters, label);
    if (!counters.is_array()) return 0;
    for (const json::value& each : counters.get_array())
        if (text(each, "event") == label) return number(each, "count");
    return 0;
}

// Since the configuration was loaded: what came before, it may have mended.
uint64_t counted_since_loaded(const Patient& patient, std::string_view label) {
    return counted(member(member(*patient.status, "config"), "since_loaded"), label);
}

} // namespace

Faults agent_answers(const Patient& patient) {
    if (patient.status) return {};
    if (!patient.socket_trouble.empty())
        return {{"agent", "the agent was not asked: " + patient.socket_trouble, "be root, or in the group ringwall"}};
    return {{"agent", "no agent answers at " + patient.socket + ": no new call gets its media ports",
             "systemctl start ringwall, or `ringwall run`; another socket is named by --socket"}};
}

Faults pins_are_ours(const Patient& patient) {
    if (!patient.left_filters.empty())
        return {{"pins",
                 "no wall is pinned at " + patient.pin_path +
                     ", and filters of one whose pins have gone refuse packets on " + patient.left_filters +
                     " as before, without an agent",
                 "`ringwall run` takes them over, `ringwall detach` removes them"}};
    if (!patient.pin_trouble.empty())
        return {{"pins", patient.pin_trouble, "see the sentence; other pins are named by --pin-path"}};
    if (!patient.status) return {};
    const std::string error = text(member(*patient.status, "pins"), "error");
    if (error.empty()) return {};
    return {{"pins", "pins were deleted and are missing still: " + error,
             "clear the way: they are pinned again within a second"}};
}

Faults configuration_is_good(const Patient& patient) {
    Faults faults;
    const std::string mend = "correct it, and `ringwall check`";
    std::istringstream mistakes(patient.config_trouble);
    for (std::string line; std::getline(mistakes, line);) faults.push_back({"config", line, mend});
    for (const policy::Mistake& warning : patient.config_warnings)
        faults.push_back({"config", policy::to_string(warning), mend});
    return faults;
}

Faults configuration_is_in_force(const Patient& patient) {
    if (!patient.status) return {};
    if (const auto error = text(member(*patient.status, "config"), "error"); !error.empty())
        return {{"reload", "the last reload was refused, and the configuration before stays: " + error,
                 "correct it, then `ringwall reload`"}};
    if (patient.changed_file.empty()) return {};
    return {{"reload", patient.changed_file + " has changed since it was loaded, and is not in force",
             "`ringwall reload`"}};
}

Faults mode_enforces(const Patient& patient) {
    if (!patient.status || text(*patient.status, "mode") != "monitor") return {};
    const auto loaded_s = static_cast<int64_t>(number(member(*patient.status, "config"), "loaded"));
    if (loaded_s == 0 || patient.now_s - loaded_s < long_in_monitor_s) return {};
    return {
        {"mode",
         "mode is monitor for " + cli::duration(static_cast<double>(patient.now_s - loaded_s)) + ": nothing is dropped",
         "look at the drops of `ringwall status`, then set mode: enforce"}};
}

Faults nothing_is_lost(const Patient& patient) {
    Faults faults;
    if (!patient.status) return faults;
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> rings{
        {{"lost_inside", "SIP from inside"}, {"lost_known", "SIP of known parties"}}};
    for (const auto& [event, what] : rings)
        if (const uint64_t lost = counted_since_loaded(patient, event); lost > 0)
            faults.push_back({"losses",
                              std::to_string(lost) + " messages never reached the agent: " + std::string(what) + " (" +
                                  std::string(event) + ")",
                              "give the agent more of a processor (CPUQuota, nice); a call whose answer was lost opens "
                              "with the next message"});
    return faults;
}

Faults tables_have_room(const Patient& patient) {
    Faults faults;
    if (!patient.status) return faults;
    const uint64_t pinholes = number(*patient.status, "pinholes"), room = number(*patient.status, "pinholes_capacity");
    if (room > 0 && pinholes >= room / 10 * 9)
        faults.push_back({"tables",
                          "of " + std::to_string(room) + " pinholes " + std::to_string(pinholes) + " are taken",
                          "raise tables.pinholes, which takes `ringwall detach` and a start"});
    for (const std::string_view event : {"refusals_full", "opaque_full", "ice_pairs_full", "return_paths_full"})
        if (const uint64_t times = counted_since_loaded(patient, event); times > 0)
            faults.push_back({"tables",
                              std::string(event) + ": " + std::to_string(times) + " times something found no room",
                              "docs/limits.md says how large each table is, and who fills it"});
    return faults;
}

// Counted by packets, and nothing of the sender but that it was inside.
Faults ways_back_are_enough(const Patient& patient) {
    if (!patient.status || !patient.policy) return {};
    const uint64_t packets = counted_since_loaded(patient, "return_path_quota");
    if (packets == 0) return {};
    const std::string ports = sysctl_text(patient.policy->config().media_ports);
    return {{"ways_back",
             std::to_string(packets) +
                 " packets from inside got no way back, as their address had begun 1,024 others " +
                 "in that minute, from ports of protect.media_ports (" + ports +
                 ") or with SIP: what answers them at such a port is refused",
             "where a resolver or another program sends from these ports, on the machine that has the address: sysctl "
             "-w net.ipv4.ip_local_reserved_ports=" +
                 ports +
                 ", beside what stands there, and keep it in /etc/sysctl.d; `ringwall reload` begins to count anew. "
                 "Nothing, where a PBX greets its telephones after a start, or a host scans",
             true}};
}

Faults sdp_is_within_media_ports(const Patient& patient) {
    if (!patient.status) return {};
    const uint64_t times = counted_since_loaded(patient, "media_port_unguarded");
    if (times == 0) return {};
    return {{"rtp_range",
             "descriptions from inside have named " + std::to_string(times) +
                 " ports outside protect.media_ports: there the wall guards nothing, and drops nothing",
             "give protect.media_ports the PBX's range of RTP (rtp.conf: rtpstart, rtpend; switch.conf.xml: "
             "rtp-start-port), and of T.38 (udptl.conf: udptlstart, udptlend)"}};
}

Faults sdp_names_ours(const Patient& patient) {
    // Where this machine does the NAT the programs see its own address, and the port would be opened at another.
    if (patient.policy)
        for (const auto& [address, inside] : patient.policy->config().external)
            if (address != inside && std::ranges::find(patient.own, address) != patient.own.end())
                return {{"external",
                         address.to_string() +
                             ", in protect.external, is an address of this machine: SDP that names it " +
                             "opens ports of " + inside.to_string() + ", and none here",
                         "protect that address, or self, and leave it out of protect.external"}};
    if (!patient.status) return {};
    const std::string what = "an address for media that is neither protected nor in protect.external";
    if (const uint64_t refused = counted_since_loaded(patient, "media_elsewhere_refused"); refused > 0)
        return {
            {"external",
             "the inside names " + what + ", and the media of such calls comes here and is refused (" +
                 std::to_string(refused) + " packets seen)",
             "`ringwall drops` names the calls and both addresses: add the one to protect.external as what the other "
             "is outside"}};
    const uint64_t times = counted_since_loaded(patient, "media_elsewhere");
    if (times == 0) return {};
    return {
        {"external",
         std::to_string(times) + " times the inside has named " + what +
             ": that opened no port, and no media of such a call was refused here",
         "nothing, where an inside proxy passes on the SDP of others, or a relay elsewhere has the media. `ringwall "
         "calls` shows the address: if it is this wall's as seen from outside, add it to protect.external",
         true}};
}

Faults lists_are_in_force(const Patient& patient) {
    Faults faults;
    if (!patient.status) return faults;
    for (const json::value& each : list(*patient.status, "lists")) {
        if (const auto trouble = text(each, "trouble"); !trouble.empty())
            faults.push_back({"lists", text(each, "path") + " is not in force as it stands: " + trouble,
                              "correct the file: it is taken up at once"});
        else if (const uint64_t broken = number(each, "broken_lines"); broken > 0)
            faults.push_back({"lists",
                              text(each, "path") + " has " + std::to_string(broken) + " lines that are no prefix",
                              "`ringwall check` names them"});
    }
    return faults;
}

Faults names_resolve(const Patient& patient) {
    Faults faults;
    if (!patient.status) return faults;
    for (const json::value& each : list(*patient.status, "names"))
        if (list(each, "addresses").empty())
            faults.push_back({"names",
                              text(each, "name") + " of peer " + text(each, "peer") +
                                  " stands for no address: " + text(each, "trouble"),
                              "look at the name servers of this machine, or name the peer's networks"});
    return faults;
}

const std::vector<NamedCheck>& all_checks() {
    static const std::vector<NamedCheck> checks{
        {"kernel", "a kernel that is new enough", kernel_is_new_enough},
        {"bpf", "type information and a BPF file system", bpf_is_there},
        {"pins", "pins of this version and namespace", pins_are_ours},
        {"agent", "an agent that answers", agent_answers},
        {"config", "a configuration without mistakes and warnings", configuration_is_good},
        {"reload", "the file as it is in force", configuration_is_in_force},
        {"interfaces", "every outside interface, attached as asked", interfaces_are_attached},
        {"mode", "no monitor mode for more than a week", mode_enforces},
        {"sip_helper", "no SIP helper of the kernel", no_sip_helper},
        {"media_ports", "no other service in the media range", media_ports_are_the_calls},
        {"rtp_range", "no media of the inside outside the range", sdp_is_within_media_ports},
        {"external", "no media of the inside at addresses that are not its own", sdp_names_ours},
        {"sip_ports", "no SIP at ports that are not declared", sip_ports_are_declared},
        {"opaque_ports", "no TLS or WebSocket at ports that are not declared", opaque_ports_are_declared},
        {"protect", "this host's addresses, where it serves SIP", own_addresses_are_protected},
        {"lists", "list files as they stand", lists_are_in_force},
        {"names", "an address for each name of a peer", names_resolve},
        {"metrics", "the port of the metrics, where it should be", metrics_are_served},
        {"tables", "room in the tables", tables_have_room},
        {"ways_back", "a way back for each flow of the inside", ways_back_are_enough},
        {"losses", "no message that the agent never saw", nothing_is_lost},
        {"card", "no packet that the card dropped", cards_keep_up},
        {"clock", "a clock that is kept, where rules end by it", clock_is_set},
    };
    return checks;
}

} // namespace ringwall::inspect

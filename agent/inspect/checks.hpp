// SPDX-License-Identifier: Apache-2.0
// What `ringwall doctor` looks for: each check is a function of values, and says what is wrong and what mends it.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/inspect/sockets.hpp"
#include "agent/kernel/interfaces.hpp"
#include "policy/compile.hpp"

namespace ringwall::inspect {

struct Fault {
    std::string check; // "agent", "media_ports"
    std::string what;
    std::string mend;
    bool is_hint = false; // nothing wrong by itself: the operator knows whether it is
};
using Faults = std::vector<Fault>;

// What was found on the machine; checks of what is not known say nothing.
struct Patient {
    // The machine.
    std::string kernel; // "6.1.0-18-amd64"
    bool has_btf = true, has_bpffs = true, is_clock_set = true;
    std::vector<std::string> modules;
    std::vector<Listener> listeners;
    bool sees_all_owners = true;                             // who has no owner is the kernel's own
    std::vector<IpAddress> own;                              // this host's addresses that the outside reaches
    std::vector<policy::PortRange> chosen;                   // ports of sockets that ask for none (local_ports.hpp)
    std::vector<kernel::LeftOut> left_out;                   // interfaces that are there and not attached
    std::vector<kernel::Twice> twice;                        // those that are, and see the same packets
    std::vector<std::pair<std::string, std::string>> before; // by interface, the tc filters that stand before ours
    std::vector<std::pair<std::string, uint64_t>> missed;    // by outside interface, packets that the card dropped
    int64_t now_s = 0;                                       // CLOCK_REALTIME
    // The wall.
    std::string pin_path, pin_trouble; // why the pins cannot be taken over, or that there are none
    std::string left_filters;          // interfaces that a wall without pins still guards
    std::string config_trouble;
    std::string changed_file; // of the configuration, since the agent has loaded it
    std::vector<policy::Mistake> config_warnings;
    std::optional<policy::View> policy;
    // The agent, where one answers.
    std::string socket, socket_trouble; // why it cannot be asked, where that is not that nobody is there
    std::optional<boost::json::value> status;
    std::set<std::pair<Protocol, Endpoint>> pinholes;
};

using Check = Faults (*)(const Patient&);
struct NamedCheck {
    std::string_view name, looks_for;
    Check check;
};
const std::vector<NamedCheck>& all_checks();

// Parts of it.
Faults kernel_is_new_enough(const Patient& patient);
Faults bpf_is_there(const Patient& patient);
Faults no_sip_helper(const Patient& patient);
Faults clock_is_set(const Patient& patient);
Faults cards_keep_up(const Patient& patient);
Faults media_ports_are_the_calls(const Patient& patient);
Faults sip_ports_are_declared(const Patient& patient);
Faults opaque_ports_are_declared(const Patient& patient);
Faults own_addresses_are_protected(const Patient& patient);
Faults agent_answers(const Patient& patient);
Faults pins_are_ours(const Patient& patient);
Faults configuration_is_good(const Patient& patient);
Faults configuration_is_in_force(const Patient& patient);
Faults interfaces_are_attached(const Patient& patient); // checks_of_interfaces.cpp
Faults mode_enforces(const Patient& patient);
Faults nothing_is_lost(const Patient& patient);
Faults tables_have_room(const Patient& patient);
Faults ways_back_are_enough(const Patient& patient);
Faults sdp_is_within_media_ports(const Patient& patient);
Faults lists_are_in_force(const Patient& patient);
Faults names_resolve(const Patient& patient);
Faults metrics_are_served(const Patient& patient); // checks_of_metrics.cpp

} // namespace ringwall::inspect

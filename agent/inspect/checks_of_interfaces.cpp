// SPDX-License-Identifier: Apache-2.0
// Are the interfaces that the configuration names there, attached or watched, and as was asked for?
#include <algorithm>
#include <iterator>

#include "agent/cli/words.hpp"
#include "agent/inspect/checks.hpp"

namespace ringwall::inspect {
namespace {

using cli::list;
using cli::text;
namespace json = boost::json;

// A name of `outside` that the agent has found no interface for.
bool exists(const json::value& interface) {
    const json::value* index = interface.as_object().if_contains("ifindex");
    return index == nullptr || cli::number(interface, "ifindex") != 0;
}

Faults faults_of_attached(const json::value& interface, const Patient& patient) {
    const std::string name = text(interface, "name"), ingress = text(interface, "ingress"),
                      why = text(interface, "why");
    const auto asked = patient.policy ? patient.policy->config().attach : policy::Attach::auto_;
    if (ingress == "none" || ingress.empty() || text(interface, "egress") == "none")
        return {{"interfaces", name + " is not attached: " + why, "`ringwall reload`, and look at its log"}};
    if (ingress.find("generic") != ingress.npos && patient.policy && asked != policy::Attach::generic)
        return {{"interfaces", name + " has generic XDP, which costs several times as much: " + why,
                 "attach: auto, which falls back to TC"}};
    if (why.empty()) return {};
    const bool takes_what_there_is = asked == policy::Attach::auto_;
    return {{"interfaces", name + " is attached as " + ingress + ", and not as was asked for first: " + why,
             takes_what_there_is ? "none needed, where it stands alone: XDP costs less, and no call notices"
                                 : "remove what is in the way, or set attach: to what it has",
             takes_what_there_is}};
}

// A glob waits for what may never be there.
Faults faults_of_missing(const json::array& interfaces, const Patient& patient) {
    Faults faults;
    if (!patient.policy) return faults;
    for (const std::string& wanted : patient.policy->config().outside) {
        const bool is_glob = wanted.find_first_of("*?[") != wanted.npos;
        const bool is_there =
            std::ranges::any_of(
                interfaces, [&](const json::value& each) { return exists(each) && text(each, "name") == wanted; }) ||
            std::ranges::find(patient.left_out, wanted, &kernel::LeftOut::name) != patient.left_out.end();
        if (!is_glob && !is_there)
            faults.push_back({"interfaces", "there is no interface " + wanted + ", which outside names",
                              "`ip link` shows those that are; it is attached when it appears"});
    }
    return faults;
}

Faults faults_of_left_out(const Patient& patient) {
    using enum kernel::LeftOut::Why;
    Faults faults;
    for (const auto& [name, is_watched, why, other] : patient.left_out) {
        if (why == outside_above || why == outside_below)
            faults.push_back({"interfaces",
                              name + " is not watched: " + other + ", which is outside, stands " +
                                  (why == outside_above ? "above" : "below") + " it, and its packets would count twice",
                              "watch instead what else stands above " + name + ", by its name; or name " + name +
                                  " in outside, which guards all of it"});
        if (why == unreadable)
            faults.push_back({"interfaces",
                              name + " is not " + (is_watched ? "watched" : "attached, and nothing is filtered there") +
                                  ": its frames are neither Ethernet nor bare IP, and the programs do not read them",
                              "name an interface that has its packets as Ethernet or IP, or leave it out of " +
                                  std::string(is_watched ? "watch" : "outside")});
        if (why == without_packets)
            faults.push_back({"interfaces",
                              name + " is not " + (is_watched ? "watched" : "attached, and nothing is filtered there") +
                                  ": it is a VRF, and no program sees a packet there",
                              "name its members" + (other.empty() ? "" : ": " + other)});
    }
    return faults;
}

Faults faults_of_twice(const Patient& patient) {
    Faults faults;
    for (const kernel::Twice& twice : patient.twice)
        faults.push_back({"interfaces",
                          twice.upper + " and " + twice.lower +
                              " below it are both attached: what passes both counts twice in limits",
                          "name in outside all ports of " + twice.upper + ", or only one of the two"});
    return faults;
}

Faults faults_of_order(const Patient& patient) {
    Faults faults;
    for (const auto& [name, before] : patient.before)
        faults.push_back(
            {"interfaces",
             "on " + name + " the wall does not see what is accepted by " + before + ", which stands before it",
             "give that one a pref above 2, where it is to accept packets (`tc filter show dev " + name +
                 " ingress`, `egress`)",
             true});
    return faults;
}

} // namespace

Faults interfaces_are_attached(const Patient& patient) {
    if (!patient.status) return {};
    Faults faults;
    const auto add = [&](Faults more) { std::ranges::move(more, std::back_inserter(faults)); };
    const auto& interfaces = list(*patient.status, "interfaces");
    const auto is_outside = [](const json::value& each) { return text(each, "role") == "outside" && exists(each); };
    for (const json::value& each : interfaces)
        if (is_outside(each)) add(faults_of_attached(each, patient));
    add(faults_of_left_out(patient));
    add(faults_of_twice(patient));
    add(faults_of_order(patient));
    if (std::ranges::any_of(interfaces, is_outside)) add(faults_of_missing(interfaces, patient));
    else
        faults.push_back(
            {"interfaces", "no outside interface is there: nothing is filtered", "name one that exists in outside"});
    return faults;
}

} // namespace ringwall::inspect

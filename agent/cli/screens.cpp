// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/screens.hpp"

#include <boost/json.hpp>

#include "agent/cli/table.hpp"
#include "agent/cli/words.hpp"
#include "agent/control/text.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using Align = Table::Align;

// Who may send, in words: "from 198.51.100.7:30000", "from the networks of provider", "from anyone".
std::string senders(const json::value& hole) {
    const std::string constraint = text(hole, "constraint"), zone = text(hole, "zone");
    if (constraint == "networks") return zone.empty() ? "from its peer's networks" : "from the networks of " + zone;
    if (constraint == "any") return "from anyone";
    std::string peers;
    for (const json::value& peer : list(hole, "peers")) {
        std::string endpoint = peer.is_string() ? std::string(peer.get_string()) : std::string();
        if (constraint == "strict" || endpoint.ends_with(":0")) endpoint.erase(endpoint.rfind(':')); // any port
        peers += (peers.empty() ? "" : ", ") + endpoint;
    }
    return peers.empty() ? "from nobody yet" : "from " + peers;
}

std::string phase_of(const json::value& hole) {
    const json::value* asleep = hole.get_object().if_contains("asleep");
    return text(hole, "phase") + (asleep != nullptr && *asleep == true ? ", asleep" : "");
}

std::string lifetime(const json::value& hole) {
    const std::string phase = text(hole, "phase"), left = duration(real(hole, "expires_in"));
    if (phase == "draining") return "closes in " + left;
    if (phase == "offered") return left + " more, unless it is answered";
    if (phase == "closed") return "remembered for " + left;
    return "at most " + left + " more";
}

std::string by_hand(const json::value& hole) {
    std::string names;
    for (const json::value& opening : list(hole, "by_hand"))
        names += (names.empty() ? "by hand: " : ", ") + text(opening, "name");
    return names;
}

std::string media_heard(const json::value& hole) {
    const uint64_t packets = number(hole, "packets");
    return packets == 0 ? "nothing heard" : counted(packets, "packet") + " heard";
}

// Empty where nothing was refused.
std::string refusals(const json::value& hole) {
    const uint64_t refused = number(hole, "refused");
    if (refused == 0) return {};
    std::string line = "refused " + counted(refused, "packet");
    const json::value* last = hole.get_object().if_contains("last_refused");
    if (last == nullptr || !last->is_object()) return line + "\n";
    // Only the latest of all that were not wanted is remembered: where that one passed, it is none of the refused.
    const json::value* passed = last->get_object().if_contains("passed");
    const bool has_passed = passed != nullptr && *passed == true;
    line += (has_passed ? "; another, not as negotiated, passed " : ", the last ") + duration(real(*last, "ago")) +
            " ago from " + text(*last, "source") + ": " + text(*last, "sentence");
    const std::string mend = text(*last, "mend");
    return control::printable(mend.empty() ? line : line + " (" + mend + ")") + "\n";
}

std::string hole_lines(const json::array& holes, size_t indent) {
    std::string lines;
    Table table({{}, {}, {}, {}, {"", Align::right}, {}, {}});
    std::string refused;
    for (const json::value& hole : holes) {
        if (!hole.is_object()) continue;
        table.add({text(hole, "component"), text(hole, "local"), phase_of(hole), senders(hole), media_heard(hole),
                   lifetime(hole), by_hand(hole)});
        if (const std::string told = refusals(hole); !told.empty())
            refused += std::string(indent, ' ') + text(hole, "local") + " " + told;
    }
    return table.to_string(indent) + refused;
}

std::string call_block(const json::value& call) {
    const uint64_t started = number(call, "started");
    const json::array& holes = list(call, "pinholes");
    std::string block = text(call, "state") + " " + text(call, "direction") + " call, " + text(call, "from") + " -> " +
                        text(call, "to") + ", with " + text(call, "peer") + ", since " +
                        clock_time(static_cast<int64_t>(started));
    block = control::printable(block) + "\n  Call-ID " + control::printable(text(call, "call_id")) + "\n";
    block += holes.empty() ? "  no media ports open\n" : hole_lines(holes, 2);
    const std::string elsewhere = text(call, "media_elsewhere");
    if (elsewhere.empty()) return block;
    return block + "  its SDP names " + control::printable(elsewhere) +
           ", which is neither protected nor in protect.external:\n"
           "  its media does not go through this wall, or protect.external lacks that address\n";
}

// "12 of 114 688, 3 half-open; at their ceilings: 1 source, no peer or zone"
std::string from_outside(const json::value& calls) {
    std::string line = grouped(number(calls, "calls")) + " of " + grouped(number(calls, "ceiling")) + ", " +
                       grouped(number(calls, "half_open")) + " half-open";
    const uint64_t sources = number(calls, "sources_at_ceiling"), parties = number(calls, "parties_at_ceiling");
    if (sources + parties != 0)
        line += "; at their ceilings: " + counted(sources, "source") + ", " + std::to_string(parties) +
                " of peers and zones";
    return line;
}

std::string header(const json::value& status) {
    const json::value none;
    const json::value* config = status.get_object().if_contains("config");
    const json::value& loaded = config == nullptr ? none : *config;
    const bool is_monitor = text(status, "mode") == "monitor";
    Table table({{}, {}});
    table.add({"Ringwall", text(status, "version") + ", process " + std::to_string(number(status, "pid"))});
    table.add({"running for", duration(static_cast<double>(number(status, "uptime")))});
    table.add({"mode", is_monitor ? "monitor: everything is decided and counted, nothing is dropped" : "enforce"});
    table.add({"configuration",
               text(loaded, "path") + ", loaded " + clock_time(static_cast<int64_t>(number(loaded, "loaded")))});
    if (const std::string error = text(loaded, "error"); !error.empty()) table.add({"last reload failed", error});
    if (const json::value* pins = status.get_object().if_contains("pins"); pins != nullptr)
        if (const std::string error = text(*pins, "error"); !error.empty()) table.add({"pins are missing", error});
    if (const json::value* http = status.get_object().if_contains("http"); http != nullptr)
        if (const std::string error = text(*http, "error"); !error.empty()) table.add({"no metrics", error});
    table.add({"calls", grouped(number(status, "calls"))});
    if (const json::value* outside = status.get_object().if_contains("calls_from_outside"))
        table.add({"from outside", from_outside(*outside)});
    table.add(
        {"pinholes", grouped(number(status, "pinholes")) + " of " + grouped(number(status, "pinholes_capacity"))});
    return table.to_string();
}

std::string interface_table(const json::value& status) {
    Table table({{"interface"}, {"role"}, {"inwards"}, {"outwards"}, {"why"}});
    for (const json::value& each : list(status, "interfaces"))
        table.add(
            {text(each, "name"), text(each, "role"), text(each, "ingress"), text(each, "egress"), text(each, "why")});
    return table.empty() ? "\nattached to no interface\n" : "\n" + table.to_string();
}

std::string name_table(const json::value& status) {
    Table table({{"name"}, {"peer"}, {"stands for"}, {"trouble"}});
    for (const json::value& each : list(status, "names")) {
        std::string addresses;
        for (const json::value& address : list(each, "addresses"))
            if (address.is_string()) addresses += (addresses.empty() ? "" : ", ") + std::string(address.get_string());
        if (const auto registrars = number(each, "registrars"); registrars > 0)
            addresses += " (" + std::to_string(registrars) + " by registration)";
        table.add({text(each, "name"), control::printable(text(each, "peer")),
                   addresses.empty() ? "nothing yet" : addresses, text(each, "trouble")});
    }
    return table.empty() ? "" : "\n" + table.to_string();
}

std::string verdict_table(const json::value& status) {
    Table table({{"verdict"}, {"packets", Align::right}, {"reason"}, {"meaning"}});
    for (const std::string_view verdict : {"pass", "drop"})
        for (const json::value& each : list(status, "verdicts"))
            if (text(each, "verdict") == verdict)
                table.add({std::string(verdict), grouped(number(each, "packets")), text(each, "reason"),
                           text(each, "sentence")});
    return table.empty() ? "\nno packets yet\n" : "\n" + table.to_string();
}

std::string event_table(const json::value& status) {
    Table table({{"events", Align::right}, {}});
    for (const json::value& each : list(status, "events"))
        if (number(each, "count") > 0) table.add({grouped(number(each, "count")), text(each, "sentence")});
    return table.empty() ? "" : "\n" + table.to_string();
}

} // namespace

std::string status_screen(const json::value& status) {
    if (!status.is_object()) return {};
    return header(status) + interface_table(status) + name_table(status) + verdict_table(status) + event_table(status);
}

std::string calls_screen(const json::value& calls) {
    if (!calls.is_array() || calls.get_array().empty()) return "no calls\n";
    std::string screen;
    for (const json::value& call : calls.get_array()) screen += call_block(call) + "\n";
    return screen + counted(calls.get_array().size(), "call") + "\n";
}

std::string pinholes_screen(const json::value& pinholes) {
    if (!pinholes.is_array() || pinholes.get_array().empty()) return "no pinholes\n";
    return hole_lines(pinholes.get_array(), 0) + "\n" + counted(pinholes.get_array().size(), "pinhole") + "\n";
}

std::string bans_screen(const json::value& bans) {
    if (!bans.is_array() || bans.get_array().empty()) return "no bans\n";
    Table table({{"source"}, {"time left"}, {"dropped", Align::right}, {"by"}, {"why"}});
    for (const json::value& ban : bans.get_array()) {
        if (!ban.is_object()) continue;
        const uint64_t count = number(ban, "count");
        const std::string sentence = (count > 1 ? grouped(count) + " times " : "") + text(ban, "sentence");
        const std::string reason = text(ban, "reason");
        table.add({text(ban, "source"), duration(real(ban, "expires_in")), grouped(number(ban, "packets")),
                   text(ban, "by"), reason.empty() ? sentence : sentence + ": " + reason});
    }
    return table.to_string() + "\n" + counted(bans.get_array().size(), "ban") + "\n";
}

std::string lists_screen(const json::value& lists) {
    if (!lists.is_array() || lists.get_array().empty()) return "no list files\n";
    Table table({{"file"}, {"kind"}, {"prefixes", Align::right}, {"left out", Align::right}, {"loaded"}, {"trouble"}});
    for (const json::value& each : lists.get_array()) {
        const auto loaded = static_cast<int64_t>(number(each, "loaded"));
        table.add({control::printable(text(each, "path")), text(each, "kind"), grouped(number(each, "prefixes")),
                   grouped(number(each, "broken_lines")), loaded == 0 ? "never" : clock_time(loaded),
                   control::printable(text(each, "trouble"))});
    }
    return table.to_string() + "\n" + counted(lists.get_array().size(), "list") + "\n";
}

std::string explanation_screen(const json::value& explanation) {
    const std::string because = text(explanation, "because");
    std::string screen = control::printable(text(explanation, "address") + " is " + text(explanation, "is") +
                                            (because.empty() ? "" : ": " + because)) +
                         "\n";
    for (const json::value& each : list(explanation, "said"))
        if (each.is_string() && std::string_view(each.get_string()) != because)
            screen += "  beside that, " + control::printable(std::string(each.get_string())) + "\n";
    return screen;
}

} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
// Step 5: is it a SIP port, may this source speak to it, and how much.
#include <algorithm>
#include <array>

#include "agent/why/explain.hpp"
#include "maps/abi/reason.h"
#include "maps/reasons.hpp"

namespace ringwall::why {
namespace {

bool has(uint64_t bits, Port port) { return (bits >> (port.value & 63) & 1) != 0; }

std::string port_text(const Question& question) {
    return (question.protocol == Protocol::udp ? "UDP " : "TCP ") + std::to_string(question.inside().port.value);
}

// Which list of `sip` names it; empty for none.
std::string list_of(const Question& question, const Lines& lines) {
    const policy::Config& config = lines.policy().config();
    const Port port = question.inside().port;
    const std::array<std::pair<std::string_view, const std::vector<Port>*>, 4> lists{{{"sip.udp", &config.sip_udp},
                                                                                      {"sip.tcp", &config.sip_tcp},
                                                                                      {"sip.tls", &config.sip_tls},
                                                                                      {"sip.ws", &config.sip_ws}}};
    for (const auto& [name, ports] : lists)
        if ((name == "sip.udp") == (question.protocol == Protocol::udp) &&
            std::ranges::find(*ports, port) != ports->end())
            return std::string(name);
    return {};
}

Step port_step(const Question& question, const Evidence& evidence, const Lines& lines) {
    const Port port = question.inside().port;
    const bool is_udp = question.protocol == Protocol::udp;
    const bool is_opaque = !is_udp && has(evidence.bits.opaque, port);
    const bool is_sip = has(is_udp ? evidence.bits.sip_udp : evidence.bits.sip_tcp, port) || is_opaque;
    if (is_sip)
        return {"sip", port_text(question) + (is_opaque ? " is a TLS or WebSocket port" : " is a SIP port"),
                lines.where(list_of(question, lines))};
    if (evidence.learned)
        return {"sip",
                port_text(question) + " is a SIP port as the inside has named it in a Contact or Via, " +
                    seconds_text(evidence.learned->until_ns - evidence.now_ns) + " more",
                {}};
    return {"sip", port_text(question) + " is no SIP port", {}};
}

// Of who is outside: may he speak SIP to us, or, on the way out, be spoken to?
Step admission(const Question& question, const Evidence& evidence, const Lines& lines) {
    const struct network& outside = question.way == Way::out ? evidence.destination : evidence.source;
    const std::string who = lines.name_of_zone(outside.zone), path = lines.path_of_zone(outside.zone);
    if (outside.flags & NETWORK_ALLOWED) return {"admission", "who is on the allow list may speak SIP", {}};
    if (question.way == Way::out && outside.flags & NETWORK_DENIED)
        return {"admission", question.outside().address.to_string() + " is denied", {}};
    if (evidence.zone.flags & ZONE_PEER) return {"admission", who + " may speak SIP", lines.where(path)};
    const std::string own = path.empty() ? "" : lines.where(path + ".sip");
    if (evidence.zone.flags & ZONE_SIP && !own.empty()) return {"admission", who + " may speak SIP", own};
    if (evidence.wall.flags & WALL_ADMIT_ALL)
        return {"admission", "no peers are declared: every source may speak SIP", {}};
    if (evidence.zone.flags & ZONE_SIP) return {"admission", who + " may speak SIP", lines.where(path)};
    if (path.empty()) return {"admission", question.outside().address.to_string() + " is of no peer and no zone", {}};
    const std::string said = lines.where(path + ".sip");
    return {"admission", who + " may not speak SIP: sip is not yes", said.empty() ? lines.where(path) : said};
}

std::string known_text(uint32_t known) {
    constexpr std::array<std::pair<uint32_t, std::string_view>, 5> words{{
        {KNOWN_PARTY, "party of a call, live or just ended"},
        {KNOWN_REGISTRAR, "the inside has registered there"},
        {KNOWN_REGISTERED, "registered with the inside"},
        {KNOWN_REMEMBERED, "was registered in the last 7 days"},
        {KNOWN_CALLS_FULL, "has as many calls as it may"},
    }};
    std::string text;
    for (const auto& [flag, word] : words)
        if (known & flag) text += (text.empty() ? "" : ", ") + std::string(word);
    return text;
}

// "15/min burst 4"; in the largest unit of which it is a whole number.
std::string rate_text(const policy::Rate& rate) {
    constexpr std::array<std::pair<std::string_view, int64_t>, 3> units{
        {{"s", 1'000'000'000}, {"min", 60'000'000'000}, {"h", 3'600'000'000'000}}};
    for (const auto& [name, unit] : units) {
        const int64_t packets = (unit + rate.period.count() / 2) / rate.period.count();
        if (packets > 0 && std::abs(packets * rate.period.count() - unit) < unit / 1000)
            return std::to_string(packets) + "/" + std::string(name) + " burst " + std::to_string(rate.burst);
    }
    return "one each " + seconds_text(static_cast<uint64_t>(rate.period.count()));
}

uint32_t class_of(const Question& question) {
    if (question.protocol == Protocol::tcp && !question.is_established) return CLASS_SYN;
    if (question.method == "response") return CLASS_RESPONSE;
    if (question.method == "keepalive") return CLASS_KEEPALIVE;
    for (uint32_t number = 0; number < CLASS_COUNT; ++number)
        if (class_name(number) == question.method) return number;
    return CLASS_OTHER;
}

std::string place_of_limit(const std::string& list, const std::string& name, const Lines& lines) {
    const std::string place = lines.where(list + "." + name);
    return place.empty() ? lines.where(list) : place;
}

// "INVITE: 10/min burst 4 of each source, 100/s burst 200 in total".
std::string rates_text(const std::string& name, const policy::Rate& each, const policy::Rate& total) {
    std::string says = each.period.count() == 0 ? "" : rate_text(each) + " of each source";
    if (total.period.count() != 0) says += (says.empty() ? "" : ", ") + rate_text(total) + " in total";
    return name + (says.empty() ? " is not limited" : ": " + says);
}

// By the configuration, with what the probe has counted; the place is that of the limit that has refused, if one has.
Step limit(const Question& question, const Evidence& evidence, uint32_t reason, const Lines& lines) {
    const uint32_t number = class_of(question);
    const auto zone = static_cast<uint8_t>(evidence.source.zone);
    const policy::Rate each = lines.policy().limits(zone)[number], total = lines.policy().totals(zone)[number];
    const std::string name(class_name(number)), path = lines.path_of_zone(zone);
    const bool is_of_total = reason == REASON_total_limited || each.period.count() == 0;
    const std::string place = place_of_limit(path + (is_of_total ? ".total_limits" : ".limits"), name, lines);
    std::string says = rates_text(name, each, total);
    if (evidence.headroom.is_counted) says += "; " + std::to_string(evidence.headroom.more) + " like it would pass now";
    if (evidence.headroom.next_in_ns) says += ", the next in " + seconds_text(*evidence.headroom.next_in_ns);
    return {"limits", says, place};
}

} // namespace

std::vector<Step> steps_of_sip(const Question& question, const Evidence& evidence, uint32_t reason,
                               const Lines& lines) {
    if (question.way == Way::out) {
        std::vector<Step> steps{port_step(question, evidence, lines)};
        if (reason == REASON_out_not_a_peer) steps.push_back(admission(question, evidence, lines));
        return steps;
    }
    if (step_of(reason) < 5) return {};
    std::vector<Step> steps{port_step(question, evidence, lines)};
    if (step_of(reason) > 6) return steps;
    if (reason != REASON_sip_learned) steps.push_back(admission(question, evidence, lines));
    if (const auto known = known_text(evidence.known); !known.empty())
        steps.push_back({"known", question.source.to_string() + ": " + known, {}});
    if (!evidence.limited_lately.empty()) steps.push_back({"lately", evidence.limited_lately, {}});
    const bool is_limited = reason != REASON_not_a_peer && reason != REASON_not_registrar &&
                            reason != REASON_sip_return_path && !(evidence.source.flags & NETWORK_ALLOWED);
    if (is_limited) steps.push_back(limit(question, evidence, reason, lines));
    return steps;
}

} // namespace ringwall::why

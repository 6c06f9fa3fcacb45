// SPDX-License-Identifier: Apache-2.0
// The status document: what runs, where, what it has decided so far and what it could not do.
#include "agent/control/report.hpp"

#include <array>
#include <boost/json.hpp>

#include "agent/control/text.hpp"
#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;

struct EventText {
    std::string_view label, sentence;
};

constexpr std::array<EventText, EVENT_COUNT> event_texts{{
#define RINGWALL_EVENT_TEXT(label, sentence) {#label, sentence},
    RINGWALL_EVENTS(RINGWALL_EVENT_TEXT)
#undef RINGWALL_EVENT_TEXT
}};

json::array interfaces(const Status& status) {
    json::array list;
    for (const Interface& each : status.interfaces)
        list.push_back(json::object{{"name", each.name},
                                    {"ifindex", each.ifindex},
                                    {"role", each.role},
                                    {"ingress", each.ingress},
                                    {"egress", each.egress},
                                    {"why", each.why}});
    return list;
}

json::array verdicts(const Status& status) {
    json::array list;
    for (const auto& [number, count] : status.reasons) {
        const ReasonText text = reason_text(number);
        if (text.label.empty()) continue;
        list.push_back(json::object{{"reason", text.label},
                                    {"verdict", text.is_drop ? "drop" : "pass"},
                                    {"sentence", text.sentence},
                                    {"packets", count.packets},
                                    {"bytes", count.bytes}});
    }
    return list;
}

json::array events(const Status& status) {
    json::array list;
    for (size_t i = 0; i < event_texts.size() && i < status.events.size(); ++i)
        list.push_back(json::object{
            {"event", event_texts[i].label}, {"sentence", event_texts[i].sentence}, {"count", status.events[i]}});
    return list;
}

json::object core(const Status& status) {
    json::object counters;
    for (const CoreCounter& counter : status.core) counters[counter.label] = counter.count;
    return counters;
}

} // namespace

json::value status(const Status& status, const policy::View& policy, Now now) {
    const bool is_monitor = policy.config().mode == policy::Mode::monitor;
    return json::object{
        {"version", status.version},
        {"abi", RINGWALL_ABI_VERSION},
        {"pid", status.pid},
        {"started", status.started_s},
        {"uptime", std::max<int64_t>(0, now.realtime_s - status.started_s)},
        {"mode", is_monitor ? "monitor" : "enforce"},
        {"interfaces", interfaces(status)},
        {"calls", status.calls},
        {"pinholes", status.pinholes},
        {"pinholes_capacity", status.pinholes_capacity},
        {"verdicts", verdicts(status)},
        {"events", events(status)},
        {"core", core(status)},
        {"config", json::object{{"path", status.config_path},
                                {"loaded", status.config_loaded_s},
                                {"error", to_utf8(status.config_error)}}},
    };
}

} // namespace ringwall::control

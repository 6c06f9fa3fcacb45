// SPDX-License-Identifier: Apache-2.0
// The status document: what runs, where, what it has decided so far and what it could not do.
#include "agent/control/report.hpp"

#include <array>
#include <boost/json.hpp>

#include "agent/control/text.hpp"
#include "maps/reasons.hpp"
#include "policy/explain.hpp"

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

json::object calls_from_outside(const Status& status, const policy::View& policy) {
    const dialog::CallCounts& counts = status.outside;
    return {{"calls", counts.calls},
            {"ceiling", policy.config().ceilings.calls},
            {"half_open", counts.half_open},
            {"of_strangers", counts.strangers},
            {"sources_at_ceiling", counts.sources_full},
            {"parties_at_ceiling", counts.parties_full}};
}

json::object core(const Status& status) {
    json::object counters;
    for (const CoreCounter& counter : status.core) counters[counter.label] = counter.count;
    return counters;
}

// What tells of a configuration that does not fit: it says nothing of the one that has been loaded since.
json::object since_loaded(const Status& status) {
    json::object counters;
    for (const std::string_view label : {"media_elsewhere", "media_elsewhere_refused", "media_port_unguarded"}) {
        const auto count = [&](const std::vector<CoreCounter>& all) {
            const auto found = std::ranges::find(all, label, &CoreCounter::label);
            return found == all.end() ? 0 : found->count;
        };
        counters[label] = count(status.core) - count(status.core_at_load);
    }
    const auto count = [](const std::vector<uint64_t>& all, size_t event) {
        return event < all.size() ? all[event] : 0;
    };
    for (const size_t event : {EVENT_lost_inside, EVENT_lost_known, EVENT_refusals_full, EVENT_opaque_full,
                               EVENT_ice_pairs_full, EVENT_return_paths_full, EVENT_return_path_quota})
        counters[event_texts.at(event).label] = count(status.events, event) - count(status.events_at_load, event);
    return counters;
}

} // namespace

json::array lists(const std::vector<List>& lists) {
    json::array all;
    for (const List& each : lists)
        all.push_back(json::object{{"path", to_utf8(each.path)},
                                   {"kind", each.kind},
                                   {"prefixes", each.prefixes},
                                   {"broken_lines", each.broken_lines},
                                   {"loaded", each.loaded_s},
                                   {"trouble", to_utf8(each.trouble)}});
    return all;
}

json::array names(const std::vector<Name>& names) {
    json::array all;
    for (const Name& each : names) {
        json::array addresses;
        for (const IpAddress& address : each.addresses) addresses.emplace_back(address.to_string());
        all.push_back(json::object{{"peer", to_utf8(each.peer)},
                                   {"name", each.name},
                                   {"addresses", std::move(addresses)},
                                   {"registrars", each.registrars},
                                   {"trouble", each.trouble},
                                   {"failures", each.failures}});
    }
    return all;
}

json::value explanation(const IpAddress& address, const policy::View& policy) {
    const policy::Explanation told = policy::explain(address, policy);
    json::array said;
    for (const std::string& each : told.said) said.emplace_back(to_utf8(each));
    return json::object{{"address", address.to_string()},
                        {"is", to_utf8(told.is)},
                        {"because", to_utf8(told.because)},
                        {"said", std::move(said)}};
}

json::value status(const Status& status, const policy::View& policy, Now now) {
    const bool is_monitor = policy.config().mode == policy::Mode::monitor;
    return json::object{
        {"version", status.version},
        {"abi", RINGWALL_ABI_VERSION},
        {"pid", status.pid},
        {"started", status.started_s},
        {"uptime", std::max<int64_t>(0, now.realtime_s - status.started_s)},
        {"mode", is_monitor ? "monitor" : "enforce"},
        {"pins", json::object{{"path", to_utf8(status.pins_path)}, {"error", to_utf8(status.pins_error)}}},
        {"http", json::object{{"listen", status.http_listen}, {"error", to_utf8(status.http_error)}}},
        {"interfaces", interfaces(status)},
        {"lists", lists(status.lists)},
        {"names", names(status.names)},
        {"calls", status.census.live_calls()},
        {"calls_from_outside", calls_from_outside(status, policy)},
        {"pinholes", status.census.all_pinholes()},
        {"pinholes_capacity", status.pinholes_capacity},
        {"verdicts", verdicts(status)},
        {"events", events(status)},
        {"core", core(status)},
        {"config", json::object{{"path", status.config_path},
                                {"loaded", status.config_loaded_s},
                                {"error", to_utf8(status.config_error)},
                                {"since_loaded", since_loaded(status)}}},
    };
}

} // namespace ringwall::control

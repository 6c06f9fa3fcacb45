// SPDX-License-Identifier: Apache-2.0
// The document of `--calls`.
#include <boost/json.hpp>

#include "agent/control/report.hpp"
#include "agent/replay/calls.hpp"
#include "maps/reasons.hpp"

namespace ringwall::replay {
namespace {

namespace json = boost::json;

json::object audio_of(const Call& call) {
    json::object dropped;
    for (const auto& [reason, packets] : call.dropped) dropped[reason_text(reason).label] = packets;
    const Said said = call.said == nullptr ? Said{} : *call.said;
    return {{"verdict", to_string(call.audio())},
            {"in", call.media_in},
            {"out", call.media_out},
            {"dropped", std::move(dropped)},
            {"dropped_before_open", call.before_open},
            {"without_pinhole", json::object{{"in", said.beside_in}, {"out", said.beside_out}}}};
}

// All holes that were its, also those that a later description let go.
json::object entry_of(const Call& call, const policy::View& policy, Now now) {
    pinhole::Present present;
    kernel::Refusals refusals;
    uint64_t leg = 0;
    for (const auto& [key, hole] : call.holes) {
        present.pinholes.push_back(hole.present);
        if (hole.refusal) refusals.emplace_back(hole.present.key, *hole.refusal);
        leg = hole.present.value.owner;
    }
    present.dialogs.emplace_back(leg, call.record);
    json::object entry = control::calls(present, refusals, policy, now).get_array().at(0).get_object();
    if (call.ended_s) entry["state"] = "ended";
    entry["media_elsewhere"] = call.elsewhere ? call.elsewhere->to_string() : "";
    entry["answered"] = call.is_answered;
    entry["ended"] = call.ended_s ? json::value(*call.ended_s) : json::value(nullptr);
    entry["audio"] = audio_of(call);
    entry["pinholes"] = control::pinholes(present, refusals, policy, now);
    return entry;
}

} // namespace

json::value Calls::document(const policy::View& policy, Now now) const {
    json::array list;
    for (const Call& call : calls_)
        if (call.record.state != 0) list.push_back(entry_of(call, policy, now));
    return list;
}

} // namespace ringwall::replay

// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/calls.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

#include "agent/control/report.hpp"
#include "agent/pinhole/control_word.hpp"
#include "maps/reasons.hpp"

namespace ringwall::replay {
namespace {

namespace json = boost::json;
constexpr std::chrono::seconds early_enough{1};
constexpr size_t most_refused = 65536; // endpoints that a scan may fill our memory with

struct pinhole_key key_of(const struct operation& operation) {
    struct pinhole_key key{};
    std::memcpy(&key, operation.key, sizeof key);
    return key;
}
struct pinhole value_of(const struct operation& operation) {
    struct pinhole value{};
    std::memcpy(&value, operation.value, sizeof value);
    return value;
}

bool is_of_hole(const struct operation& operation) { return operation.code <= OP_DELETE_PINHOLE; }
bool names_owner(const struct operation& operation) {
    return operation.code == OP_INSERT_PINHOLE ||
           (operation.code == OP_CHANGE_PINHOLE && (operation.fields & FIELD_OWNER) != 0);
}
bool ends_a_hole(const struct operation& operation) {
    return operation.code == OP_DELETE_PINHOLE ||
           (operation.code == OP_CHANGE_PINHOLE && (operation.fields & (FIELD_OWNER | FIELD_RESET)) != 0);
}

bool is_of_media(uint32_t reason) {
    switch (reason) {
        case REASON_pinhole_rtp:
        case REASON_pinhole_early:
        case REASON_pinhole_draining:
        case REASON_pinhole_other_source:
        case REASON_pinhole_nonconformant:
        case REASON_pinhole_tcp: return true;
        default: return false;
    }
}

} // namespace

std::string_view to_string(Audio audio) {
    switch (audio) {
        case Audio::both_ways: return "both ways";
        case Audio::in_only: return "inwards only";
        case Audio::out_only: return "outwards only";
        case Audio::refused: return "refused";
        default: return "none in the capture";
    }
}

uint64_t Call::dropped_packets() const {
    uint64_t sum = 0;
    for (const auto& [reason, packets] : dropped) sum += packets;
    return sum;
}

Audio Call::audio() const {
    if (media_in > 0) return media_out > 0 ? Audio::both_ways : Audio::in_only;
    if (media_out > 0) return Audio::out_only;
    return dropped_packets() + before_open > 0 ? Audio::refused : Audio::none;
}

Calls::Local Calls::local_of(const struct operation& operation) {
    const struct pinhole_key key = key_of(operation);
    return {{IpAddress::from(key.address), Port{static_cast<uint16_t>(key.port_proto >> 16U)}},
            static_cast<uint8_t>(key.port_proto & 0xffU)};
}

Call* Calls::call_of(uint64_t leg) {
    const auto found = by_leg_.find(leg);
    return found == by_leg_.end() ? nullptr : &calls_[found->second];
}

void Calls::keep(const pinhole::PresentPinhole& hole) {
    if (Call* call = call_of(hole.value.owner))
        call->holes.insert_or_assign(pinhole::HoleKey::from(hole.key), Call::Hole{hole, maps_.find_refusal(hole.key)});
}

void Calls::before(const pinhole::MapOps& changes) {
    for (const struct operation& operation : changes.operations) {
        if (!is_of_hole(operation) || !ends_a_hole(operation)) continue;
        const struct pinhole_key key = key_of(operation);
        for (const auto& hole : maps_.find({&key, 1})) keep(hole);
        if (operation.code == OP_DELETE_PINHOLE) owners_.erase(local_of(operation));
    }
}

void Calls::after(const pinhole::MapOps& changes, Now now) {
    for (const struct operation& operation : changes.operations) {
        if (operation.code == OP_END_DIALOG) on_end(operation, now);
        if (operation.code == OP_CHANGE_DIALOG) on_change(operation);
    }
    for (const auto& [leg, record] : changes.put_dialogs) on_record(leg, record, now);
    for (const struct operation& operation : changes.operations)
        if (is_of_hole(operation) && names_owner(operation)) on_owner(operation, now);
}

// The same leg may come again, where a capture holds a call twice.
void Calls::on_record(uint64_t leg, const struct dialog_record& record, Now now) {
    Call* call = call_of(leg);
    if (call == nullptr || (call->ended_s && record.state != DIALOG_ENDED)) {
        by_leg_[leg] = calls_.size();
        call = &calls_.emplace_back();
    }
    call->is_answered = call->is_answered || record.state == DIALOG_CONFIRMED;
    if (record.state == DIALOG_ENDED) {
        if (!call->ended_s) call->ended_s = now.realtime_s;
        return; // the record before knows more: its holes
    }
    call->record = record;
    call->elsewhere = elsewhere_of_(leg);
}

void Calls::on_end(const struct operation& operation, Now now) {
    uint64_t leg = 0;
    std::memcpy(&leg, operation.key, sizeof leg);
    if (Call* call = call_of(leg); call != nullptr && !call->ended_s) call->ended_s = now.realtime_s;
}

void Calls::on_change(const struct operation& operation) {
    uint64_t leg = 0;
    std::memcpy(&leg, operation.key, sizeof leg);
    Call* call = call_of(leg);
    if (call == nullptr || call->ended_s) return;
    pinhole::change(call->record, operation);
    call->elsewhere = elsewhere_of_(leg);
    call->is_answered = call->is_answered || call->record.state == DIALOG_CONFIRMED;
}

void Calls::on_owner(const struct operation& operation, Now now) {
    const struct pinhole value = value_of(operation);
    const Local local = local_of(operation);
    owners_[local] = {value.owner, pinhole::ControlWord::of(value.ctl).component == COMPONENT_RTCP};
    const auto refused = refused_.find(local);
    if (refused == refused_.end()) return;
    if (Call* call = call_of(value.owner); call != nullptr && now.monotonic - refused->second.last < early_enough)
        call->before_open += refused->second.packets;
    refused_.erase(refused);
}

void Calls::note_refused(const Local& local, Now now) {
    auto found = refused_.find(local);
    if (found == refused_.end()) {
        if (refused_.size() == most_refused) return;
        found = refused_.emplace(local, Refused{}).first;
    }
    Refused& refused = found->second;
    if (now.monotonic - refused.last >= early_enough) refused.packets = 0;
    ++refused.packets;
    refused.last = now.monotonic;
}

void Calls::on_verdict(bool is_outbound, uint32_t reason, const capture::Flow& flow, Now now) {
    const Local local{is_outbound ? flow.source : flow.destination, flow.protocol};
    const auto owner = owners_.find(local);
    if (owner == owners_.end()) {
        if (reason == REASON_no_pinhole) note_refused(local, now);
        return;
    }
    Call* call = call_of(owner->second.leg);
    if (call == nullptr) return;
    if (!is_outbound && reason_text(reason).is_drop) ++call->dropped[reason];
    if (owner->second.is_rtcp) return;
    if (is_outbound && reason == REASON_out_media) ++call->media_out;
    if (!is_outbound && is_of_media(reason)) ++call->media_in;
}

void Calls::at_end() {
    for (const auto& hole : maps_.read().pinholes) keep(hole);
}

namespace {

json::object audio_of(const Call& call) {
    json::object dropped;
    for (const auto& [reason, packets] : call.dropped) dropped[reason_text(reason).label] = packets;
    return {{"verdict", to_string(call.audio())},
            {"in", call.media_in},
            {"out", call.media_out},
            {"dropped", std::move(dropped)},
            {"dropped_before_open", call.before_open}};
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

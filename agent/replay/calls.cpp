// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/calls.hpp"

#include <algorithm>
#include <cstring>

#include "agent/pinhole/control_word.hpp"
#include "maps/reasons.hpp"

namespace ringwall::replay {
namespace {

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
        case REASON_out_media:
        case REASON_pinhole_rtp:
        case REASON_pinhole_early:
        case REASON_pinhole_draining:
        case REASON_pinhole_other_source:
        case REASON_pinhole_nonconformant:
        case REASON_pinhole_tcp: return true;
        default: return false;
    }
}

bool is_after_the_end(uint32_t reason) { return reason == REASON_call_ended || reason == REASON_return_path_ended; }

} // namespace

std::string_view to_string(Audio audio) {
    switch (audio) {
        case Audio::both_ways: return "both ways";
        case Audio::in_only: return "inwards only";
        case Audio::out_only: return "outwards only";
        case Audio::refused: return "refused";
        case Audio::without_pinhole: return "without a pinhole";
        case Audio::not_offered: return "none in its SDP";
        default: return "none in the capture";
    }
}

Audio Call::audio() const {
    if (media_in > 0) return media_out > 0 ? Audio::both_ways : Audio::in_only;
    if (media_out > 0) return Audio::out_only;
    if (is_refused) return Audio::refused;
    if (said == nullptr) return Audio::none;
    if (holes.empty() && said->beside_in > 0) return Audio::without_pinhole;
    if (holes.empty() && said->beside_out > 0) return Audio::out_only;
    return said->has_audio ? Audio::none : Audio::not_offered;
}

// What a TCP segment carries is not looked at.
bool Calls::Owner::is_audio(const Content& content) const {
    switch (component) {
        case COMPONENT_RTCP: return false;
        case COMPONENT_UDPTL: return content.kind != Content::Kind::nothing;
        case COMPONENT_RTP_UDPTL: return content.kind == Content::Kind::rtp || content.kind == Content::Kind::other;
        case COMPONENT_OTHER: return said != nullptr && said->is_audio(media, 0);
        default:
            return content.kind == Content::Kind::rtp &&
                   (said == nullptr || said->is_audio(media, content.payload_type));
    }
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
        if (is_of_hole(operation) && operation.code != OP_DELETE_PINHOLE) on_hole(operation, now);
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
    look_up(*call, leg);
}

void Calls::look_up(Call& call, uint64_t leg) {
    const char* call_id = call.record.call_id;
    call.elsewhere = elsewhere_of_(leg);
    call.said = descriptions_.of({call_id, strnlen(call_id, CALL_ID_BYTES)});
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
    look_up(*call, leg);
    call->is_answered = call->is_answered || call->record.state == DIALOG_CONFIRMED;
}

// With every change of a hole its component may be another.
void Calls::on_hole(const struct operation& operation, Now now) {
    const struct pinhole value = value_of(operation);
    const Local local = local_of(operation);
    Owner& owner = owners_[local];
    const auto word = pinhole::ControlWord::of(value.ctl);
    owner.component = word.component;
    owner.media = word.media;
    if (!names_owner(operation)) return;
    owner.leg = value.owner;
    Call* call = call_of(value.owner);
    owner.said = call == nullptr ? nullptr : call->said;
    const auto refused = refused_.find(local);
    if (refused == refused_.end()) return;
    if (call != nullptr && now.monotonic - refused->second.last < early_enough)
        note_before_open(*call, owner, local, refused->second);
    refused_.erase(refused);
}

void Calls::note_before_open(Call& call, const Owner& owner, const Local& local, const Refused& refused) {
    call.before_open += refused.packets;
    if (owner.is_audio(refused.content) && may_send(call, local, refused.source)) call.is_refused = true;
}

// Of several the last that is RTP.
void Calls::note_refused(const Local& local, const IpAddress& source, const Content& content, Now now) {
    auto found = refused_.find(local);
    if (found == refused_.end()) {
        if (refused_.size() == most_refused) return;
        found = refused_.emplace(local, Refused{}).first;
    }
    Refused& refused = found->second;
    if (now.monotonic - refused.last >= early_enough) refused = {};
    ++refused.packets;
    refused.last = now.monotonic;
    if (refused.content.kind == Content::Kind::rtp && content.kind != Content::Kind::rtp) return;
    refused.content = content;
    refused.source = source;
}

// Whether that address is the party's: of its signalling, named for media, or of a declared peer's networks. While nobody is
// named it may be anybody's.
bool Calls::may_send(const Call& call, const Local& local, const IpAddress& source) const {
    if (Endpoint::from(call.record.outside).address == source) return true;
    const struct pinhole_key key = pinhole::HoleKey{local.endpoint, static_cast<Protocol>(local.protocol)}.abi();
    for (const pinhole::PresentPinhole& hole : maps_.find({&key, 1})) {
        const auto word = pinhole::ControlWord::of(hole.value.ctl);
        if (word.constraint == CONSTRAINT_ANY) return true;
        const auto* end = hole.peers.peer + std::min<size_t>(hole.peers.count, PEERS_PER_SET);
        if (std::any_of(hole.peers.peer, end,
                        [&](const struct peer& peer) { return Endpoint::from(peer).address == source; }))
            return true;
        if (word.zone != 0 && word.zone == declared_zone_of_(source)) return true;
    }
    return false;
}

void Calls::on_verdict(bool is_outbound, uint32_t reason, const capture::Flow& flow, Now now) {
    const Local local{is_outbound ? flow.source : flow.destination, flow.protocol};
    const Content content = Content::of(flow.payload);
    const auto owner = owners_.find(local);
    if (owner == owners_.end()) {
        if (reason == REASON_no_pinhole) note_refused(local, flow.source.address, content, now);
        else if (!reason_text(reason).is_drop)
            descriptions_.pass_beside(is_outbound, is_outbound ? flow.destination : flow.source, content);
        return;
    }
    Call* call = call_of(owner->second.leg);
    if (call == nullptr) return;
    const bool is_dropped = !is_outbound && reason_text(reason).is_drop;
    if (is_dropped) ++call->dropped[reason];
    if (!owner->second.is_audio(content)) return;
    if (is_of_media(reason)) ++(is_outbound ? call->media_out : call->media_in);
    if (is_dropped && !call->is_refused && !is_after_the_end(reason))
        call->is_refused = may_send(*call, local, flow.source.address);
}

void Calls::at_end() {
    for (const auto& hole : maps_.read().pinholes) keep(hole);
}

} // namespace ringwall::replay

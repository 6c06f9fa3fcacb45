// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/book.hpp"

#include <algorithm>
#include <array>

namespace ringwall::pinhole {
namespace {

constexpr std::chrono::seconds inline_rest{1}; // as PeerSlots::rest, for the peer inside the hole
constexpr std::chrono::milliseconds wake_rest{250};

uint32_t to_seconds(std::chrono::nanoseconds duration) {
    return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

} // namespace

Book::Hole& Book::hole_at(const HoleKey& key) { return holes_.try_emplace(key, key).first->second; }

Book::Hole* Book::find(const HoleKey& key) {
    const auto found = holes_.find(key);
    return found == holes_.end() ? nullptr : &found->second;
}

void Book::touch(Hole& hole) {
    hole.is_planned = false;
    look_at(hole);
}

void Book::look_at(Hole& hole) {
    if (!std::exchange(hole.is_touched, true)) touched_.push_back(&hole);
}

void Book::restore(std::span<const PresentPinhole> present) {
    std::vector<uint32_t> slots;
    for (const PresentPinhole& found : present) {
        Hole& hole = hole_at(HoleKey::from(found.key));
        const ControlWord word = ControlWord::of(found.value.ctl);
        stands(hole, found.value);
        hole.present = found;
        hole.stage = word.phase == PHASE_CLOSED     ? Stage::closed
                     : word.phase == PHASE_DRAINING ? Stage::draining
                                                    : Stage::live;
        hole.has_outlived = hole.stage == Stage::closed && (word.flags & PINHOLE_OUTLIVED) != 0;
        hole.stage_end = hole.closed_at = from_ns(found.value.deadline_ns);
        if (word.slot != 0) slots.push_back(word.slot);
        if (hole.stage == Stage::draining) drains_.add(hole.stage_end, hole.key);
        if (hole.stage == Stage::closed) tombstones_.add(hole.stage_end, hole.key);
        touch(hole);
    }
    slots_ = PeerSlots(slots);
}

void Book::set_timers(const BookTimers& timers) {
    timers_ = timers;
    for (auto& [key, hole] : holes_) touch(hole);
}

void Book::let_go(Hole& hole, LegId leg, bool has_outlived) {
    std::erase_if(hole.owners, [&](const OwnedClaim& owner) { return owner.leg == leg; });
    hole.has_outlived = has_outlived;
    hole.is_ownerless |= hole.owners.empty();
    if (hole.owners.empty()) hole.owners = {}; // a tombstone stands for a minute: without their memory
    touch(hole);
}

void Book::release(LegId leg, bool has_outlived) {
    const auto known = by_leg_.find(leg);
    if (!known) return;
    claimed_ -= known->size();
    for (Hole* hole : *known) let_go(*hole, leg, has_outlived);
    by_leg_.erase(leg);
}

// Who claimed last speaks for the hole (merge()); a hand stands behind calls.
bool Book::own(Hole& hole, const LegClaims& claims, Claim& claim) {
    auto& owners = hole.owners;
    const auto before = std::ranges::find(owners, claims.leg, &OwnedClaim::leg);
    const bool is_new = before == owners.end();
    OwnedClaim owned{claims.leg, claims.group, claims.deadline, claims.soft_deadline, std::move(claim)};
    const bool is_in_place = !is_new && &*before == (claims.is_by_hand ? &owners.front() : &owners.back());
    if (is_in_place && *before == owned) return false; // nothing to plan
    touch(hole);
    if (is_in_place) {
        *before = std::move(owned);
        return false;
    }
    if (!is_new) owners.erase(before);
    owners.insert(claims.is_by_hand ? owners.begin() : owners.end(), std::move(owned));
    return is_new;
}

void Book::set(LegClaims claims) {
    if (claims.claims.empty()) return release(claims.leg);
    std::vector<Hole*>& holes = by_leg_[claims.leg];
    claimed_ -= holes.size();
    std::erase_if(holes, [&](Hole* hole) {
        const bool stays = std::ranges::find(claims.claims, hole->key, &Claim::key) != claims.claims.end();
        if (!stays) let_go(*hole, claims.leg);
        return !stays;
    });
    for (Claim& claim : claims.claims) {
        const auto known = std::ranges::find(holes, claim.key(), &Hole::key);
        Hole& hole = known == holes.end() ? hole_at(claim.key()) : **known;
        if (own(hole, claims, claim)) holes.push_back(&hole);
    }
    claimed_ += holes.size();
}

void Book::wake(LegId leg, TimePoint now) {
    const auto known = by_leg_.find(leg);
    if (!known) return;
    for (Hole* hole : *known) {
        if (now < hole->woken + wake_rest) continue;
        hole->woken = now;
        hole->pending_fields |= FIELD_WAKE;
        look_at(*hole);
    }
}

void Book::end_drains(TimePoint now) {
    while (drains_.is_due(now)) {
        const auto due = drains_.take();
        Hole* hole = find(due.id);
        if (!hole || !hole->owners.empty() || hole->stage != Stage::draining) continue;
        if (hole->stage_end > now) continue; // drained anew: it has another reminder
        advance(*hole, now);
        touch(*hole);
    }
}

MapOps Book::plan(TimePoint now) {
    MapOps ops;
    plan(now, ops);
    return ops;
}

void Book::plan(TimePoint now, MapOps& ops) {
    end_drains(now);
    planned_.swap(touched_);
    for (Hole* hole : planned_) {
        hole->is_touched = false;
        if (!hole->owners.empty()) plan_live(*hole, now, ops);
    }
    for (Hole* hole : planned_)
        if (hole->owners.empty()) plan_ownerless(*hole, now, ops);
    planned_.clear();
}

void Book::plan_ownerless(Hole& hole, TimePoint now, MapOps& ops) {
    if (!hole.is_present) { // never opened, or refused by a full map
        holes_.erase(HoleKey(hole.key));
        return;
    }
    if (hole.is_buried) {
        slots_.release(ControlWord::of(hole.present.value.ctl).slot, now);
        ops.operations.push_back(delete_pinhole(hole.key.abi()));
        is_gone(hole);
        holes_.erase(HoleKey(hole.key));
        return;
    }
    if (hole.stage == Stage::live) advance(hole, now);
    plan_let_go(hole, ops);
}

void Book::advance(Hole& hole, TimePoint now) {
    const TimePoint hard = from_ns(hole.present.value.deadline_ns); // max_call, or the end of a hand's word: absolute
    if (hole.stage == Stage::live && now < hard) {
        hole.stage = Stage::draining;
        hole.stage_end = std::min(now + timers_.drain, hard);
        drains_.add(hole.stage_end, hole.key);
        return;
    }
    hole.stage = Stage::closed;
    hole.closed_at = now;
    hole.stage_end = now + timers_.tombstone;
    tombstones_.add(hole.stage_end, hole.key);
    ++counters_.closed;
}

void Book::plan_let_go(Hole& hole, MapOps& ops) {
    struct pinhole next = hole.present.value;
    ControlWord word = ControlWord::of(next.ctl);
    word.phase = hole.stage == Stage::draining ? PHASE_DRAINING : PHASE_CLOSED;
    word.flags &= static_cast<uint8_t>(~PINHOLE_OUTLIVED); // in one that was offered the bit has another meaning
    if (word.phase == PHASE_CLOSED && hole.has_outlived) word.flags |= PINHOLE_OUTLIVED;
    next.ctl = word.packed();
    next.deadline_ns = to_ns(hole.stage_end);
    write(hole, next, ops);
}

void Book::renumber(std::span<const uint8_t> numbers, TimePoint now, MapOps& ops) {
    for (auto& [key, hole] : holes_) {
        if (!hole.owners.empty() || !hole.is_present) continue;
        const ControlWord before = ControlWord::of(hole.present.value.ctl);
        const uint8_t number = numbers[before.zone];
        if (number == 0 && hole.stage == Stage::draining && before.constraint == CONSTRAINT_NETWORKS) {
            advance(hole, now);
            plan_let_go(hole, ops); // before its number is that of all who have none
        }
        struct pinhole next = hole.present.value;
        ControlWord word = ControlWord::of(next.ctl);
        word.zone = number;
        if (number == 0) word.flags &= static_cast<uint8_t>(~PINHOLE_ZONE_SUBSTITUTES);
        next.ctl = word.packed();
        if (number != before.zone) write(hole, next, ops);
    }
}

void Book::plan_live(Hole& hole, TimePoint now, MapOps& ops) {
    if (std::exchange(hole.is_planned, true) && hole.is_present) return write(hole, hole.present.value, ops); // woken
    Wanted wanted = merge(hole.owners);
    // Another call takes it over: between two looks it may have been let go of and claimed again.
    const bool was_let_go = std::exchange(hole.is_ownerless, false) || hole.stage != Stage::live;
    if (was_let_go && hole.is_present && hole.present.value.owner != wanted.owner) hole.pending_fields |= FIELD_RESET;
    hole.stage = Stage::live;
    hole.is_buried = false;
    if (!hole.is_present) hole.woken = now; // a new one is awake

    struct pinhole next = hole.is_present ? hole.present.value : ::pinhole{};
    ControlWord word = ControlWord::of(next.ctl);
    if (!place_peers(wanted, hole, next, word, now, ops)) {
        wanted.constraint = wanted.flags & PINHOLE_ZONE_SUBSTITUTES ? Constraint::networks : Constraint::any_latched;
        wanted.is_widened = true;
        ++counters_.peer_sets_full;
        word.slot = 0;
    }
    // A new offer or answer that names others: who is latched by `latch: N` was latched for those before.
    if (!hole.named.empty() && hole.named != wanted.named) hole.pending_fields |= FIELD_RELATCH;
    hole.named = std::move(wanted.named);
    counters_.widened += wanted.is_widened;
    if (wanted.is_widened) hole.is_planned = false; // next time there may be a set for them
    word.phase = wanted.phase;
    word.constraint = static_cast<uint8_t>(wanted.constraint);
    word.component = static_cast<uint8_t>(wanted.component);
    word.zone = wanted.zone;
    word.media = wanted.media;
    word.flags = wanted.flags;
    next.ctl = word.packed();
    next.deadline_ns = to_ns(wanted.deadline);
    next.soft_deadline_s =
        wanted.soft_deadline ? static_cast<uint32_t>(to_ns(*wanted.soft_deadline) / 1'000'000'000) : 0;
    next.idle_s =
        wanted.never_sleeps ? UINT32_MAX : to_seconds(wanted.phase == PHASE_HELD ? timers_.held : timers_.idle);
    put_payload_types(wanted.payload_types, next);
    next.ufrag_hash = wanted.ufrag_hash;
    next.packet_period_ns = wanted.packet_period_ns;
    if (hole.is_present && wanted.round != hole.round) hole.pending_fields |= FIELD_SSRC;
    hole.round = wanted.round;
    next.owner = wanted.owner;
    write(hole, next, ops);
}

bool Book::place_peers(const Wanted& wanted, Hole& hole, struct pinhole& next, ControlWord& word, TimePoint now,
                       MapOps& ops) {
    const bool names_now = hole.is_present && word.names_peers();
    const uint32_t old_slot = word.slot;
    const bool names_next = wanted.constraint == Constraint::peers || wanted.constraint == Constraint::addresses;
    const bool is_same = names_now == names_next && (!names_next || names(hole.present, wanted.peers));
    if (hole.is_present && is_same) return true;

    if (hole.is_present) hole.pending_fields |= FIELD_RELATCH;
    hole.present.peers = set_of(wanted.peers);
    slots_.release(old_slot, now);
    word.slot = 0;
    const bool was_inline = names_now && old_slot == 0;
    if (was_inline) hole.inline_let_go = now;
    if (!names_next) return true;
    if (wanted.peers.size() == 1 && !was_inline && hole.inline_let_go + inline_rest <= now) {
        next.peer = wanted.peers.front().abi();
        return true;
    }
    const auto slot = slots_.take(now);
    if (!slot) {
        hole.present.peers = {};
        return false;
    }
    word.slot = *slot;
    ops.peer_sets.emplace_back(*slot, hole.present.peers);
    return true;
}

void Book::write(Hole& hole, const struct pinhole& next, MapOps& ops) {
    const uint32_t pending = std::exchange(hole.pending_fields, 0);
    hole.present.key = hole.key.abi();
    if (!hole.is_present) {
        stands(hole, next);
        ops.operations.push_back(insert_pinhole(hole.present.key, next));
        ++counters_.opened;
        return;
    }
    const uint32_t fields = (hole.is_unknown ? every_field : changed_fields(hole.present.value, next)) | pending;
    struct pinhole stamped = next;
    if (stamped.ctl != hole.present.value.ctl) {
        ControlWord word = ControlWord::of(stamped.ctl);
        ++word.generation;
        stamped.ctl = word.packed();
    } else if (fields == 0) {
        return;
    }
    if (fields & FIELD_RESET) ++counters_.opened;
    hole.is_unknown = false;
    stands(hole, stamped);
    ops.operations.push_back(change_pinhole(hole.present.key, stamped, fields));
}

// What the map holds of it from now on.
void Book::stands(Hole& hole, const struct pinhole& value) {
    is_gone(hole);
    hole.is_present = true;
    hole.present.value = value;
    ++standing_[ControlWord::of(value.ctl).phase];
}

void Book::is_gone(Hole& hole) {
    if (std::exchange(hole.is_present, false)) --standing_[ControlWord::of(hole.present.value.ctl).phase];
}

const PresentPinhole* Book::present(const HoleKey& key) const {
    const auto hole = holes_.find(key);
    return hole != holes_.end() && hole->second.is_present ? &hole->second.present : nullptr;
}

bool Book::is_claimed(const HoleKey& key) const {
    const auto hole = holes_.find(key);
    return hole != holes_.end() && !hole->second.owners.empty();
}

} // namespace ringwall::pinhole

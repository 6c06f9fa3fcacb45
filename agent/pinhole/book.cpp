// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/book.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace ringwall::pinhole {
namespace {

constexpr std::chrono::seconds inline_rest{1}; // as PeerSlots::rest, for the peer inside the hole

uint32_t to_seconds(std::chrono::nanoseconds duration) {
    return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

std::vector<Endpoint> named_peers(const PresentPinhole& hole) {
    std::vector<Endpoint> peers;
    for (uint32_t i = 0; i < hole.peers.count && i < PEERS_PER_SET; ++i)
        peers.push_back(Endpoint::from(hole.peers.peer[i]));
    return peers;
}

struct peer_set set_of(const std::vector<Endpoint>& peers) {
    struct peer_set set{};
    set.count = static_cast<uint32_t>(peers.size());
    for (size_t i = 0; i < peers.size(); ++i) set.peer[i] = peers[i].abi();
    return set;
}

void put_payload_types(const PayloadTypes& types, struct pinhole& value) {
    static const PayloadTypes lower_word(~0ULL);
    value.payload_types[0] = (types & lower_word).to_ullong();
    value.payload_types[1] = (types >> 64).to_ullong();
}

PayloadTypes payload_types_of(const struct pinhole& value) {
    return PayloadTypes(value.payload_types[1]) << 64 | PayloadTypes(value.payload_types[0]);
}

// Which of the agent's fields differ between what stands and what shall stand.
uint32_t changed_fields(const struct pinhole& now, const struct pinhole& next) {
    uint32_t fields = 0;
    if (now.deadline_ns != next.deadline_ns) fields |= FIELD_DEADLINE;
    if (now.soft_deadline_s != next.soft_deadline_s) fields |= FIELD_SOFT_DEADLINE;
    if (now.idle_s != next.idle_s) fields |= FIELD_IDLE;
    if (std::memcmp(&now.peer, &next.peer, sizeof now.peer) != 0) fields |= FIELD_PEER;
    if (std::memcmp(now.payload_types, next.payload_types, sizeof now.payload_types) != 0)
        fields |= FIELD_PAYLOAD_TYPES;
    if (now.packet_period_ns != next.packet_period_ns) fields |= FIELD_PACKET_PERIOD;
    if (now.owner != next.owner) fields |= FIELD_OWNER;
    if (now.ufrag_hash != next.ufrag_hash) fields |= FIELD_UFRAG;
    return fields;
}

constexpr uint32_t every_field = FIELD_DEADLINE | FIELD_SOFT_DEADLINE | FIELD_IDLE | FIELD_PEER | FIELD_PAYLOAD_TYPES |
                                 FIELD_PACKET_PERIOD | FIELD_OWNER | FIELD_UFRAG | FIELD_RESET;

} // namespace

HoleKey HoleKey::from(const struct pinhole_key& crossed) {
    return {{IpAddress::from(crossed.address), Port{static_cast<uint16_t>(crossed.port_proto >> 16)}},
            static_cast<Protocol>(crossed.port_proto & 0xff)};
}

struct pinhole_key HoleKey::abi() const {
    return {local.address.abi(), uint32_t{local.port.value} << 16 | static_cast<uint32_t>(protocol)};
}

void Book::restore(std::span<const PresentPinhole> present) {
    std::vector<uint32_t> slots;
    for (const PresentPinhole& found : present) {
        const HoleKey key = HoleKey::from(found.key);
        Hole& hole = holes_[key];
        const ControlWord word = ControlWord::of(found.value.ctl);
        hole.is_present = true;
        hole.present = found;
        hole.stage = word.phase == PHASE_CLOSED     ? Stage::closed
                     : word.phase == PHASE_DRAINING ? Stage::draining
                                                    : Stage::live;
        hole.stage_end = hole.closed_at = from_ns(found.value.deadline_ns);
        if (word.slot != 0) slots.push_back(word.slot);
        if (hole.stage != Stage::live) schedule(key, hole.stage_end);
        touched_.insert(key);
    }
    slots_ = PeerSlots(slots);
}

void Book::unclaim(LegId leg) {
    const auto known = by_leg_.find(leg);
    if (known == by_leg_.end()) return;
    for (const HoleKey& key : known->second) {
        std::erase_if(holes_[key].owners, [&](const OwnedClaim& owner) { return owner.leg == leg; });
        touched_.insert(key);
    }
    by_leg_.erase(known);
}

void Book::set(const LegClaims& claims) {
    unclaim(claims.leg);
    for (const Claim& claim : claims.claims) {
        const HoleKey key = claim.key();
        holes_[key].owners.push_back({claims.leg, claims.group, claims.deadline, claims.soft_deadline, claim});
        by_leg_[claims.leg].push_back(key);
        touched_.insert(key);
    }
}

void Book::wake(LegId leg) {
    const auto known = by_leg_.find(leg);
    if (known == by_leg_.end()) return;
    for (const HoleKey& key : known->second) {
        holes_[key].pending_fields |= FIELD_WAKE;
        touched_.insert(key);
    }
}

MapOps Book::plan(TimePoint now) {
    for (auto due = timers_due_.begin(); due != timers_due_.end() && due->first <= now;) {
        const auto hole = holes_.find(due->second);
        const bool is_due = hole != holes_.end() && hole->second.owners.empty() && hole->second.stage_end <= now;
        if (is_due && hole->second.stage == Stage::closed) { // bury() looks at it first
            ++due;
            continue;
        }
        if (is_due && hole->second.stage == Stage::draining) {
            advance(hole->first, hole->second, now);
            touched_.insert(hole->first);
        }
        due = timers_due_.erase(due);
    }
    MapOps ops;
    for (const HoleKey& key : std::exchange(touched_, {}))
        if (const auto hole = holes_.find(key); hole != holes_.end()) plan_hole(key, hole->second, now, ops);
    return ops;
}

void Book::plan_hole(const HoleKey& key, Hole& hole, TimePoint now, MapOps& ops) {
    if (!hole.owners.empty()) return plan_live(key, hole, now, ops);
    if (!hole.is_present) { // never opened, or refused by a full map
        holes_.erase(key);
        return;
    }
    if (hole.is_buried) {
        slots_.release(ControlWord::of(hole.present.value.ctl).slot, now);
        ops.operations.push_back(delete_pinhole(key.abi()));
        holes_.erase(key);
        return;
    }
    if (hole.stage == Stage::live) advance(key, hole, now);
    plan_let_go(key, hole, ops);
}

void Book::advance(const HoleKey& key, Hole& hole, TimePoint now) {
    if (hole.stage == Stage::live) {
        hole.stage = Stage::draining;
        hole.stage_end = now + timers_.drain;
    } else {
        hole.stage = Stage::closed;
        hole.closed_at = now;
        hole.stage_end = now + timers_.tombstone;
        ++counters_.closed;
    }
    schedule(key, hole.stage_end);
}

void Book::plan_let_go(const HoleKey& key, Hole& hole, MapOps& ops) {
    struct pinhole next = hole.present.value;
    ControlWord word = ControlWord::of(next.ctl);
    word.phase = hole.stage == Stage::draining ? PHASE_DRAINING : PHASE_CLOSED;
    next.ctl = word.packed();
    next.deadline_ns = to_ns(hole.stage_end);
    write(key, hole, next, ops);
}

void Book::plan_live(const HoleKey& key, Hole& hole, TimePoint now, MapOps& ops) {
    Wanted wanted = merge(hole.owners);
    if (hole.stage != Stage::live && hole.present.value.owner != wanted.owner) hole.pending_fields |= FIELD_RESET;
    hole.stage = Stage::live;
    hole.is_buried = false;

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
    hole.named = wanted.named;
    counters_.widened += wanted.is_widened;
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
    next.idle_s = to_seconds(wanted.phase == PHASE_HELD ? timers_.held : timers_.idle);
    put_payload_types(wanted.payload_types, next);
    next.ufrag_hash = wanted.ufrag_hash;
    next.packet_period_ns = wanted.packet_period_ns;
    if (hole.is_present && wanted.round != hole.round) hole.pending_fields |= FIELD_SSRC;
    hole.round = wanted.round;
    next.owner = wanted.owner;
    write(key, hole, next, ops);
}

bool Book::place_peers(const Wanted& wanted, Hole& hole, struct pinhole& next, ControlWord& word, TimePoint now,
                       MapOps& ops) {
    const bool names_now = hole.is_present && word.names_peers();
    const uint32_t old_slot = word.slot;
    const bool names_next = wanted.constraint == Constraint::peers || wanted.constraint == Constraint::addresses;
    const bool is_same = names_now == names_next && (!names_next || named_peers(hole.present) == wanted.peers);
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

void Book::write(const HoleKey& key, Hole& hole, const struct pinhole& next, MapOps& ops) {
    const uint32_t pending = std::exchange(hole.pending_fields, 0);
    hole.present.key = key.abi();
    if (!hole.is_present) {
        hole.present.value = next;
        hole.is_present = true;
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
    hole.present.value = stamped;
    ops.operations.push_back(change_pinhole(hole.present.key, stamped, fields));
}

void Book::schedule(const HoleKey& key, TimePoint at) { timers_due_.emplace(at, key); }

bool Book::is_claimed(const Endpoint& local) const {
    return std::ranges::any_of(std::array{Protocol::udp, Protocol::tcp}, [&](Protocol protocol) {
        const auto hole = holes_.find({local, protocol});
        return hole != holes_.end() && !hole->second.owners.empty();
    });
}

const PresentPinhole* Book::present(const HoleKey& key) const {
    const auto hole = holes_.find(key);
    return hole != holes_.end() && hole->second.is_present ? &hole->second.present : nullptr;
}

Claim claim_of(const PresentPinhole& hole, uint8_t component, uint8_t media) {
    const ControlWord word = ControlWord::of(hole.value.ctl);
    Claim claim{.local = HoleKey::from(hole.key).local,
                .protocol = HoleKey::from(hole.key).protocol,
                .component = static_cast<Component>(component),
                .media = media,
                .is_answered = word.phase != PHASE_OFFERED,
                .is_held = word.phase == PHASE_HELD,
                .is_media_checked = (word.flags & PINHOLE_CHECK_MEDIA) != 0,
                .constraint = word.constraint == CONSTRAINT_ANY_LATCHED ? Constraint::any
                                                                        : static_cast<Constraint>(word.constraint),
                .zone = word.zone,
                .zone_substitutes = (word.flags & PINHOLE_ZONE_SUBSTITUTES) != 0,
                .peers = word.names_peers() ? named_peers(hole) : std::vector<Endpoint>{}};
    claim.payload_types = payload_types_of(hole.value);
    claim.ufrag_hash = hole.value.ufrag_hash;
    if (word.flags & PINHOLE_CONFORM_COUNT) claim.conformance = Conformance::count;
    if (word.flags & PINHOLE_CONFORM_ENFORCE) claim.conformance = Conformance::enforce;
    claim.is_one_source = (word.flags & PINHOLE_ONE_SOURCE) != 0;
    claim.is_srtp = (word.flags & PINHOLE_SRTP) != 0;
    claim.packet_period_ns = hole.value.packet_period_ns;
    return claim;
}

} // namespace ringwall::pinhole

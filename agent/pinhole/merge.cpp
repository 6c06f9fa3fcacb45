// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/merge.hpp"

#include <algorithm>

namespace ringwall::pinhole {
namespace {

bool is_outweighed(const OwnedClaim& owner, const std::vector<OwnedClaim>& owners) {
    return !owner.claim.is_answered && std::ranges::any_of(owners, [&](const OwnedClaim& other) {
        return other.claim.is_answered && other.group == owner.group;
    });
}

using Owners = std::vector<const OwnedClaim*>;

Owners effective(const std::vector<OwnedClaim>& owners) {
    Owners kept;
    for (const OwnedClaim& owner : owners)
        if (!is_outweighed(owner, owners)) kept.push_back(&owner);
    return kept;
}

// any < networks < addresses < peers, from the widest. Two different zones have no common network but "any".
Constraint widest(Constraint a, Constraint b) {
    static constexpr auto width = [](Constraint c) {
        switch (c) {
            case Constraint::any_latched:
            case Constraint::any: return 0;
            case Constraint::networks: return 1;
            case Constraint::addresses: return 2;
            case Constraint::peers: return 3;
        }
        return 0;
    };
    return width(a) <= width(b) ? a : b;
}

uint8_t phase_of(const Owners& owners) {
    const auto answered = [](const OwnedClaim* o) { return o->claim.is_answered; };
    const auto held = [](const OwnedClaim* o) { return o->claim.is_held; };
    if (std::ranges::none_of(owners, answered)) return PHASE_OFFERED;
    return std::ranges::all_of(owners, held) ? PHASE_HELD : PHASE_ANSWERED;
}

// Too many to name: the peer's networks where it is a declared one, else anyone (who then is latched).
void widen(Wanted& wanted) {
    wanted.constraint =
        wanted.zone != 0 && (wanted.flags & PINHOLE_ZONE_SUBSTITUTES) ? Constraint::networks : Constraint::any_latched;
    wanted.peers.clear();
    wanted.is_widened = true;
}

// Where one address alone may send, no check counts from elsewhere. The fragment stays with the hole, for a restart and a
// policy that lets others send again.
void add_ice(Wanted& wanted, const Claim& claim) {
    const bool is_heard = claim.ufrag_hash != 0 && !claim.only_from;
    if (wanted.ufrag_hash != 0 && (!is_heard || wanted.flags & PINHOLE_ICE)) return;
    wanted.ufrag_hash = claim.ufrag_hash;
    if (is_heard) wanted.flags |= PINHOLE_ICE;
}

void add(Wanted& wanted, const OwnedClaim& owner) {
    const Claim& claim = owner.claim;
    if (wanted.zone != claim.zone &&
        (wanted.constraint == Constraint::networks || claim.constraint == Constraint::networks))
        wanted.constraint = Constraint::any;
    else wanted.constraint = widest(wanted.constraint, claim.constraint);
    if (wanted.zone != claim.zone || !claim.zone_substitutes)
        wanted.flags &= static_cast<uint8_t>(~PINHOLE_ZONE_SUBSTITUTES);
    add_peers(wanted.peers, claim.peers);
    add_ice(wanted, claim);
    wanted.round += claim.round;
    wanted.never_sleeps = wanted.never_sleeps || claim.never_sleeps;
    wanted.deadline = std::max(wanted.deadline, owner.deadline);
    if (!wanted.soft_deadline || !owner.soft_deadline) wanted.soft_deadline.reset();
    else wanted.soft_deadline = std::max(*wanted.soft_deadline, *owner.soft_deadline);
}

uint8_t conformance_flags(const Claim& claim) {
    uint32_t flags = claim.is_media_checked ? PINHOLE_CHECK_MEDIA : 0;
    if (claim.conformance == Conformance::count) flags |= PINHOLE_CONFORM_COUNT;
    if (claim.conformance == Conformance::enforce) flags |= PINHOLE_CONFORM_ENFORCE;
    if (claim.is_one_source) flags |= PINHOLE_ONE_SOURCE;
    if (claim.is_srtp) flags |= PINHOLE_SRTP;
    return static_cast<uint8_t>(flags);
}

// What may come, by all owners: each has its media.
void add_media(Wanted& wanted, const Claim& media) {
    wanted.component = media.component;
    wanted.payload_types = media.payload_types;
    wanted.packet_period_ns = media.packet_period_ns;
    wanted.flags |= conformance_flags(media);
}

void add_media(Wanted& wanted, const Owners& owners) {
    if (owners.size() == 1) return add_media(wanted, owners.front()->claim); // most ports are one call's
    Claim media = owners.back()->claim;
    for (const OwnedClaim* owner : owners) widen(media, owner->claim);
    add_media(wanted, media);
}

Wanted from(const OwnedClaim& owner) {
    const Claim& claim = owner.claim;
    Wanted wanted{.constraint = claim.constraint,
                  .zone = claim.zone,
                  .media = claim.media,
                  .flags = static_cast<uint8_t>(claim.zone_substitutes ? PINHOLE_ZONE_SUBSTITUTES : 0),
                  .peers = claim.peers,
                  .deadline = owner.deadline,
                  .soft_deadline = owner.soft_deadline,
                  .owner = owner.leg};
    add_ice(wanted, claim); // of the last owner before others'
    return wanted;
}

} // namespace

void add_peers(std::vector<Endpoint>& peers, const std::vector<Endpoint>& more) {
    for (const Endpoint& peer : more)
        if (peers.size() <= PEERS_PER_SET && std::ranges::find(peers, peer) == peers.end()) peers.push_back(peer);
}

Component both(Component a, Component b) {
    if (a == b) return a;
    if (a == Component::other || b == Component::other) return Component::rtp_rtcp; // nothing is checked then
    return a == Component::udptl || b == Component::udptl || a == Component::rtp_udptl || b == Component::rtp_udptl
               ? Component::rtp_udptl
               : Component::rtp_rtcp;
}

Claim enforced(Claim claim) {
    if (claim.only_from) claim.peers = {{*claim.only_from, Port{0}}};
    return claim;
}

void widen(Claim& claim, const Claim& other) {
    const bool is_other = claim.component == Component::other || other.component == Component::other;
    claim.component = both(claim.component, other.component);
    claim.is_media_checked = claim.is_media_checked && other.is_media_checked;
    claim.payload_types |= other.payload_types;
    claim.conformance = is_other ? Conformance::off : std::max(claim.conformance, other.conformance);
    claim.is_one_source = claim.is_one_source && other.is_one_source;
    claim.is_srtp = claim.is_srtp || other.is_srtp;
    claim.packet_period_ns = std::min(claim.packet_period_ns, other.packet_period_ns); // 0, no cap, is the widest
}

void add_senders(Claim& claim, const Claim& other) {
    const bool has_two_zones = claim.zone != other.zone &&
                               (claim.constraint == Constraint::networks || other.constraint == Constraint::networks);
    claim.constraint = has_two_zones ? Constraint::any : widest(claim.constraint, other.constraint);
    claim.zone_substitutes = claim.zone_substitutes && other.zone_substitutes && claim.zone == other.zone;
    claim.is_held = claim.is_held && other.is_held;
    if (claim.only_from != other.only_from) { // the party has moved: from either address, or by the weaker constraint
        if (claim.constraint == Constraint::addresses) claim.peers = enforced(claim).peers;
        add_peers(claim.peers, claim.constraint == Constraint::addresses ? enforced(other).peers : other.peers);
        claim.only_from.reset();
    } else {
        add_peers(claim.peers, other.peers);
    }
    if (other.ufrag_hash != 0) claim.ufrag_hash = other.ufrag_hash;
}

Wanted merge(const std::vector<OwnedClaim>& owners) {
    const Owners kept = effective(owners);
    Wanted wanted = from(*kept.back());
    for (const OwnedClaim* owner : kept) add(wanted, *owner);
    add_media(wanted, kept);
    wanted.phase = phase_of(kept);
    if (wanted.phase == PHASE_OFFERED) wanted.flags |= PINHOLE_EARLY_RATE;
    const bool names_peers = wanted.constraint == Constraint::peers || wanted.constraint == Constraint::addresses;
    std::ranges::sort(wanted.peers); // the same in another order are no change
    wanted.named = wanted.peers;
    if (!names_peers) wanted.peers.clear();
    if (wanted.peers.size() > PEERS_PER_SET) widen(wanted);
    return wanted;
}

} // namespace ringwall::pinhole

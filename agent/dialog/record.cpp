// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/record.hpp"

#include <algorithm>
#include <cstddef>

#include "agent/pinhole/map_ops.hpp"
#include "agent/pinhole/map_value.hpp"
#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

// In `offered`.
const Endpoint a_name{IpAddress(), Port{1}}, nobody{IpAddress(), Port{2}};

struct dialog_claim crossed(const pinhole::Claim& claim) {
    const uint8_t phase = !claim.is_answered ? PHASE_OFFERED : claim.is_held ? PHASE_HELD : PHASE_ANSWERED;
    return {.key = claim.key().abi(),
            .media = claim.media,
            .component = static_cast<uint8_t>(claim.component),
            .phase = phase,
            .flags = static_cast<uint8_t>(claim.is_mux_offered ? CLAIM_MUX_OFFERED : 0)};
}

bool is_moving(const struct dialog_record& record, const pinhole::Claim& claim) {
    const auto is_it = [&](const struct dialog_claim& stored) {
        return (stored.flags & CLAIM_MOVING) != 0 && pinhole::HoleKey::from(stored.key) == claim.key();
    };
    return std::any_of(record.claims, record.claims + std::min<size_t>(record.claim_count, CLAIMS_PER_LEG), is_it);
}

void store_offer(const Remote& remote, struct dialog_record& record) {
    record.flags |= DIALOG_OUTSIDE_OFFER;
    const auto add = [&](const std::vector<Endpoint>& endpoints, size_t media, pinhole::Component component) {
        for (const Endpoint& endpoint : endpoints) {
            if (record.offered_count == OFFERED_PEERS_PER_LEG) return;
            record.offered[record.offered_count++] = {endpoint.address.abi(), endpoint.abi().port,
                                                      static_cast<uint8_t>(media), static_cast<uint8_t>(component)};
        }
    };
    for (size_t i = 0; i < remote.media.size(); ++i) {
        const RemoteMedia& media = remote.media[i];
        const auto component = media.has_mux ? pinhole::Component::rtp_rtcp : pinhole::Component::rtp;
        if (media.is_inside) add({Endpoint{}}, i, component);
        if (media.has_name) add({a_name}, i, component);
        const auto endpoints = remote.ports_of(i, false);
        add(endpoints, i, component);
        if (media.has_mux && endpoints.empty()) add({nobody}, i, component);
        if (media.is_behind_nat) add(remote.stand_ins, i, pinhole::Component::other);
        if (!media.has_mux) add(remote.ports_of(i, true), i, pinhole::Component::rtcp);
    }
}

KeptRemote load_offer(const struct dialog_record& record) {
    Remote remote{.media = std::vector<RemoteMedia>(CLAIMS_PER_LEG)};
    // The inside's answer will say: it has ICE only where the offer had it (RFC 8839 4.2.2).
    for (RemoteMedia& media : remote.media) media.is_ice = true;
    for (size_t i = 0; i < std::min<size_t>(record.offered_count, OFFERED_PEERS_PER_LEG); ++i) {
        const struct offered_peer& from = record.offered[i];
        if (from.media >= remote.media.size()) continue;
        RemoteMedia& media = remote.media[from.media];
        const Endpoint endpoint = Endpoint::from({from.address, from.port, {0, 0}});
        const auto component = static_cast<pinhole::Component>(from.component);
        if (component == pinhole::Component::other) {
            media.is_behind_nat = true;
            pinhole::add_peers(remote.stand_ins, {endpoint});
            continue;
        }
        media.has_mux |= component == pinhole::Component::rtp_rtcp;
        if (endpoint.address.is_unspecified()) {
            if (endpoint != nobody) (endpoint == a_name ? media.has_name : media.is_inside) = true;
            continue;
        }
        const auto add = [&](Port port, bool is_rtcp) {
            remote.ports.push_back(
                {.address = endpoint.address, .first = port, .media = from.media, .is_rtcp = is_rtcp});
        };
        add(endpoint.port, component == pinhole::Component::rtcp);
        // Where the answer does without: next to it, unless a=rtcp said otherwise, which is forgotten.
        if (component == pinhole::Component::rtp_rtcp && endpoint.port.value != UINT16_MAX)
            add(Port{static_cast<uint16_t>(endpoint.port.value + 1)}, true);
    }
    return std::make_shared<const Remote>(std::move(remote));
}

// An endpoint that an offer keeps is accepted and offered. Where its m-line has moved, the new one is on record.
void offer_what_stays(std::vector<pinhole::Claim>& offered, const std::vector<pinhole::Claim>& accepted) {
    const auto moved = offered;
    for (const pinhole::Claim& claim : accepted)
        if (successor_of(claim, moved) == moved.end()) offered.push_back(claim);
}

// Where m-lines share a port (BUNDLE) the record has that port once, for the first of them: any of the call's does, as no
// packet there tells anything of the one that moved.
void restore_moving(Leg& leg, const pinhole::Claim& claim, const std::vector<pinhole::Claim>& accepted) {
    if (const auto own = successor_of(claim, accepted); own != accepted.end())
        return leg.moving.push_back({claim, own->key(), {}});
    if (!accepted.empty()) leg.moving.push_back({claim, accepted.front().key(), {}, true});
}

} // namespace

void store_claims(const std::vector<pinhole::Claim>& claims, struct dialog_record& record) {
    for (const pinhole::Claim& claim : claims)
        if (record.claim_count < CLAIMS_PER_LEG) record.claims[record.claim_count++] = crossed(claim);
}

void store_senders(const std::vector<pinhole::Claim>& claims, struct dialog_record& record) {
    const bool has_offer = (record.flags & DIALOG_OUTSIDE_OFFER) != 0; // which has the room
    for (uint8_t i = 0; i < record.claim_count; ++i) {
        const pinhole::Claim& claim = claims[i];
        const size_t room = has_offer ? 0 : OFFERED_PEERS_PER_LEG - record.offered_count;
        if (claim.peers.size() > room) continue;
        for (size_t n = 0; n < claim.peers.size(); ++n)
            record.offered[record.offered_count++] = {claim.peers[n].address.abi(), claim.peers[n].abi().port, i,
                                                      n < claim.kept};
        record.claims[i].flags |=
            static_cast<uint8_t>(CLAIM_SENDERS | static_cast<unsigned>(claim.constraint) << CLAIM_CONSTRAINT_SHIFT);
        if (claim.zone_substitutes) record.claims[i].flags |= CLAIM_ZONE_SUBSTITUTES;
    }
}

void load_senders(const struct dialog_record& record, size_t index, pinhole::Claim& claim) {
    const struct dialog_claim& stored = record.claims[index];
    const bool is_other_partys = (stored.flags & CLAIM_OTHER_PARTY) != 0;
    if ((stored.flags & CLAIM_SENDERS) == 0) { // then as its pinhole has it
        // of a strict peer's the one that may send; whom SDP named is forgotten
        const std::vector<Endpoint> strict{{Endpoint::from(record.outside).address, Port{0}}};
        const bool is_strict = claim.constraint == pinhole::Constraint::addresses && claim.peers == strict;
        if (is_strict && !is_other_partys) claim.peers.clear();
        if (claim.is_held) claim.kept = static_cast<uint8_t>(claim.peers.size()); // whoever of them it was
        return;
    }
    claim.is_answered = stored.phase != PHASE_OFFERED;
    if (claim.is_answered) claim.is_held = stored.phase == PHASE_HELD; // of an offer only the pinhole tells
    claim.constraint = static_cast<pinhole::Constraint>(stored.flags >> CLAIM_CONSTRAINT_SHIFT & CLAIM_CONSTRAINT_MASK);
    claim.zone_substitutes = (stored.flags & CLAIM_ZONE_SUBSTITUTES) != 0;
    claim.peers.clear();
    claim.kept = 0;
    if (record.flags & DIALOG_OUTSIDE_OFFER) return;
    for (size_t i = 0; i < std::min<size_t>(record.offered_count, OFFERED_PEERS_PER_LEG); ++i) {
        const struct offered_peer& from = record.offered[i];
        if (from.media != index) continue;
        claim.peers.push_back(Endpoint::from({from.address, from.port, {0, 0}}));
        claim.kept = static_cast<uint8_t>(claim.kept + (from.component != 0));
    }
}

void write(const Leg& leg, struct dialog_record& record) {
    record.started_ns = pinhole::to_ns(leg.started);
    record.started_s = static_cast<uint64_t>(leg.started_s);
    const bool is_refused = leg.state == LegState::early && leg.end_at; // or given up; of a BYE its own flag tells
    record.deadline_ns = pinhole::to_ns(is_refused ? std::min(leg.deadline, *leg.end_at) : leg.deadline);
    record.soft_deadline_s =
        leg.soft_deadline ? static_cast<uint32_t>(pinhole::to_ns(*leg.soft_deadline) / 1'000'000'000) : 0;
    record.inside_cseq = leg.inside_cseq;
    record.outside_cseq = leg.outside_cseq;
    record.state = static_cast<uint8_t>(leg.state);
    if (leg.begun_inside) record.flags |= DIALOG_BEGUN_INSIDE;
    if (leg.bye_from_inside) record.flags |= DIALOG_BYE_FROM_INSIDE;
    if (leg.is_midway) record.flags |= DIALOG_MIDWAY;
    const auto is_provisional = [](const Side& side) { return !side.provisional.empty(); };
    const bool is_in_response = leg.has_offer_in_response();
    if (!leg.offered.empty() || is_in_response || std::ranges::any_of(leg.sides, is_provisional))
        record.flags |= DIALOG_INSIDE_OFFER;
    if (leg.has_offer_to_ack || is_in_response) record.flags |= DIALOG_OFFER_TO_ACK;
    record.outside = leg.counterpart.signalling.abi();
    store(record.call_id, leg.call_id);
    store(record.inside_tag, leg.inside_tag());
    store(record.outside_tag, leg.outside_tag);
    store(record.from, leg.from);
    store(record.to, leg.to);
    record.group = static_cast<uint32_t>(leg.group);
    const auto is_moving = [&](const pinhole::Claim& claim) { // unless it is offered again
        const auto has_it = [&](const pinhole::Claim& other) { return other.key() == claim.key(); };
        const auto offers_it = [&](const Side& side) { return std::ranges::any_of(side.offered, has_it); };
        return std::ranges::any_of(leg.moving, has_it, &Moving::claim) && std::ranges::none_of(leg.offered, has_it) &&
               std::ranges::none_of(leg.sides, offers_it);
    };
    if (leg.awaits_ack) record.flags |= DIALOG_AWAITS_ACK;
    std::vector<pinhole::Claim> claims = leg.awaits_ack ? leg.with_the_ack : leg.claims();
    store_claims(claims, record);
    for (size_t i = 0; i < record.claim_count; ++i) {
        pinhole::Claim& claim = claims[i];
        if (is_moving(claim)) record.claims[i].flags |= CLAIM_MOVING;
        if (claim.zone != leg.counterpart.zone) {
            record.claims[i].flags |= CLAIM_OTHER_PARTY; // taken as it is; of the leg's own the policy is asked anew
            claim = pinhole::enforced(std::move(claim));
        } else if (claim.is_answered_inside && claim.peers.empty()) {
            claim.constraint = pinhole::Constraint::peers;
        }
    }
    if (leg.remote_offer) store_offer(*leg.remote_offer, record);
    store_senders(claims, record);
}

// Without a secret: who chooses two tags of one call that are alike here has a restart remember the first.
Put put_of(const struct dialog_record& record) {
    const std::hash<std::string_view> hash;
    return {.tags = hash(as_text(record.inside_tag)) * 31 + hash(as_text(record.outside_tag)),
            .claims = record.claim_count,
            .offered = record.offered_count};
}

void write_changes(LegId id, const Put& before, const Put& now, const struct dialog_record& record,
                   std::vector<struct operation>& operations) {
    constexpr size_t claims = offsetof(struct dialog_record, claims), offered = offsetof(struct dialog_record, offered),
                     tags = offsetof(struct dialog_record, outside_tag), rest = offsetof(struct dialog_record, call_id);
    static_assert(rest + sizeof(operation::value) <= sizeof record, "an operation does not go past the record");
    const auto add = [&](size_t begin, size_t end) {
        for (; begin < end; begin += sizeof(operation::value))
            operations.push_back(pinhole::change_dialog(id, record, begin));
    };
    add(0, claims + std::max(before.claims, now.claims) * sizeof *record.claims);
    const uint8_t most_offered = std::max(before.offered, now.offered);
    if (most_offered > 0) add(offered, offered + most_offered * sizeof *record.offered);
    if (before.tags != now.tags) add(tags, rest);
}

Leg leg_of(LegId id, const struct dialog_record& record, const std::vector<pinhole::Claim>& claims,
           const policy::View& policy) {
    Leg leg{.id = id,
            .group = record.group,
            .call_id = load(record.call_id),
            .outside_tag = load(record.outside_tag),
            .from = load(record.from),
            .to = load(record.to),
            .begun_inside = (record.flags & DIALOG_BEGUN_INSIDE) != 0,
            .state = static_cast<LegState>(record.state),
            .counterpart = counterpart_of(Endpoint::from(record.outside), policy),
            .started = pinhole::from_ns(record.started_ns),
            .deadline = pinhole::from_ns(record.deadline_ns),
            .started_s = static_cast<int64_t>(record.started_s),
            .inside_cseq = record.inside_cseq,
            .outside_cseq = record.outside_cseq,
            .bye_from_inside = (record.flags & DIALOG_BYE_FROM_INSIDE) != 0,
            .is_recorded = true,
            .is_put = true,
            .is_midway = (record.flags & DIALOG_MIDWAY) != 0,
            .is_restored = true};
    if (record.soft_deadline_s != 0)
        leg.soft_deadline = pinhole::from_ns(uint64_t{record.soft_deadline_s} * 1'000'000'000);
    Side& side = leg.side(load(record.inside_tag));
    leg.awaits_ack = (record.flags & DIALOG_AWAITS_ACK) != 0;
    if (leg.awaits_ack) leg.with_the_ack = claims;
    auto& offered = (record.flags & DIALOG_OFFER_TO_ACK) != 0 ? side.offered : leg.offered;
    for (const pinhole::Claim& claim : claims)
        if (!leg.awaits_ack && !is_moving(record, claim))
            (claim.is_answered ? side.accepted : offered).push_back(claim);
    for (const pinhole::Claim& claim : claims)
        if (is_moving(record, claim)) restore_moving(leg, claim, side.accepted);
    if (record.flags & DIALOG_OUTSIDE_OFFER) leg.remote_offer = load_offer(record);
    if (record.flags & DIALOG_INSIDE_OFFER) offer_what_stays(offered, side.accepted);
    leg.has_offer_to_ack = leg.remote_offer && (record.flags & DIALOG_OFFER_TO_ACK) != 0;
    const bool is_nobodys = side.tag.empty() && side.accepted.empty() && side.offered.empty();
    if (!leg.begun_inside && is_nobodys) leg.sides.clear(); // nobody has said who he is
    return leg;
}

} // namespace ringwall::dialog

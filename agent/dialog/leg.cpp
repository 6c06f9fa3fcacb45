// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/leg.hpp"

#include <algorithm>
#include <cstring>

#include "agent/pinhole/book.hpp"

namespace ringwall::dialog {
namespace {

template <size_t N>
void store(char (&field)[N], std::string_view text) {
    if (text.size() < N) std::memcpy(field, text.data(), text.size()); // longer: left empty
}

template <size_t N>
std::string load(const char (&field)[N]) {
    return std::string(field, strnlen(field, N));
}

struct dialog_claim crossed(const pinhole::Claim& claim) {
    const uint8_t phase = !claim.is_answered ? PHASE_OFFERED : claim.is_held ? PHASE_HELD : PHASE_ANSWERED;
    return {.key = claim.key().abi(),
            .media = claim.media,
            .component = static_cast<uint8_t>(claim.component),
            .phase = phase,
            .flags = static_cast<uint8_t>(claim.is_mux_offered ? CLAIM_MUX_OFFERED : 0)};
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
    for (size_t media = 0; media < remote.size(); ++media) {
        add(remote[media].ports, media, remote[media].has_mux ? pinhole::Component::rtp_rtcp : pinhole::Component::rtp);
        add(remote[media].stand_ins, media, pinhole::Component::other);
        if (!remote[media].has_mux) add(remote[media].rtcp_ports, media, pinhole::Component::rtcp);
    }
}

Remote load_offer(const struct dialog_record& record) {
    Remote remote(CLAIMS_PER_LEG);
    // The inside's answer will say: it has ICE only where the offer had it (RFC 8839 4.2.2).
    for (RemoteMedia& media : remote) media.is_ice = true;
    for (size_t i = 0; i < std::min<size_t>(record.offered_count, OFFERED_PEERS_PER_LEG); ++i) {
        const struct offered_peer& from = record.offered[i];
        if (from.media >= remote.size()) continue;
        RemoteMedia& media = remote[from.media];
        const Endpoint endpoint = Endpoint::from({from.address, from.port, {0, 0}});
        switch (static_cast<pinhole::Component>(from.component)) {
            case pinhole::Component::rtcp: media.rtcp_ports.push_back(endpoint); break;
            case pinhole::Component::other: media.stand_ins.push_back(endpoint); break;
            case pinhole::Component::rtp_rtcp: media.has_mux = true; [[fallthrough]];
            default: media.ports.push_back(endpoint);
        }
    }
    return remote;
}

} // namespace

Side& Leg::side(std::string_view inside_tag) {
    const auto found = std::ranges::find(sides, inside_tag, &Side::tag);
    if (found != sides.end()) return *found;
    return sides.emplace_back(Side{std::string(inside_tag), {}});
}

bool Leg::has_inside_tag(std::string_view tag) const {
    return std::ranges::find(sides, tag, &Side::tag) != sides.end();
}

std::vector<pinhole::Claim> Leg::claims() const {
    std::vector<pinhole::Claim> all;
    const auto add = [&](const pinhole::Claim& claim) {
        if (std::ranges::find(all, claim.key(), &pinhole::Claim::key) == all.end()) all.push_back(claim);
    };
    // RFC 3264 8.3: until the answer, media of the old description may come, and of the new one too (T.38, other codecs).
    const auto offer = [&](const pinhole::Claim& claim) {
        const auto same = std::ranges::find(all, claim.key(), &pinhole::Claim::key);
        if (same == all.end()) return all.push_back(claim);
        pinhole::widen(*same, claim);
        // An ICE restart: checks bear the new fragment as soon as the offer has arrived (RFC 8445 9).
        if (same->ufrag_hash != 0 && claim.ufrag_hash != 0) same->ufrag_hash = claim.ufrag_hash;
    };
    for (const Side& side : sides) std::ranges::for_each(side.accepted, add);
    std::ranges::for_each(offered, offer);
    for (const Moving& claim : moving) add(claim.claim);
    return all;
}

struct dialog_record record_of(const Leg& leg) {
    struct dialog_record record{};
    record.started_ns = pinhole::to_ns(leg.started);
    record.started_s = static_cast<uint64_t>(leg.started_s);
    record.deadline_ns = pinhole::to_ns(leg.deadline);
    record.soft_deadline_s =
        leg.soft_deadline ? static_cast<uint32_t>(pinhole::to_ns(*leg.soft_deadline) / 1'000'000'000) : 0;
    record.inside_cseq = leg.inside_cseq;
    record.outside_cseq = leg.outside_cseq;
    record.state = static_cast<uint8_t>(leg.state);
    if (leg.begun_inside) record.flags |= DIALOG_BEGUN_INSIDE;
    if (leg.bye_from_inside) record.flags |= DIALOG_BYE_FROM_INSIDE;
    record.outside = leg.counterpart.signalling.abi();
    store(record.call_id, leg.call_id);
    store(record.inside_tag, leg.inside_tag());
    store(record.outside_tag, leg.outside_tag);
    store(record.from, leg.from);
    store(record.to, leg.to);
    for (const pinhole::Claim& claim : leg.claims())
        if (record.claim_count < CLAIMS_PER_LEG) record.claims[record.claim_count++] = crossed(claim);
    if (leg.remote_offer) store_offer(*leg.remote_offer, record);
    return record;
}

Leg leg_of(LegId id, const struct dialog_record& record, const std::vector<pinhole::Claim>& claims,
           const policy::View& policy) {
    Leg leg{.id = id,
            .group = id,
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
            .is_restored = true};
    if (record.soft_deadline_s != 0)
        leg.soft_deadline = pinhole::from_ns(uint64_t{record.soft_deadline_s} * 1'000'000'000);
    Side& side = leg.side(load(record.inside_tag));
    for (const pinhole::Claim& claim : claims) (claim.is_answered ? side.accepted : leg.offered).push_back(claim);
    if (record.flags & DIALOG_OUTSIDE_OFFER) leg.remote_offer = load_offer(record);
    return leg;
}

} // namespace ringwall::dialog

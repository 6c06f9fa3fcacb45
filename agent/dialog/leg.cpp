// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/leg.hpp"

#include <algorithm>
#include <utility>

#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

// An answer that names nobody who may send (constrain_answered()).
bool leaves_open(const pinhole::Claim& claim) {
    const bool names =
        claim.constraint == pinhole::Constraint::peers || claim.constraint == pinhole::Constraint::addresses;
    return !names && claim.peers.empty() && !claim.is_answered_inside;
}

} // namespace

std::vector<pinhole::Claim>::const_iterator successor_of(const pinhole::Claim& before,
                                                         const std::vector<pinhole::Claim>& claims) {
    return std::ranges::find_if(claims, [&](const pinhole::Claim& claim) {
        return claim.media == before.media &&
               (claim.component == pinhole::Component::rtcp) == (before.component == pinhole::Component::rtcp);
    });
}

void Leg::forget_offer() {
    offered.clear();
    offered_until.reset();
}

void Leg::forget_remote_offer() {
    remote_offer.reset();
    remote_offer_by = 0;
    has_offer_to_ack = false;
}

bool Leg::is_unanswered() const {
    const auto has_none = [](const Side& side) { return side.accepted.empty(); };
    return state == LegState::early && !is_midway && std::ranges::all_of(sides, has_none);
}

Side& Leg::side(std::string_view inside_tag) {
    const auto found = std::ranges::find(sides, inside_tag, &Side::tag);
    if (found != sides.end()) return *found;
    return sides.emplace_back(Side{std::string(inside_tag), {}, {}});
}

bool Leg::has_inside_tag(std::string_view tag) const {
    return std::ranges::find(sides, tag, &Side::tag) != sides.end();
}

bool Leg::has_offer_in_response() const {
    return std::ranges::any_of(sides, [](const Side& side) { return !side.offered.empty(); });
}

std::vector<pinhole::Claim> Leg::claims() const {
    std::vector<pinhole::Claim> all;
    all.reserve(offered.size() + moving.size() + (sides.empty() ? 0 : sides.front().accepted.size()));
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
    // Both hold. Who one of them leaves open, both do: a restart must not take the other's word for it.
    const auto join = [&](const pinhole::Claim& claim) {
        const auto same = std::ranges::find(all, claim.key(), &pinhole::Claim::key);
        if (same == all.end()) return all.push_back(claim);
        const bool is_open = leaves_open(*same) || leaves_open(claim);
        pinhole::widen(*same, claim);
        pinhole::add_senders(*same, claim);
        if (is_open) same->peers.clear();
        same->is_answered_inside = same->is_answered_inside && claim.is_answered_inside;
        same->round = std::max(same->round, claim.round);
    };
    // Several m-lines on one port, or several telephones behind a relay's: each has its media. The first one's fragment is
    // that of a bundle (RFC 9143 9.2).
    const auto beside = [&](const pinhole::Claim& claim) {
        const auto same = std::ranges::find(all, claim.key(), &pinhole::Claim::key);
        if (same == all.end()) return all.push_back(claim);
        const uint64_t first = same->ufrag_hash;
        join(claim);
        if (first != 0) same->ufrag_hash = first;
    };
    for (const Side& side : sides) std::ranges::for_each(side.accepted, beside);
    for (const Side& side : sides) std::ranges::for_each(side.provisional, join);
    std::ranges::for_each(offered, offer);
    for (const Side& side : sides) std::ranges::for_each(side.offered, offer);
    for (const Moving& claim : moving) add(claim.claim);
    return all;
}

void Leg::hold_back() {
    with_the_ack = claims();
    awaits_ack = true;
    for (Side& side : sides) {
        side.accepted.clear();
        side.offered.clear();
    }
    offered.clear();
}

void Leg::acknowledged() {
    if (!std::exchange(awaits_ack, false)) return;
    for (pinhole::Claim& claim : std::exchange(with_the_ack, {}))
        (claim.is_answered ? sides.front().accepted : offered).push_back(std::move(claim));
}

std::vector<pinhole::HoleKey> Leg::keys() const {
    std::vector<pinhole::HoleKey> all;
    const auto add = [&](const pinhole::Claim& claim) {
        if (std::ranges::find(all, claim.key()) == all.end()) all.push_back(claim.key());
    };
    for (const Side& side : sides) std::ranges::for_each(side.accepted, add);
    for (const Side& side : sides) std::ranges::for_each(side.provisional, add);
    std::ranges::for_each(offered, add);
    for (const Side& side : sides) std::ranges::for_each(side.offered, add);
    for (const Moving& each : moving) add(each.claim);
    return all;
}

} // namespace ringwall::dialog

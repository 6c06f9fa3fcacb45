// SPDX-License-Identifier: Apache-2.0
// What an offer or an answer does to a leg (RFC 3264, RFC 6337), and when a leg lives anew.
#include <algorithm>

#include "agent/dialog/step.hpp"
#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds session_margin{32}; // RFC 4028 10: the BYE may come at the expiry itself

bool has_hole(const std::vector<pinhole::Claim>& claims, const pinhole::HoleKey& key) {
    return std::ranges::find(claims, key, &pinhole::Claim::key) != claims.end();
}

} // namespace

void Table::Step::answered_by_outside(Leg& leg, Side& side, const std::vector<pinhole::Claim>& offer, bool is_final) {
    accept(leg, side, answered(offer, *event_.remote, leg.counterpart, side.accepted), is_final);
}

void Table::Step::answered_by_inside(Leg& leg, Side& side, const Remote& remote, bool is_final) {
    leg.counterpart = event_.counterpart; // the inside says where its party is now
    accept(leg, side, answered(*event_.offer, remote, leg.counterpart, side.accepted), is_final);
    if (is_final) leg.remote_offer.reset();
}

// Provisional answers add up until the final one (several 183s); a final one replaces. What moved away stays until
// media reaches its successor: make before break (RFC 3264 8.3.1).
void Table::Step::accept(Leg& leg, Side& side, std::vector<pinhole::Claim> claims, bool is_final) {
    for (pinhole::Claim& claim : claims) ++claim.round;
    for (const pinhole::Claim& before : side.accepted) {
        const auto same = std::ranges::find(claims, before.key(), &pinhole::Claim::key);
        if (same != claims.end()) {
            same->round = before.round + 1;
            if (is_final || leg.state != LegState::early) continue;
            pinhole::add_peers(same->peers, before.peers);
            continue;
        }
        const auto successor = std::ranges::find_if(claims, [&](const pinhole::Claim& claim) {
            return claim.media == before.media &&
                   (claim.component == pinhole::Component::rtcp) == (before.component == pinhole::Component::rtcp);
        });
        if (successor != claims.end()) leg.moving.push_back({before, successor->key(), event_.now + move_grace});
    }
    std::erase_if(leg.moving, [&](const Moving& moving) { return has_hole(claims, moving.claim.key()); });
    side.accepted = std::move(claims);
    leg.offered.clear();
    table_.schedule(leg, event_.now);
}

// A new offer beside the accepted session: endpoints that stay keep the peers they have (Leg::claims()), and are part
// of what the answer answers.
void Table::Step::offered_by_inside(Leg& leg) {
    leg.counterpart = event_.counterpart;
    leg.offered = *event_.offer;
}

void Table::Step::confirm(Leg& leg) {
    if (leg.state != LegState::early) return;
    table_.leave_early(leg, LegState::confirmed);
    leg.end_at.reset();
    ++table_.counters_.calls_answered;
    renew(leg);
}

void Table::Step::renew(Leg& leg) {
    leg.deadline = event_.now + table_.timers_.max_call;
    leg.soft_deadline.reset();
    if (message_.session_expires)
        leg.soft_deadline =
            std::min(leg.deadline, event_.now + std::chrono::seconds(*message_.session_expires) + session_margin);
    table_.schedule(leg, event_.now);
}

} // namespace ringwall::dialog

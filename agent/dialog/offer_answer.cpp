// SPDX-License-Identifier: Apache-2.0
// What an offer or an answer does to a leg (RFC 3264, RFC 6337), and when a leg lives anew.
#include <algorithm>

#include "agent/dialog/bundle.hpp"
#include "agent/dialog/hold.hpp"
#include "agent/dialog/setup.hpp"
#include "agent/dialog/step.hpp"
#include "agent/dialog/trickle.hpp"
#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds session_margin{32}; // RFC 4028 10: the BYE may come at the expiry itself

auto with_key(const std::vector<pinhole::Claim>& claims, const pinhole::HoleKey& key) {
    return std::ranges::find(claims, key, &pinhole::Claim::key);
}

// The same m-line's: of several on one port each has its own senders.
auto of_before(const pinhole::Claim& claim, const std::vector<pinhole::Claim>& accepted) {
    return std::ranges::find_if(accepted, [&](const pinhole::Claim& before) {
        return before.key() == claim.key() && before.media == claim.media;
    });
}

} // namespace

void Table::Step::answered_by_outside(Leg& leg, Side& side, const std::vector<pinhole::Claim>& offer, bool is_final) {
    const auto ours = as_bundled(as_answered(offer, *event_.remote, side.accepted), *event_.remote);
    accept(leg, side, answered(ours, *event_.remote, leg.counterpart, side.accepted), is_final);
}

void Table::Step::answered_by_inside(Leg& leg, Side& side, const Remote& remote, bool is_final) {
    leg.counterpart = event_.counterpart; // the inside says where its party is now
    leg.elsewhere = event_.elsewhere;
    const auto offer = with_held_lines(*event_.offer, event_.unaddressed, side.accepted);
    accept(leg, side, answered(offer, remote, leg.counterpart, side.accepted), is_final);
    if (is_final) leg.forget_remote_offer();
}

// Of an initial INVITE provisional answers add up until the final one (several 183s). In the established dialog they
// stand beside the session, which a failure brings back (RFC 6141).
void Table::Step::accept(Leg& leg, Side& side, std::vector<pinhole::Claim> claims, bool is_final) {
    const bool is_repeated = side.is_updated && leg.state == LegState::early && message_.method == sip::Method::invite;
    const bool adds_up = is_repeated || (!is_final && leg.state == LegState::early);
    for (pinhole::Claim& claim : claims)
        if (const auto before = of_before(claim, side.accepted); before != side.accepted.end()) {
            claim.round = before->round;
            if (adds_up) pinhole::add_peers(claim.peers, before->peers);
        }
    if (is_repeated)
        for (const pinhole::Claim& before : side.accepted)
            if (with_key(claims, before.key()) == claims.end()) claims.push_back(before);
    for (pinhole::Claim& claim : claims) ++claim.round;
    leg.offered.clear();
    side.offered.clear();
    if (!is_final && leg.state != LegState::early) side.provisional = std::move(claims);
    else settle(leg, side, std::move(claims));
    table_.schedule(leg, event_.now);
}

// The session is this from now on. What moved away stays until media reaches its successor: make before break (RFC 3264
// 8.3.1).
void Table::Step::settle(Leg& leg, Side& side, std::vector<pinhole::Claim> claims) {
    const auto was_there = [&](const pinhole::HoleKey& key) {
        return with_key(side.accepted, key) != side.accepted.end();
    };
    for (const pinhole::Claim& before : side.accepted) {
        if (with_key(claims, before.key()) != claims.end()) continue;
        if (const auto successor = successor_of(before, claims); successor != claims.end())
            leg.moving.push_back({before, successor->key(), event_.now + move_grace, was_there(successor->key())});
    }
    std::erase_if(leg.moving, [&](Moving& moving) { // to where its m-line is now, which may be nowhere
        const auto successor = successor_of(moving.claim, claims);
        if (successor != claims.end() && successor->key() != moving.successor) {
            moving.successor = successor->key();
            moving.is_shared = was_there(moving.successor);
        }
        return successor == claims.end() || with_key(claims, moving.claim.key()) != claims.end();
    });
    side.accepted = std::move(claims);
    side.provisional.clear();
    leg.offered_until.reset();
}

// A new offer beside the accepted session: endpoints that stay keep the peers they have (Leg::claims()), and are part
// of what the answer answers.
void Table::Step::offered_by_inside(Leg& leg) {
    leg.counterpart = event_.counterpart;
    leg.elsewhere = event_.elsewhere;
    leg.has_offered_since = true;
    Side& side = leg.side(inside_tag());
    auto offered = with_held_lines(as_offered(*event_.offer, side.accepted), event_.unaddressed, side.accepted);
    if (!message_.is_request) {
        side.offered = std::move(offered);
        return;
    }
    leg.offered = std::move(offered);
    leg.offered_until = event_.now + transaction_life;
    table_.schedule(leg, event_.now);
}

void Table::Step::offered_by_outside(Leg& leg, const Transaction& transaction) {
    leg.remote_offer.reset(); // its room is this one's
    leg.remote_offer = kept(said_in(transaction));
    leg.remote_offer_by = 0;
    leg.has_offer_to_ack = leg.remote_offer != nullptr;
}

// A candidate is one more endpoint of the description whose fragment it bears: it opens with the INFO, as all of them do
// with their offer or answer.
void Table::Step::trickled_by_inside(Leg& leg) {
    for (Side& side : leg.sides) {
        if (side.tag != inside_tag()) continue;
        join_candidates(side.accepted, event_.trickled);
        join_candidates(side.offered, event_.trickled);
    }
    join_candidates(leg.offered, event_.trickled);
    changed(leg);
}

void Table::Step::confirm(Leg& leg) {
    leg.is_answered |= !message_.is_request;
    if (leg.state != LegState::early) return;
    table_.leave_early(leg, LegState::confirmed);
    leg.end_at.reset();
    leg.is_unheard = false;
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

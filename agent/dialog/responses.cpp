// SPDX-License-Identifier: Apache-2.0
// What a response does to the legs, by the transaction that it answers.
#include <algorithm>

#include "agent/dialog/step.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds retry_grace{5}; // a challenged or redirected INVITE comes again with the same ports

// A BYE's 2xx that comes again finds nothing to end. Kept as long as others, the BYEs of 3,000 calls a second would take
// all the room that transactions have.
constexpr std::chrono::seconds after_end{1};

// Failures that the same INVITE usually survives: challenge, redirect, session timer, media retry, overload.
bool is_retryable(uint16_t status) {
    return status == 401 || status == 407 || status == 422 || status == 488 || status == 503 ||
           (status >= 300 && status < 400);
}

// Those to a port that no side has any more.
void forget_moves(Leg& leg) {
    std::erase_if(leg.moving, [&](const Moving& moving) {
        return std::ranges::none_of(leg.sides, [&](const Side& side) {
            return std::ranges::find(side.accepted, moving.successor, &pinhole::Claim::key) != side.accepted.end();
        });
    });
}

} // namespace

void Table::Step::on_response() {
    Transaction* transaction = table_.transactions_.find(event_.transaction, !event_.outbound);
    if (!transaction) transaction = remembered();
    if (!transaction) {
        const bool may_open = message_.method == sip::Method::invite || message_.method == sip::Method::update ||
                              message_.method == sip::Method::prack; // others' are not remembered
        table_.counters_.unknown_transaction += may_open;
        return;
    }
    if (event_.outbound && message_.status >= 300 && !is_to_sender(*transaction)) {
        ++table_.counters_.refused_elsewhere;
        return;
    }
    switch (transaction->method) {
        case sip::Method::invite:
            if (transaction->is_initial) find_dialog(*transaction);
            if (message_.status < 200 && !transaction->is_final && !transaction->is_cancelled &&
                (message_.status != 100 || transaction->leg != 0))
                table_.transactions_.expire_at(*transaction, event_.now + table_.timers_.early + transaction_life);
            if (!transaction->is_initial) response_in_dialog(*transaction);
            else if (message_.status == 100) tried(table_.leg(transaction->leg));
            else event_.outbound ? initial_response_out(*transaction) : initial_response_in(*transaction);
            break;
        case sip::Method::update:
        case sip::Method::prack: response_in_dialog(*transaction); break;
        case sip::Method::bye: response_to_bye(*transaction); break;
        default: follow(transaction->leg);
    }
    if (message_.status < 200) return;
    if (message_.status >= 300 && !transaction->is_final) transaction->forget_offers();
    transaction->is_final = true;
    table_.transactions_.expire_at(*transaction, event_.now + (has_ended(*transaction) ? after_end : transaction_life));
}

// To where the request came from, its peer, or where its Via says (RFC 3261 18.2.2, of whom knows no `received`). Who copies
// a request word for word and is refused, before anybody looks whose it is, has his refusal sent to himself.
bool Table::Step::is_to_sender(const Transaction& transaction) const {
    const IpAddress& to = event_.counterpart.signalling.address;
    if (to == transaction.source || (!message_.vias().empty() && message_.vias().front().sent_by.address == to))
        return true;
    const Leg* leg = table_.leg(transaction.leg);
    return !leg || is_same_party(leg->counterpart, event_.counterpart);
}

void Table::Step::initial_response_in(Transaction& transaction) {
    if (message_.status >= 300) return failed(transaction);
    if (transaction.is_failed || transaction.inside_tag != message_.from.tag) return; // RFC 3261 17.1.1.2
    Leg* leg = fork(transaction);
    if (!leg || leg->is_answered || (leg->state != LegState::early && transaction.is_final))
        return; // a retransmitted 2xx (RFC 6026)
    Side& side = leg->side(inside_tag());
    if (event_.remote && (side.is_updated || transaction.local_offer))
        answered_by_outside(*leg, side, side.is_updated ? side.accepted : *transaction.local_offer, is_success());
    else if (event_.remote) offered_by_outside(*leg, transaction);
    if (is_success()) {
        if (!side.accepted.empty()) leg->offered.clear();
        side.is_updated = false;
        transaction.answered.push_back(table_.hash_({message_.to.tag}));
        if (transaction.is_final) answered_beside(*leg);
        else confirm(*leg);
        end_other_forks(*leg);
        effects_.woken.insert(leg->id);
    } else {
        ring_on(leg);
    }
    changed(*leg);
}

// Another has answered before (RFC 3261 13.2.2.4): until the inside's ACK it is only somebody's word. Whoever knows the
// branch can say it, and would be heard beside the one that the inside talks to. Who forks has the ACK at once.
void Table::Step::answered_beside(Leg& leg) {
    leg.is_answered = true;
    leg.hold_back();
    end_unless_confirmed(leg);
}

void Table::Step::initial_response_out(Transaction& transaction) {
    if (message_.status >= 300) return failed(transaction);
    Leg* leg = transaction.is_final ? another_answer(transaction) : table_.leg(transaction.leg);
    if (!leg || leg->outside_tag != message_.from.tag) return;
    if (is_provisional() && leg->sides.size() >= most_forks && !leg->has_inside_tag(inside_tag())) {
        ++table_.counters_.forks_full;
        return;
    }
    Side& side = leg->side(inside_tag());
    const KeptRemote& answered = side.is_updated ? side.updated : transaction.remote_offer;
    if (event_.offer && answered) answered_by_inside(*leg, side, *answered, is_success());
    else if (event_.offer && !side.is_updated) offered_by_inside(*leg);
    if (is_success()) {
        Side winner = std::move(side);
        winner.is_updated = false;
        winner.updated.reset();
        if (leg->is_restored && winner.accepted.empty())
            winner.accepted = leg->sides.front().accepted; // whose is forgotten
        leg->sides.clear();
        leg->sides.push_back(std::move(winner));
        forget_moves(*leg);
        leg->forget_remote_offer();
        transaction.answered.push_back(table_.hash_({message_.to.tag}));
        confirm(*leg);
        effects_.woken.insert(leg->id);
    } else {
        ring_on(leg);
    }
    changed(*leg);
}

// A final failure of an initial INVITE ends what that INVITE began, and nothing else.
void Table::Step::failed(Transaction& transaction) {
    if (transaction.is_final) return;
    transaction.is_failed = true;
    for (const LegId id : table_.unanswered_legs_of(transaction.group)) {
        Leg& leg = *table_.leg(id);
        const bool may_come_again = is_retryable(message_.status);
        table_.counters_.calls_failed += !may_come_again;
        if (!may_come_again || !leg.begun_inside) { // from outside it comes again without ports of ours
            table_.end(id, effects_);
            continue;
        }
        end_after(leg, retry_grace);
        changed(leg);
    }
}

void Table::Step::updated(Side& side, KeptRemote remote) {
    side.is_updated = true;
    side.updated = std::move(remote);
}

void Table::Step::response_in_dialog(Transaction& transaction) {
    Leg* leg = transaction.leg ? table_.leg(transaction.leg) : nullptr;
    const bool is_unknown = transaction.leg == 0 && !transaction.is_final; // and not of a call that has ended
    if (is_unknown && event_.outbound && is_success() && (leg = adopt_midway(transaction))) confirm(*leg);
    if (!leg || !leg->has_inside_tag(inside_tag()) || leg->outside_tag != outside_tag() || transaction.is_final) return;
    Side& side = leg->side(inside_tag());
    const bool is_invite = message_.method == sip::Method::invite;
    transaction.is_failed = message_.status >= 300;
    const bool makes_it_known = leg->is_midway && transaction.outbound && transaction.local_offer;
    if (makes_it_known && transaction.is_failed && !is_retryable(message_.status)) return table_.end(leg->id, effects_);
    if (transaction.outbound && leg->offered_until && is_provisional()) leg->offered_until = transaction.expires;
    if (transaction.is_failed) { // rollback (RFC 3261 14.1, RFC 6141): the session stays as it was
        if (is_invite) side.provisional.clear();
        if (transaction.local_offer) leg->forget_offer();
        const bool is_its_own = leg->has_offer_to_ack ? transaction.outbound && is_invite
                                                      : !transaction.outbound && leg->remote_offer_by == transaction.id;
        if (is_its_own) leg->forget_remote_offer();
        changed(*leg);
        return;
    }
    const bool is_updated = is_success() && leg->state == LegState::early && !leg->is_midway;
    if (event_.outbound && event_.offer) {
        if (transaction.remote_offer) answered_by_inside(*leg, side, *transaction.remote_offer, is_success());
        else offered_by_inside(*leg);
        if (is_updated && transaction.remote_offer) updated(side, transaction.remote_offer);
    } else if (event_.remote) {
        const bool takes_place = transaction.id == 0 && leg->has_offer_to_ack; // by its tags alone, after a restart
        if (transaction.local_offer) answered_by_outside(*leg, side, *transaction.local_offer, is_success());
        else if (!takes_place) offered_by_outside(*leg, transaction);
        if (is_updated && transaction.local_offer)
            updated(side, leg->begun_inside ? nullptr : kept(said_in(transaction)));
    } else {
        if (is_invite && is_success() && !side.provisional.empty()) settle(*leg, side, side.provisional);
        follow(leg->id);
    }
    if (is_success() && makes_it_known) confirm(*leg);
    if (leg->state == LegState::early) ring_on(leg);
    else if (is_success() && message_.method != sip::Method::prack) renew(*leg);
    effects_.woken.insert(leg->id);
    changed(*leg);
}

// The inside's 2xx to a request without SDP: it goes where the party is now, and the stand-in for a private address with
// it. A declared peer's does not leave its networks.
void Table::Step::follow(LegId id) {
    Leg* leg = id ? table_.leg(id) : nullptr;
    if (!leg || !event_.outbound || !is_success()) return;
    const Counterpart& now = event_.counterpart;
    const IpAddress before = leg->counterpart.signalling.address;
    if (now.signalling.address == before) return;
    if ((now.is_declared || leg->counterpart.is_declared) && now.zone != leg->counterpart.zone) return;
    leg->counterpart = now;
    const auto take_along = [&](pinhole::Claim& claim) {
        claim.zone = now.zone;
        std::ranges::replace(claim.peers, Endpoint{before, Port{0}}, Endpoint{now.signalling.address, Port{0}});
    };
    for (Side& side : leg->sides) {
        std::ranges::for_each(side.accepted, take_along);
        std::ranges::for_each(side.provisional, take_along);
    }
    changed(*leg);
}

bool Table::Step::has_ended(const Transaction& transaction) const {
    return transaction.method == sip::Method::bye && !table_.leg(transaction.leg);
}

// The inside's 2xx agrees to an outside BYE, and so does its 481 to the party itself once the call was answered: a PBX
// that has been started anew has no such call (docs/adr/0038). To its own BYE, 481 and 408 say that the other side has
// forgotten the call (RFC 3261 15.1.1); anything else is retried, or given up after `timers.bye`.
void Table::Step::response_to_bye(const Transaction& transaction) {
    const Leg* leg = table_.leg(transaction.leg);
    const bool is_partys = leg && leg->state != LegState::early && is_same_party(leg->counterpart, event_.counterpart);
    const bool is_gone =
        event_.outbound ? message_.status == 481 && is_partys : message_.status == 481 || message_.status == 408;
    if (!is_success() && !is_gone) return;
    table_.end(transaction.leg, effects_);
    if (leg) end_dialog();
}

// The inside's makes the INVITE known to a restart: its answer may come any time from now on. Of anybody's the kernel
// learns the new deadline.
void Table::Step::tried(Leg* leg) {
    ring_on(leg);
    if (leg && leg->state == LegState::early) changed(*leg);
}

// Each sign of life before the answer gives it the whole of `timers.early` again, and of `timers.idle`: who rings long
// sends no media meanwhile.
void Table::Step::ring_on(Leg* leg) {
    if (!leg || leg->state != LegState::early || leg->is_midway) return;
    leg->is_unheard = false;
    leg->soft_deadline = event_.now + table_.timers_.early;
    table_.schedule(*leg, event_.now);
    effects_.woken.insert(leg->id);
}

} // namespace ringwall::dialog

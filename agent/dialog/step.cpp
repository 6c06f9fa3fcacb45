// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/step.hpp"

#include <algorithm>

#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds retry_grace{5}; // a challenged or redirected INVITE comes again with the same ports

// Failures that the same INVITE usually survives: challenge, redirect, session timer, media retry, overload.
bool is_retryable(uint16_t status) {
    return status == 401 || status == 407 || status == 422 || status == 488 || status == 503 ||
           (status >= 300 && status < 400);
}

} // namespace

void Table::Step::on_request() {
    switch (message_.method) {
        case sip::Method::invite: return message_.to.tag.empty() ? initial_invite() : offer_in_dialog();
        case sip::Method::update:
        case sip::Method::prack: return offer_in_dialog();
        case sip::Method::ack: return ack();
        case sip::Method::bye: return bye();
        default:
            if (Leg* leg = message_.to.tag.empty() ? nullptr : leg_by_tags()) in_dialog(*leg);
    }
}

// Only who comes from elsewhere is worth a transaction: the inside's 2xx will say whether it is taken for the same.
void Table::Step::in_dialog(const Leg& leg) {
    effects_.woken.insert(leg.id);
    if (event_.outbound || event_.counterpart.signalling.address == leg.counterpart.signalling.address) return;
    if (Transaction* transaction = begin(transaction_life, is_strangers())) transaction->leg = leg.id;
}

void Table::Step::initial_invite() {
    if (table_.transactions_.find(message_, event_.outbound)) return; // a retransmission
    const auto life =
        event_.outbound ? table_.timers_.early + transaction_life : std::chrono::nanoseconds(transaction_life);
    Transaction* transaction = begin(life, is_strangers());
    if (!transaction) return;
    transaction->is_initial = true;
    event_.outbound ? initial_invite_out(*transaction) : initial_invite_in(*transaction);
}

Transaction* Table::Step::begin(std::chrono::nanoseconds life, bool is_strangers) {
    Transaction* transaction = table_.transactions_.add(message_, event_.outbound, event_.now + life, is_strangers);
    table_.counters_.transactions_full += transaction == nullptr;
    return transaction;
}

void Table::Step::initial_invite_out(Transaction& transaction) {
    const std::string_view branch = message_.vias().empty() ? std::string_view() : message_.vias().front().branch;
    if (const Leg* refused = table_.find(message_.call_id, {});
        refused && refused->end_at && refused->has_inside_tag(message_.from.tag))
        table_.end(refused->id, effects_); // this is its retry: the ports go on
    Leg* leg = table_.create(event_, table_.hash_({message_.call_id, "branch", branch}), {}, true);
    if (!leg) return;
    leg->side(message_.from.tag);
    leg->inside_cseq = message_.cseq;
    leg->offered = event_.offer.value_or(std::vector<pinhole::Claim>{});
    transaction.leg = leg->id;
    transaction.group = leg->group;
    transaction.inside_tag = message_.from.tag;
    transaction.local_offer = event_.offer;
    changed(*leg);
}

void Table::Step::initial_invite_in(Transaction& transaction) {
    Leg* leg = table_.find(message_.call_id, message_.from.tag);
    if (!leg)
        leg =
            table_.create(event_, table_.hash_({message_.call_id, "tag", message_.from.tag}), message_.from.tag, false);
    if (!leg || leg->begun_inside || leg->state != LegState::early)
        return; // tags of a call that this INVITE cannot begin
    leg->outside_cseq = message_.cseq;
    leg->end_at.reset();
    ++leg->open_invites;
    transaction.leg = leg->id;
    transaction.group = leg->group;
    transaction.remote_offer = event_.remote;
    leg->remote_offer = event_.remote;
}

// INVITE, UPDATE or PRACK with a To tag. An outside offer only waits here; the inside's answer applies it.
void Table::Step::offer_in_dialog() {
    if (table_.transactions_.find(message_, event_.outbound)) return;
    Leg* leg = leg_by_tags();
    Transaction* transaction = begin(transaction_life, !leg && is_strangers());
    if (!transaction) return;
    transaction->inside_tag = inside_tag();
    transaction->local_offer = event_.offer;
    transaction->remote_offer = event_.remote;
    if (!leg && event_.outbound && event_.offer) leg = adopt_midway(*transaction);
    if (!leg) {
        ++table_.counters_.unknown_dialog;
        return;
    }
    transaction->leg = leg->id;
    transaction->group = leg->group;
    if (message_.method == sip::Method::invite) { // what a restart needs to know its responses by
        (event_.outbound ? leg->inside_cseq : leg->outside_cseq) = message_.cseq;
        if (!event_.outbound) leg->remote_offer = event_.remote;
    }
    effects_.woken.insert(leg->id);
    const bool is_prack = message_.method == sip::Method::prack;
    if (event_.outbound && event_.offer) {
        if (is_prack && leg->remote_offer) answered_by_inside(*leg, leg->side(inside_tag()), *leg->remote_offer, false);
        else offered_by_inside(*leg);
    } else if (event_.remote && is_prack && !leg->offered.empty()) {
        answered_by_outside(*leg, leg->side(inside_tag()), leg->offered, false);
    }
    changed(*leg);
}

// The ACK to a 2xx; it may carry the answer (RFC 3261 13.2.2.4, RFC 3725). The inside's proves an answer that we missed;
// an outsider's does so only where we were away.
void Table::Step::ack() {
    const Transaction* invite = table_.transactions_.find(message_, event_.outbound, sip::Method::invite);
    if (invite && invite->is_final && invite->cseq == message_.cseq && invite->is_failed) return;
    Leg* leg = leg_by_tags();
    if (!leg) return;
    Side& side = leg->side(inside_tag());
    if (event_.outbound && event_.offer && leg->remote_offer) answered_by_inside(*leg, side, *leg->remote_offer, true);
    if (!event_.outbound && event_.remote && !leg->offered.empty()) answered_by_outside(*leg, side, leg->offered, true);
    if (event_.outbound || leg->is_restored) confirm(*leg);
    effects_.woken.insert(leg->id);
    changed(*leg);
}

void Table::Step::bye() {
    Leg* leg = leg_by_tags();
    if (!leg) {
        ++table_.counters_.unknown_dialog;
        return;
    }
    Transaction* transaction = begin(transaction_life, false);
    if (!transaction) return;
    transaction->leg = leg->id;
    if (!event_.outbound) return; // until the inside's 2xx it is only somebody's word
    table_.leave_early(*leg, LegState::ending);
    leg->bye_from_inside = true;
    leg->end_at = event_.now + table_.timers_.bye;
    table_.schedule(*leg, event_.now);
    changed(*leg);
}

void Table::Step::on_response() {
    Transaction* transaction = table_.transactions_.find(message_, !event_.outbound);
    if (!transaction) transaction = remembered();
    if (!transaction) {
        ++table_.counters_.unknown_transaction;
        return;
    }
    switch (transaction->method) {
        case sip::Method::invite:
            if (!transaction->is_initial) response_in_dialog(*transaction);
            else if (message_.status == 100) rings(*transaction, table_.leg(transaction->leg));
            else event_.outbound ? initial_response_out(*transaction) : initial_response_in(*transaction);
            break;
        case sip::Method::update:
        case sip::Method::prack: response_in_dialog(*transaction); break;
        case sip::Method::bye: response_to_bye(*transaction); break;
        default: follow(transaction->leg);
    }
    if (message_.status < 200) return;
    transaction->is_final = true;
    table_.transactions_.expire_at(*transaction, event_.now + transaction_life);
}

void Table::Step::initial_response_in(Transaction& transaction) {
    if (message_.status >= 300) return failed(transaction);
    if (transaction.inside_tag != message_.from.tag) return;
    Leg* leg = fork(transaction);
    if (!leg || (leg->state != LegState::early && transaction.is_final)) return; // a retransmitted 2xx (RFC 6026)
    Side& side = leg->side(inside_tag());
    if (event_.remote && transaction.local_offer)
        answered_by_outside(*leg, side, *transaction.local_offer, is_success());
    else if (event_.remote) leg->remote_offer = event_.remote;
    if (is_success()) {
        if (!side.accepted.empty()) leg->offered.clear();
        confirm(*leg);
        end_other_forks(*leg);
    } else {
        rings(transaction, leg);
    }
    changed(*leg);
}

void Table::Step::initial_response_out(Transaction& transaction) {
    if (message_.status >= 300) return failed(transaction);
    Leg* leg = table_.find(message_.call_id, message_.from.tag);
    if (!leg || leg->id != transaction.leg || (leg->state != LegState::early && transaction.is_final)) return;
    Side& side = leg->side(inside_tag());
    if (event_.offer && transaction.remote_offer)
        answered_by_inside(*leg, side, *transaction.remote_offer, is_success());
    else if (event_.offer) offered_by_inside(*leg);
    if (is_success()) {
        const Side winner = side;
        leg->sides = {winner};
        leg->remote_offer.reset();
        confirm(*leg);
    } else {
        rings(transaction, leg);
    }
    changed(*leg);
}

// Each 1xx renews the early deadline (RFC 3261 16.6, Timer C).
void Table::Step::rings(Transaction& transaction, Leg* leg) {
    table_.transactions_.expire_at(transaction, event_.now + table_.timers_.early + transaction_life);
    if (leg) ring_on(*leg);
}

// A final failure of an initial INVITE ends what that INVITE began, and nothing else.
void Table::Step::failed(Transaction& transaction) {
    if (transaction.is_final) return;
    transaction.is_failed = true;
    for (const LegId id : table_.early_legs_of(transaction.group)) {
        Leg& leg = *table_.leg(id);
        if (!leg.begun_inside && --leg.open_invites > 0) continue; // a merged request; another one still runs
        if (!is_retryable(message_.status)) {
            ++table_.counters_.calls_failed;
            table_.end(id, effects_);
            continue;
        }
        leg.end_at = event_.now + retry_grace;
        table_.schedule(leg, event_.now);
        changed(leg);
    }
}

void Table::Step::response_in_dialog(Transaction& transaction) {
    Leg* leg = transaction.leg ? table_.leg(transaction.leg) : nullptr;
    if (!leg && event_.outbound && is_success() && event_.offer) leg = adopt_midway(transaction);
    if (!leg || !leg->has_inside_tag(inside_tag()) || leg->outside_tag != outside_tag() || transaction.is_final) return;
    Side& side = leg->side(inside_tag());
    if (message_.status >= 300) { // rollback (RFC 3261 14.1, RFC 6141): the session stays as it was
        if (transaction.local_offer) leg->offered.clear();
        if (transaction.remote_offer) leg->remote_offer.reset();
        changed(*leg);
        return;
    }
    if (event_.outbound && event_.offer) {
        if (transaction.remote_offer) answered_by_inside(*leg, side, *transaction.remote_offer, true);
        else offered_by_inside(*leg);
    } else if (event_.remote) {
        if (transaction.local_offer) answered_by_outside(*leg, side, *transaction.local_offer, true);
        else leg->remote_offer = event_.remote;
    } else {
        follow(leg->id);
    }
    if (leg->state == LegState::early) ring_on(*leg);
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
    if (now.signalling.address == before || now.signalling.address.is_unroutable()) return;
    if ((now.is_declared || leg->counterpart.is_declared) && now.zone != leg->counterpart.zone) return;
    leg->counterpart = now;
    for (Side& side : leg->sides)
        for (pinhole::Claim& claim : side.accepted) {
            claim.zone = now.zone;
            if (claim.constraint == pinhole::Constraint::peers)
                std::ranges::replace(claim.peers, Endpoint{before, Port{0}}, Endpoint{now.signalling.address, Port{0}});
        }
    changed(*leg);
}

// The inside's 2xx agrees to an outside BYE. To its own BYE, 481 and 408 say that the other side has forgotten the
// call (RFC 3261 15.1.1); anything else is retried, or given up after `timers.bye`.
void Table::Step::response_to_bye(const Transaction& transaction) {
    const bool is_gone = !event_.outbound && (message_.status == 481 || message_.status == 408);
    if ((is_success() || is_gone) && table_.leg(transaction.leg)) table_.end(transaction.leg, effects_);
}

// Each sign of life before the answer gives it the whole of `timers.early` again.
void Table::Step::ring_on(Leg& leg) {
    if (leg.state != LegState::early) return;
    leg.soft_deadline = event_.now + table_.timers_.early;
    table_.schedule(leg, event_.now);
}

} // namespace ringwall::dialog

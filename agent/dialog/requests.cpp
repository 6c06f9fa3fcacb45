// SPDX-License-Identifier: Apache-2.0
// What a request does to the legs.
#include "agent/dialog/setup.hpp"
#include "agent/dialog/step.hpp"

namespace ringwall::dialog {

void Table::Step::on_request() {
    switch (message_.method) {
        case sip::Method::invite: return message_.to.tag.empty() ? initial_invite() : offer_in_dialog();
        case sip::Method::update:
        case sip::Method::prack: return offer_in_dialog();
        case sip::Method::ack: return ack();
        case sip::Method::bye: return bye();
        case sip::Method::cancel: return cancel();
        default:
            if (Leg* leg = message_.to.tag.empty() ? nullptr : leg_by_tags()) in_dialog(*leg);
    }
}

// Only who comes from elsewhere is worth a transaction: the inside's 2xx will say whether it is taken for the same.
void Table::Step::in_dialog(Leg& leg) {
    effects_.woken.insert(leg.id);
    if (event_.outbound && !event_.trickled.empty()) trickled_by_inside(leg);
    if (event_.outbound || event_.counterpart.signalling.address == leg.counterpart.signalling.address) return;
    if (Transaction* transaction = begin(share_of_call())) transaction->leg = leg.id;
}

void Table::Step::initial_invite() {
    if (is_retransmission() || !keep_description()) return;
    Transaction* transaction = begin(share_of_invite());
    if (!transaction) return;
    transaction->is_initial = true;
    event_.outbound ? initial_invite_out(*transaction) : initial_invite_in(*transaction);
}

// Of an INVITE that still rings while its transaction is forgotten the leg knows the responses (remembered()).
bool Table::Step::is_retransmission() {
    if (table_.transactions_.find(event_.transaction, event_.outbound)) return true;
    const Leg* leg = table_.leg(id_of_invite({}));
    return leg && leg->state == LegState::early;
}

// The inside's own INVITE is known for as long as it may ring, though its 1xx have been missed.
Transaction* Table::Step::begin(Share share) {
    const bool is_own_call =
        share == Share::inside && message_.method == sip::Method::invite && message_.to.tag.empty();
    const auto life = transaction_life + (is_own_call ? table_.timers_.early : std::chrono::nanoseconds{});
    Transaction* transaction =
        table_.transactions_.add(event_.transaction, message_, event_.outbound, event_.now + life, share);
    table_.counters_.transactions_full += transaction == nullptr;
    if (transaction && !event_.outbound) transaction->source = event_.counterpart.signalling.address;
    return transaction;
}

Share Table::Step::share_of_call() const {
    if (event_.outbound) return Share::inside;
    return is_strangers() ? Share::strangers_in_call : Share::outside;
}

// What an inside proxy hands on is whose it was: to a dozen telephones that say nothing, a stranger's INVITE would take a
// dozen of the inside's places. It keeps Call-ID and From tag (RFC 3261 16.6); whose INVITE has found no room is known by Via.
Share Table::Step::share_of_invite() {
    if (!event_.outbound) return is_strangers() ? Share::strangers : Share::outside;
    const std::string_view tag = message_.from.tag;
    const Leg* asked = tag.empty() ? nullptr : table_.find(message_.call_id, tag, {});
    if (asked && !asked->begun_inside) return asked->is_strangers ? Share::strangers : Share::outside;
    return event_.is_handed_on ? Share::strangers : Share::inside;
}

bool Table::Step::keep_description() {
    if (!event_.remote) return true;
    kept_ = kept(is_strangers() ? SaidIn::strangers : SaidIn::request);
    return kept_ != nullptr;
}

KeptRemote Table::Step::kept(SaidIn said_in) {
    KeptRemote kept = table_.descriptions_.keep(*event_.remote, said_in);
    table_.counters_.descriptions_full += kept == nullptr;
    return kept;
}

SaidIn Table::Step::said_in(const Transaction& answered) {
    return answered.share == Share::strangers ? SaidIn::strangers : SaidIn::response;
}

void Table::Step::initial_invite_out(Transaction& transaction) {
    const std::string_view tag = message_.from.tag;
    const auto waits_for_retry = [&](const Leg& leg) { return leg.end_at && leg.has_inside_tag(tag); };
    if (const Leg* before = table_.namesake(table_.tag_key(message_.call_id, {}, tag), waits_for_retry))
        table_.end(before->id, effects_); // the ports go on
    Leg* leg = table_.create(event_, id_of_invite({}), {}, tag, true);
    if (!leg) return;
    const uint64_t restored = table_.restored_group(message_.call_id, leg->id);
    if (table_.legs_of(restored) > 0) table_.join(*leg, restored); // forks of it were there before a restart
    leg->inside_cseq = message_.cseq;
    if (event_.offer) leg->offered = as_offered(*event_.offer, {});
    leg->elsewhere = event_.elsewhere;
    transaction.leg = leg->id;
    transaction.group = leg->group;
    transaction.inside_tag = tag;
    if (event_.offer) transaction.local_offer = leg->offered;
    changed(*leg);
}

// Each is a leg of its own, though it comes in the names of another: by two branches of a proxy, on its second way through
// the wall, or as somebody else's.
void Table::Step::initial_invite_in(Transaction& transaction) {
    transaction.remote_offer = kept_;
    Leg* leg = table_.create(event_, id_of_invite({}), message_.from.tag, {}, false);
    if (!leg) return;
    leg->outside_cseq = message_.cseq;
    transaction.leg = leg->id;
    transaction.group = leg->group;
    leg->remote_offer = kept_;
    leg->remote_offer_by = transaction.id;
    changed(*leg); // of who is known it goes on record: the inside may answer while nobody runs
}

// INVITE, UPDATE or PRACK with a To tag. An outside offer only waits here; the inside's answer applies it.
void Table::Step::offer_in_dialog() {
    if (table_.transactions_.find(event_.transaction, event_.outbound)) return;
    Leg* leg = leg_by_tags();
    if (!keep_description()) return;
    const bool may_be_known = leg || (event_.outbound && event_.offer && !event_.offer->empty()); // adopt_midway()
    const bool is_nobodys = !may_be_known && (event_.outbound || is_strangers());
    Transaction* transaction = begin(is_nobodys ? Share::nobodys : share_of_call());
    if (!transaction) return;
    transaction->inside_tag = inside_tag();
    transaction->local_offer = event_.offer;
    transaction->remote_offer = kept_;
    if (!leg && event_.outbound) leg = adopt_midway(*transaction);
    if (!leg) {
        ++table_.counters_.unknown_dialog;
        return;
    }
    transaction->leg = leg->id;
    transaction->group = leg->group;
    // What a restart needs to know the responses by.
    const bool is_invite = message_.method == sip::Method::invite;
    const bool is_ringing = leg->state == LegState::early && !leg->is_midway; // by the INVITE's own (remembered())
    const bool is_partys = event_.counterpart.signalling.address == leg->counterpart.signalling.address;
    const bool is_beside = !is_partys && leg->remote_offer; // of somebody else, while the party's waits for its answer
    if (is_invite && event_.outbound) {
        leg->inside_cseq = message_.cseq;
        leg->has_invited_since = true;
    } else if (is_invite && !is_ringing && !is_beside) {
        leg->outside_cseq = message_.cseq;
    }
    const bool is_prack = message_.method == sip::Method::prack;
    effects_.woken.insert(leg->id);
    if (is_prack && answers_outside(*leg)) {
        answered_by_inside(*leg, leg->side(inside_tag()), *leg->remote_offer, false);
        leg->forget_remote_offer();
    } else if (is_prack && answers_inside(*leg)) {
        Side& side = leg->side(inside_tag());
        answered_by_outside(*leg, side, side.offered, false);
    } else if (event_.outbound && event_.offer) {
        offered_by_inside(*leg);
        transaction->local_offer = leg->offered;
    } else if (event_.remote) {
        const bool waits = leg->has_offer_to_ack || is_beside || (is_ringing && (leg->is_unanswered() || !is_partys));
        if (!waits) {
            leg->remote_offer = kept_;
            leg->remote_offer_by = transaction->id;
        }
    }
    changed(*leg);
}

// The ACK to a 2xx; it may carry the answer (RFC 3261 13.2.2.4, RFC 3725). The inside's proves an answer that we missed;
// an outsider's does so only where we were away. One that comes again, as its 2xx has, answers nothing more.
void Table::Step::ack() {
    if (table_.transactions_.find(event_.transaction, event_.outbound)) return;
    const Transaction* invite = table_.transactions_.find_invite_of(message_, event_.outbound);
    if (invite && invite->is_final && invite->cseq == message_.cseq && invite->is_failed) return;
    Leg* leg = leg_by_tags();
    if (!leg) return;
    if (!invite && leg->state == LegState::early && leg_of_invite()) return; // of its branch: to a failure (17.1.1.3)
    effects_.woken.insert(leg->id);
    if (event_.outbound && leg->inside_cseq == message_.cseq) leg->offered_until.reset(); // to a 2xx that we missed
    Side& side = leg->side(inside_tag());
    const bool is_to_outside = answers_outside(*leg), is_to_inside = answers_inside(*leg);
    const bool is_unanswered = event_.outbound && leg->has_offer_to_ack && leg->inside_cseq == message_.cseq;
    const bool is_named = !leg->outside_tag.empty(); // else there is no answer that it could be the ACK to
    const bool is_the_callers = event_.outbound || (leg->is_restored && !leg->begun_inside);
    const bool confirms = is_named && is_the_callers && leg->state == LegState::early;
    if (is_to_outside || is_to_inside) begin(share_of_call());
    if (confirms) leg->acknowledged();
    if (is_to_outside) answered_by_inside(*leg, side, *leg->remote_offer, true);
    else if (is_unanswered) leg->forget_remote_offer(); // nothing else will
    if (is_to_inside) answered_by_outside(*leg, side, side.offered, true);
    if (confirms) confirm(*leg);
    if (is_to_outside || is_unanswered || is_to_inside || confirms || !leg->is_recorded) changed(*leg);
}

// The inside gives up. Nobody has to answer that: without a final response after 64*T1 there is none to come (RFC 3261 9.1),
// however long it rings on, and however often the CANCEL comes again.
void Table::Step::cancel() {
    if (!event_.outbound) return;
    Transaction* invite = table_.transactions_.find_invite_of(message_, true);
    if (invite && (!invite->is_initial || invite->is_final)) return;
    if (invite) {
        invite->is_cancelled = true;
        table_.transactions_.expire_at(
            *invite, event_.now + std::max<std::chrono::nanoseconds>(table_.timers_.bye, transaction_life));
    }
    const Leg* restored = table_.leg(id_of_invite({})); // whose INVITE is forgotten
    for (const LegId id : table_.unanswered_legs_of(invite ? invite->group : restored ? restored->group : 0))
        if (Leg& leg = *table_.leg(id); !leg.end_at) end_unless_confirmed(leg);
}

// One that comes again, as nobody answers it, gives its call no more time.
void Table::Step::bye() {
    if (table_.transactions_.find(event_.transaction, event_.outbound)) return;
    Leg* leg = leg_by_tags();
    if (!leg) {
        ++table_.counters_.unknown_dialog;
        return;
    }
    Transaction* transaction = begin(share_of_call());
    if (!transaction) return;
    transaction->leg = leg->id;
    if (!event_.outbound) return; // until the inside's 2xx it is only somebody's word
    table_.leave_early(*leg, LegState::ending);
    leg->bye_from_inside = true;
    end_after(*leg, table_.timers_.bye);
    changed(*leg);
}

} // namespace ringwall::dialog

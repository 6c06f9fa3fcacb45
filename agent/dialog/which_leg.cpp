// SPDX-License-Identifier: Apache-2.0
// Which leg a message is about: by both tags, by fork, or by what a restart remembers.
#include <algorithm>

#include "agent/dialog/step.hpp"

namespace ringwall::dialog {

// By both tags, and with that party.
template <class Fits>
Leg* Table::Step::leg_of_dialog(const Fits& fits) {
    const uint64_t key = table_.tag_key(message_.call_id, outside_tag(), inside_tag());
    return table_.namesake(key, [&](const Leg& each) {
        return each.has_inside_tag(inside_tag()) && fits(each) &&
               each.counterpart.signalling.address == event_.counterpart.signalling.address;
    });
}

// Of the crossings of a spiral, by way of one party, each has its own copy of a request.
Leg* Table::Step::leg_by_tags() {
    Leg* leg = leg_of_dialog([&](const Leg& each) {
        const bool is_invite = message_.is_request && message_.method == sip::Method::invite;
        const uint32_t last = event_.outbound ? each.inside_cseq : each.outside_cseq;
        return !each.bye_from_inside && !(is_invite && last == message_.cseq);
    });
    if (!leg) leg = leg_of_dialog([](const Leg&) { return true; });
    if (!leg) leg = table_.find(message_.call_id, outside_tag(), inside_tag());
    if (!leg || !leg->has_inside_tag(inside_tag())) return nullptr;
    if (!event_.outbound && !inside_tag().empty()) table_.ceilings_.heard(*leg);
    return leg;
}

// RFC 3261 13.2.2.4: each To tag is a dialog of its own. The first takes over the leg that the INVITE began; later
// ones get the same offer, in legs of the same group. A 2xx that comes again after its call's BYE begins none.
Leg* Table::Step::fork(Transaction& transaction) {
    const std::string_view tag = message_.to.tag;
    Leg* first = table_.leg(transaction.leg);
    if (tag.empty() || (first && first->outside_tag == tag)) return first;
    if (Leg* known = table_.namesake(table_.tag_key(message_.call_id, tag, {}),
                                     [&](const Leg& leg) { return leg.group == transaction.group; }))
        return known;
    if (first && first->outside_tag.empty()) {
        table_.name(*first, tag);
        return first;
    }
    const bool is_over = transaction.is_final || transaction.is_cancelled;
    if (is_provisional() && is_over) return nullptr; // who begins to ring once the call is answered, or given up
    Leg* leg = create_fork(transaction);
    if (!leg) return nullptr;
    leg->inside_cseq = transaction.cseq;
    leg->offered = transaction.local_offer.value_or(std::vector<pinhole::Claim>{});
    if (first) leg->elsewhere = first->elsewhere, leg->reached_at = first->reached_at;
    return leg;
}

// Null for one whose 2xx has been heard before.
Leg* Table::Step::create_fork(const Transaction& transaction) {
    const std::string_view tag = message_.to.tag;
    if (std::ranges::find(transaction.answered, table_.hash_({tag})) != transaction.answered.end()) return nullptr;
    if (table_.legs_of(transaction.group) >= most_forks || transaction.answered.size() >= most_forks) {
        ++table_.counters_.forks_full;
        return nullptr;
    }
    Leg* leg = table_.create(event_, id_of_invite(tag), outside_tag(), transaction.inside_tag, transaction.outbound);
    if (leg) table_.join(*leg, transaction.group);
    return leg;
}

// An inside proxy rings several, and hands on each 2xx (RFC 3261 16.7): each is a dialog of its own, here too.
Leg* Table::Step::another_answer(const Transaction& transaction) {
    if (transaction.is_failed || !is_success()) return nullptr;
    Leg* leg = create_fork(transaction);
    if (leg) leg->outside_cseq = transaction.cseq;
    return leg;
}

// An INVITE without To tag, answered within a call that is up, by its party: a re-INVITE. Those to a party without tags
// (RFC 2543) are all such, and some telephones send them when they have found another way through their NAT. Their later
// CSeq tells them from the same INVITE on its second way through the wall (a spiral, RFC 3261 6).
void Table::Step::find_dialog(Transaction& transaction) {
    if (message_.status == 100 || message_.status >= 300) return;
    Leg* live = table_.live(message_.call_id, outside_tag(), inside_tag(), event_.counterpart);
    if (!live || live->id == transaction.leg || live->group == transaction.group) return;
    uint32_t& last = transaction.outbound ? live->inside_cseq : live->outside_cseq;
    if (last != 0 && transaction.cseq <= last) return;
    last = transaction.cseq;
    table_.end(transaction.leg, effects_);
    if (live->begun_inside) table_.by_inside_tag_[table_.tag_key(live->call_id, {}, live->inside_tag())] = live->id;
    transaction.leg = live->id;
    transaction.group = live->group;
    transaction.is_initial = false;
    if (!transaction.local_offer) return;
    live->offered = *transaction.local_offer;
}

// A call that was up before the wall was: its next offer or answer from inside makes it known; an offer for as long as it
// waits for its answer, as an outsider's may be passed on that is of no call at all.
Leg* Table::Step::adopt_midway(Transaction& transaction) {
    if (!event_.offer || event_.offer->empty()) return nullptr;        // it would open nothing
    if (outside_tag().empty() || inside_tag().empty()) return nullptr; // of no dialog (RFC 3261 12.2)
    if (table_.find(message_.call_id, outside_tag(), {})) return nullptr;
    Leg* leg = table_.create(event_, table_.hash_({message_.call_id, "tag", outside_tag()}), outside_tag(),
                             inside_tag(), event_.outbound == message_.is_request);
    if (!leg) return nullptr;
    transaction.leg = leg->id;
    transaction.group = leg->group;
    leg->is_midway = true;
    leg->is_unheard = false;
    return leg;
}

LegId Table::Step::id_of_invite(std::string_view to_tag) const {
    const bool is_invite = message_.method == sip::Method::invite;
    const uint64_t transaction =
        is_invite ? event_.transaction : transaction_key(table_.hash_, message_, sip::Method::invite, event_.outbound);
    return table_.id_of_invite(transaction, message_, event_.outbound, to_tag);
}

Leg* Table::Step::leg_of_invite() {
    Leg* leg = table_.leg(id_of_invite(message_.to.tag));
    return leg ? leg : table_.leg(id_of_invite({}));
}

// What an INVITE without To tag began is known by its transaction, after a restart too: by tags alone it is not answered.
Leg* Table::Step::leg_of_answer() {
    const bool is_invite = message_.method == sip::Method::invite;
    if (Leg* leg = is_invite ? leg_of_invite() : nullptr) return leg;
    Leg* leg = table_.find(message_.call_id, outside_tag(), inside_tag());
    const bool is_unanswered = leg && leg->state == LegState::early && !leg->is_midway;
    return is_invite && is_unanswered ? nullptr : leg;
}

// RTCP's may be: in an answer it stands beside what the answer has made one (RFC 5761).
bool Table::Step::names_nothing_new(const Leg& leg) const {
    const auto is_known = [&](const pinhole::Claim& claim) {
        return claim.component == pinhole::Component::rtcp || std::ranges::any_of(leg.sides, [&](const Side& side) {
                   return std::ranges::find(side.accepted, claim.key(), &pinhole::Claim::key) != side.accepted.end();
               });
    };
    return !event_.offer || std::ranges::all_of(*event_.offer, is_known);
}

// After a restart only the tags and the CSeq of a pending re-INVITE are known; they must do. Of an UPDATE or PRACK not
// even that is: what waits for an answer, and from which side. What an INVITE began is known by its branch, also where early
// media has outlasted the transaction.
Transaction* Table::Step::remembered() {
    const bool is_invite = message_.method == sip::Method::invite, is_bye = message_.method == sip::Method::bye;
    const bool may_answer = message_.method == sip::Method::update || message_.method == sip::Method::prack;
    if (!is_invite && !is_bye && !may_answer) return nullptr;
    const bool request_outbound = !event_.outbound;
    Leg* leg = leg_of_answer();
    // An ACK may have made a call of it (ack()): what is said to its INVITE decides.
    const bool is_unanswered = leg && (leg->state == LegState::early || !leg->is_answered);
    const bool is_initial = is_unanswered && is_invite && !leg->is_midway;
    if (!leg || (!leg->is_restored && !is_initial)) return nullptr;
    if ((request_outbound || is_bye) && !leg->has_inside_tag(inside_tag())) return nullptr;
    if (is_invite && message_.cseq != (request_outbound ? leg->inside_cseq : leg->outside_cseq)) return nullptr;
    if (is_invite && !is_initial && request_outbound && leg->has_invited_since) return nullptr;
    if (may_answer && request_outbound && leg->has_offered_since) return nullptr;
    if (is_bye && request_outbound != leg->bye_from_inside) return nullptr;
    if (may_answer && !(request_outbound ? !leg->offered.empty() : leg->remote_offer != nullptr)) return nullptr;
    if (may_answer && leg->is_unanswered()) return nullptr; // it is the INVITE's that waits
    remembered_ = {.outbound = request_outbound,
                   .method = message_.method,
                   .cseq = message_.cseq,
                   .is_initial = is_initial,
                   .leg = leg->id,
                   .group = leg->group,
                   .inside_tag = request_outbound ? std::string(inside_tag()) : std::string(),
                   .remote_offer = leg->remote_offer,
                   .is_cancelled = leg->end_at || leg->deadline <= event_.now + table_.timers_.bye,
                   .expires = event_.now};
    // Who answers it once more is beside the first again.
    if (is_initial) remembered_.is_final = table_.unanswered_legs_of(leg->group).size() < table_.legs_of(leg->group);
    // Nor does its 2xx mean anything that comes again (RFC 6026).
    else if (is_invite && leg == leg_of_invite() && leg->offered.empty() && !leg->has_offer_in_response() &&
             !leg->remote_offer)
        remembered_.is_final = names_nothing_new(*leg);
    if (!request_outbound) return &remembered_;
    if (!leg->offered.empty()) remembered_.local_offer = leg->offered;
    // A provisional response has answered it already; the final one may name others. Without either it had no offer.
    else if (is_initial && !leg->is_unanswered()) remembered_.local_offer = leg->side(inside_tag()).accepted;
    return &remembered_;
}

// Once for each crossing of a spiral, and for each branch of an INVITE that was answered alike.
void Table::Step::end_dialog() {
    while (const Leg* leg = leg_of_dialog([](const Leg&) { return true; })) table_.end(leg->id, effects_);
}

void Table::Step::end_other_forks(const Leg& winner) {
    for (const LegId id : table_.unanswered_legs_of(winner.group)) table_.end(id, effects_);
}

} // namespace ringwall::dialog

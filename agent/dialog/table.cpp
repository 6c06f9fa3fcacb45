// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/table.hpp"

#include <algorithm>

#include "agent/dialog/step.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds soft_idle{30};       // past a soft deadline, a call lives on while media flows
constexpr std::chrono::milliseconds move_poll{100}; // how soon a move's first packet is noticed

// What a record has no room for is not kept either: strangers write eight thousand bytes there, and their calls wait.
std::string_view for_display(std::string_view uri) {
    return uri.size() < ADDRESS_OF_RECORD_BYTES ? uri : std::string_view();
}

} // namespace

Effects Table::on(const Event& event) {
    transactions_.expire(event.now);
    Effects effects;
    Step step(*this, event, effects);
    event.message.is_request ? step.on_request() : step.on_response();
    for (const Leg& ended : effects.ended) {
        if (leg(ended.id)) continue; // its retry, under the same id
        effects.changed.erase(ended.id);
        effects.woken.erase(ended.id);
    }
    return effects;
}

bool Table::may_carry_offers(const sip::Message& inbound, uint64_t transaction) {
    switch (inbound.method) {
        case sip::Method::invite:
        case sip::Method::update:
        case sip::Method::prack: {
            if (inbound.is_request || transactions_.find(transaction, true) != nullptr) return true;
            const Leg* leg = find(inbound.call_id, inbound.to.tag, inbound.from.tag);
            if (leg && leg->is_restored) return true;                     // its transactions are forgotten
            const bool is_invite = inbound.method == sip::Method::invite; // that may be, too
            return is_invite && (this->leg(id_of_invite(transaction, inbound, false)) != nullptr ||
                                 this->leg(id_of_invite(transaction, inbound, false, inbound.to.tag)) != nullptr);
        }
        case sip::Method::ack: {
            const Leg* leg = find(inbound.call_id, inbound.from.tag, inbound.to.tag);
            return leg && !leg->end_at; // that of a failure carries nothing
        }
        default: return false;
    }
}

bool Table::has_call_of(const sip::Message& inbound) {
    if (inbound.to.tag.empty()) return false;
    const Leg* leg = find(inbound.call_id, inbound.from.tag, inbound.to.tag);
    return leg && leg->has_inside_tag(inbound.to.tag);
}

bool Table::has_claimed(const sip::Message& outbound, const Endpoint& inside) {
    const auto& [theirs, ours] =
        outbound.is_request ? std::tie(outbound.to, outbound.from) : std::tie(outbound.from, outbound.to);
    // An outsider begins it, with an inside party's From tag that he was called by; an inside proxy only passes it on.
    if (outbound.is_request && theirs.tag.empty() && find(outbound.call_id, ours.tag, {})) return false;
    const Leg* leg = find(outbound.call_id, theirs.tag, ours.tag);
    if (!leg || !leg->has_inside_tag(ours.tag)) {
        // An answer by somebody whose tag is new, or the INVITE again, after a challenge by somebody with a tag.
        const LegId* latest = by_inside_tag_.find(tag_key(outbound.call_id, {}, ours.tag));
        leg = !outbound.is_request
                  ? this->leg(id_of_invite(transaction_key(hash_, outbound, sip::Method::invite, true), outbound, true))
              : latest && theirs.tag.empty() ? this->leg(*latest)
                                             : nullptr;
    }
    if (!leg) return false;
    const auto is_among = [&](const std::vector<pinhole::Claim>& claims) {
        return std::ranges::find(claims, inside, &pinhole::Claim::local) != claims.end();
    };
    return is_among(leg->claims()) || is_among(leg->with_the_ack);
}

Leg* Table::leg(LegId id) {
    const auto found = legs_.find(id);
    return found ? found->get() : nullptr;
}

Leg* Table::find(std::string_view call_id, std::string_view outside_tag, std::string_view inside_tag) {
    const uint64_t key = tag_key(call_id, outside_tag, inside_tag);
    if (!inside_tag.empty())
        if (Leg* exact = namesake(key, [&](const Leg& leg) { return leg.has_inside_tag(inside_tag); })) return exact;
    auto found = by_tag_.find(key);
    // Begun outside, by a party without a tag: the inside's was not known yet.
    if (!found && outside_tag.empty()) found = by_tag_.find(tag_key(call_id, {}, {}));
    return found ? *found : nullptr;
}

Leg* Table::live(std::string_view call_id, std::string_view outside_tag, std::string_view inside_tag,
                 const Counterpart& party) {
    return namesake(tag_key(call_id, outside_tag, inside_tag), [&](const Leg& leg) {
        return leg.state == LegState::confirmed && !leg.end_at && leg.has_inside_tag(inside_tag) &&
               is_same_party(leg.counterpart, party);
    });
}

Leg* Table::create(const Event& event, LegId id, std::string_view outside_tag, std::string_view inside_tag,
                   bool begun_inside) {
    const bool is_strangers = !begun_inside && !event.counterpart.is_declared && !event.is_trusted;
    const uint64_t key = tag_key(event.message.call_id, outside_tag, begun_inside ? inside_tag : std::string_view());
    const bool is_full = legs_.size() >= (begun_inside ? capacity : capacity_outside) ||
                         (is_strangers && waiting_strangers_ >= capacity_strangers) ||
                         namesakes_.count(key) >= (begun_inside ? most_namesakes_inside : most_namesakes);
    if (is_full || legs_.contains(id)) {
        counters_.legs_full += is_full;
        return nullptr;
    }
    Leg& leg = *(legs_[id] = std::make_unique<Leg>());
    leg.id = leg.group = id;
    leg.call_id = event.message.call_id;
    leg.from = for_display(event.message.from.uri);
    leg.to = for_display(event.message.to.uri);
    leg.begun_inside = begun_inside;
    if (begun_inside || !inside_tag.empty()) leg.side(inside_tag);
    if (begun_inside) by_inside_tag_[outside_tag.empty() ? key : tag_key(leg.call_id, {}, inside_tag)] = id;
    leg.counterpart = event.counterpart;
    leg.started = event.now;
    leg.started_s = event.realtime_s;
    leg.deadline = event.now + timers_.max_call;
    leg.soft_deadline = event.now + transaction_life; // RFC 3261 17.1.1.2, Timer B: until somebody answers in any way
    leg.is_unheard = true;
    leg.is_strangers = is_strangers;
    waiting_strangers_ += is_strangers;
    if (!begun_inside) leg.outset = event.outset;
    ceilings_.began(leg, event.now);
    name(leg, outside_tag, key);
    schedule(leg, event.now);
    return &leg;
}

void Table::name(Leg& leg, std::string_view outside_tag, uint64_t key) {
    unname(leg);
    leg.outside_tag = outside_tag;
    leg.tag_key = key;
    Leg*& first = by_tag_[leg.tag_key];
    if (first) namesakes_.emplace(leg.tag_key, leg.id);
    else first = &leg;
}

void Table::unname(const Leg& leg) {
    if (leg.tag_key == 0) return;
    const auto first = by_tag_.find(leg.tag_key);
    const auto [begin, end] = namesakes_.equal_range(leg.tag_key);
    if (!first || *first != &leg) {
        const auto own = std::find_if(begin, end, [&](const auto& each) { return each.second == leg.id; });
        if (own != end) namesakes_.erase(own);
    } else if (begin != end) {
        *first = this->leg(begin->second);
        namesakes_.erase(begin);
    } else {
        by_tag_.erase(leg.tag_key);
    }
}

void Table::join(Leg& leg, uint64_t group) {
    leave(leg);
    leg.group = group;
    if (group != leg.id) by_group_.emplace(group, leg.id);
}

void Table::leave(const Leg& leg) {
    if (leg.group == leg.id) return;
    const auto [first, last] = by_group_.equal_range(leg.group);
    const auto entry = std::find_if(first, last, [&](const auto& each) { return each.second == leg.id; });
    if (entry != last) by_group_.erase(entry);
}

size_t Table::legs_of(uint64_t group) {
    const Leg* founder = leg(group);
    return by_group_.count(group) + (founder && founder->group == group);
}

std::vector<LegId> Table::unanswered_legs_of(uint64_t group) {
    std::vector<LegId> unanswered;
    if (const Leg* founder = leg(group); founder && founder->group == group && !founder->is_answered)
        unanswered.push_back(group);
    const auto [first, last] = by_group_.equal_range(group);
    for (auto entry = first; entry != last; ++entry)
        if (!leg(entry->second)->is_answered) unanswered.push_back(entry->second);
    return unanswered;
}

void Table::leave_early(Leg& leg, LegState next) {
    if (leg.is_strangers && leg.state == LegState::early) --waiting_strangers_;
    leg.state = next;
    leg.is_midway = false;
}

void Table::end(LegId id, Effects& effects) {
    Leg* found = leg(id);
    if (!found) return;
    if (found->state != LegState::early) ++counters_.calls_ended;
    leave_early(*found, LegState::ending);
    ceilings_.ended(*found);
    unname(*found);
    leave(*found);
    if (found->begun_inside) {
        const uint64_t key = tag_key(found->call_id, {}, found->inside_tag());
        if (const LegId* latest = by_inside_tag_.find(key); latest && *latest == id) by_inside_tag_.erase(key);
    }
    effects.ended.push_back(std::move(*found));
    legs_.erase(id);
}

// A reminder at its next time, or sooner: then it is put off.
void Table::schedule(Leg& leg, TimePoint now) {
    TimePoint next = leg.deadline;
    if (leg.soft_deadline) next = std::min(next, *leg.soft_deadline);
    if (leg.end_at) next = std::min(next, *leg.end_at);
    if (leg.offered_until) next = std::min(next, *leg.offered_until);
    if (!leg.moving.empty()) next = std::min(next, now + move_poll);
    if (leg.next_look != TimePoint{} && leg.next_look <= next) return;
    leg.next_look = next;
    timers_due_.add(next, leg.id);
    if (timers_due_.size() <= 4 * legs_.size() + 1024) return;
    timers_due_.keep_only([&](const auto& entry) {
        const auto found = legs_.find(entry.id);
        return found && (*found)->next_look == entry.at;
    });
}

void Table::due(TimePoint now, std::vector<pinhole::HoleKey>& keys) const {
    timers_due_.each_due(now, [&](LegId id) {
        const auto found = legs_.find(id);
        if (!found) return;
        const Leg& leg = **found;
        const bool asks_for_media = !leg.moving.empty() || (leg.soft_deadline && *leg.soft_deadline <= now);
        if (!asks_for_media) return;
        for (const pinhole::HoleKey& key : leg.keys()) keys.push_back(key);
    });
}

Effects Table::tick(TimePoint now, const Activity& last_media) {
    Effects effects;
    while (timers_due_.is_due(now)) {
        const auto [at, id] = timers_due_.take();
        Leg* found = leg(id);
        if (!found || found->next_look != at) continue;
        found->next_look = {};
        if (is_over(*found, now, last_media)) {
            found->has_outlived = found->state == LegState::confirmed && found->deadline <= now;
            end(id, effects);
            continue;
        }
        const bool has_moved = complete_moves(*found, now, last_media);
        if (give_up_offer(*found, now) || has_moved) effects.changed.insert(id);
        schedule(*found, now);
    }
    transactions_.expire(now);
    for (const Leg& leg : effects.ended) effects.changed.erase(leg.id);
    return effects;
}

// True at a hard end. A soft deadline that has passed gives way to media: it is asked again 30 s after the last packet.
bool Table::is_over(Leg& leg, TimePoint now, const Activity& last_media) const {
    if (leg.deadline <= now || (leg.end_at && *leg.end_at <= now)) return true;
    if (!leg.soft_deadline || *leg.soft_deadline > now) return false;
    TimePoint last{};
    for (const pinhole::HoleKey& key : leg.keys()) {
        const MediaSeen seen = last_media(key);
        last = std::max({last, seen.last_in, seen.last_out});
    }
    // Of an INVITE that nobody has answered in any way, the media is another's: of the next server's (RFC 3263 4.3).
    if (last + soft_idle <= now || leg.is_unheard) return true;
    leg.soft_deadline = last + soft_idle;
    return false;
}

bool Table::complete_moves(Leg& leg, TimePoint now, const Activity& last_media) const {
    return std::erase_if(leg.moving, [&](const Moving& moving) {
               const bool has_arrived = !moving.is_shared && last_media(moving.successor).packets > 0;
               return moving.until <= now || has_arrived;
           }) > 0;
}

// Nobody has answered: to who sent it that is a 408, and the session stays as it was (RFC 3261 14.1, 17.1.1.2).
bool Table::give_up_offer(Leg& leg, TimePoint now) {
    if (!leg.offered_until || *leg.offered_until > now) return false;
    leg.forget_offer();
    for (Side& side : leg.sides) side.provisional.clear();
    return true;
}

void Table::restore(Leg restored, TimePoint now) {
    auto& place = legs_[restored.id];
    if (place) {
        unname(*place);
        leave(*place);
    }
    place = std::make_unique<Leg>(std::move(restored));
    Leg& leg = *place;
    leg.is_answered = leg.state != LegState::early || leg.awaits_ack;
    leg.is_strangers = !leg.begun_inside && !leg.counterpart.is_declared;
    waiting_strangers_ += leg.is_strangers && leg.state == LegState::early;
    if (!leg.begun_inside) leg.outset = outset_of(leg.counterpart, false, leg.is_strangers);
    if (leg.outset) leg.outset->is_half_open = leg.state == LegState::early;
    ceilings_.began(leg, now);
    name(leg, std::string(leg.outside_tag));
    if (leg.begun_inside) by_inside_tag_[tag_key(leg.call_id, {}, leg.inside_tag())] = leg.id;
    leg.group = restored_group(leg.call_id, leg.group);
    if (leg.group != leg.id) by_group_.emplace(leg.group, leg.id);
    if (leg.state == LegState::early && !leg.is_midway) {
        leg.is_unheard = (leg.begun_inside ? std::string_view(leg.outside_tag) : leg.inside_tag()).empty();
        // An outside's 100 is not on record: it may have had one.
        if (leg.begun_inside) leg.soft_deadline = std::max(leg.soft_deadline.value_or(now), now + timers_.early);
    }
    // Without a session it is the INVITE's own, whose answer we have missed: the inside's ACK made a call of it.
    const bool has_session = std::ranges::any_of(leg.sides, [](const Side& side) { return !side.accepted.empty(); });
    if (leg.state != LegState::early && !leg.offered.empty() && has_session)
        leg.offered_until = now + timers_.early + transaction_life; // an INVITE's may ring
    for (Moving& moving : leg.moving) moving.until = now + move_grace;
    if (leg.bye_from_inside) leg.end_at = now + timers_.bye;
    schedule(leg, now);
}

void Table::reconsider(const policy::View& policy) {
    legs_.each([&](LegId, const std::unique_ptr<Leg>& each) {
        Leg& leg = *each;
        leg.counterpart = counterpart_of(leg.counterpart.signalling, policy);
        ceilings_.moved(leg);
        for (Side& side : leg.sides) {
            dialog::reconsider(side.accepted, leg.counterpart, policy);
            dialog::reconsider(side.provisional, leg.counterpart, policy);
            dialog::reconsider(side.offered, leg.counterpart, policy);
        }
        dialog::reconsider(leg.offered, leg.counterpart, policy);
        dialog::reconsider(leg.with_the_ack, leg.counterpart, policy);
        for (Moving& moving : leg.moving) dialog::reconsider(std::span(&moving.claim, 1), leg.counterpart, policy);
    });
}

} // namespace ringwall::dialog

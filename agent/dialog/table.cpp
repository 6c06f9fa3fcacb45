// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/table.hpp"

#include <algorithm>

#include "agent/dialog/step.hpp"

namespace ringwall::dialog {
namespace {

constexpr std::chrono::seconds soft_idle{30};       // past a soft deadline, a call lives on while media flows
constexpr std::chrono::milliseconds move_poll{100}; // how soon a move's first packet is noticed

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

bool Table::may_carry_offers(const sip::Message& inbound) {
    switch (inbound.method) {
        case sip::Method::invite:
        case sip::Method::update:
        case sip::Method::prack: return inbound.is_request || transactions_.find(inbound, true) != nullptr;
        case sip::Method::ack: {
            const Leg* leg = find(inbound.call_id, inbound.from.tag);
            return leg && leg->state != LegState::early;
        }
        default: return false;
    }
}

Leg* Table::leg(LegId id) {
    const auto found = legs_.find(id);
    return found == legs_.end() ? nullptr : &found->second;
}

Leg* Table::find(std::string_view call_id, std::string_view outside_tag) {
    const auto found = by_tag_.find(tag_key(call_id, outside_tag));
    return found == by_tag_.end() ? nullptr : leg(found->second);
}

Leg* Table::create(const Event& event, LegId id, std::string_view outside_tag, bool begun_inside) {
    const bool is_strangers = !begun_inside && !event.counterpart.is_declared;
    const bool is_full = legs_.size() >= capacity || (is_strangers && waiting_strangers_ >= capacity_strangers);
    if (is_full || legs_.contains(id)) {
        counters_.legs_full += is_full;
        return nullptr;
    }
    Leg& leg = legs_[id];
    leg.id = id;
    leg.call_id = event.message.call_id;
    leg.from = event.message.from.uri;
    leg.to = event.message.to.uri;
    leg.begun_inside = begun_inside;
    leg.counterpart = event.counterpart;
    leg.started = event.now;
    leg.started_s = event.realtime_s;
    leg.deadline = event.now + timers_.max_call;
    leg.soft_deadline = event.now + (begun_inside ? timers_.early : std::chrono::nanoseconds(transaction_life));
    leg.is_strangers = is_strangers;
    waiting_strangers_ += is_strangers;
    join(leg, id);
    name(leg, outside_tag);
    schedule(leg, event.now);
    return &leg;
}

void Table::name(Leg& leg, std::string_view outside_tag) {
    const auto old = by_tag_.find(tag_key(leg.call_id, leg.outside_tag));
    if (old != by_tag_.end() && old->second == leg.id) by_tag_.erase(old);
    leg.outside_tag = outside_tag;
    by_tag_[tag_key(leg.call_id, leg.outside_tag)] = leg.id;
}

void Table::join(Leg& leg, uint64_t group) {
    const auto [first, last] = by_group_.equal_range(leg.group);
    const auto old = std::find_if(first, last, [&](const auto& entry) { return entry.second == leg.id; });
    if (old != last) by_group_.erase(old);
    leg.group = group;
    by_group_.emplace(group, leg.id);
}

std::vector<LegId> Table::early_legs_of(uint64_t group) const {
    std::vector<LegId> early;
    const auto [first, last] = by_group_.equal_range(group);
    for (auto entry = first; entry != last; ++entry)
        if (legs_.at(entry->second).state == LegState::early) early.push_back(entry->second);
    return early;
}

void Table::leave_early(Leg& leg, LegState next) {
    if (leg.is_strangers && leg.state == LegState::early) --waiting_strangers_;
    leg.state = next;
}

Leg* Table::leg_ringing(std::string_view call_id, uint32_t cseq) {
    const auto found = ringing_.find(ringing_key(call_id, cseq));
    return found == ringing_.end() ? nullptr : leg(found->second);
}

void Table::end(LegId id, Effects& effects) {
    const auto found = legs_.find(id);
    if (found == legs_.end()) return;
    Leg& leg = found->second;
    if (leg.state != LegState::early) ++counters_.calls_ended;
    leave_early(leg, LegState::ending);
    timers_due_.erase({leg.next_look, id});
    if (const auto tag = by_tag_.find(tag_key(leg.call_id, leg.outside_tag)); tag != by_tag_.end() && tag->second == id)
        by_tag_.erase(tag);
    const auto [first, last] = by_group_.equal_range(leg.group);
    if (const auto entry = std::find_if(first, last, [&](const auto& e) { return e.second == id; }); entry != last)
        by_group_.erase(entry);
    effects.ended.push_back(std::move(leg));
    legs_.erase(found);
}

// One timer a leg.
void Table::schedule(Leg& leg, TimePoint now) {
    TimePoint next = leg.deadline;
    if (leg.soft_deadline) next = std::min(next, *leg.soft_deadline);
    if (leg.end_at) next = std::min(next, *leg.end_at);
    if (!leg.moving.empty()) next = std::min(next, now + move_poll);
    if (leg.next_look == next) return;
    timers_due_.erase({leg.next_look, leg.id});
    leg.next_look = next;
    timers_due_.emplace(next, leg.id);
}

void Table::due(TimePoint now, std::vector<pinhole::HoleKey>& keys) const {
    for (auto due = timers_due_.begin(); due != timers_due_.end() && due->first <= now; ++due) {
        const auto found = legs_.find(due->second);
        if (found == legs_.end()) continue;
        for (const pinhole::Claim& claim : found->second.claims()) keys.push_back(claim.key());
    }
}

Effects Table::tick(TimePoint now, const Activity& last_media) {
    Effects effects;
    while (!timers_due_.empty() && timers_due_.begin()->first <= now) {
        const auto [at, id] = *timers_due_.begin();
        timers_due_.erase(timers_due_.begin());
        Leg* found = leg(id);
        if (!found) continue;
        found->next_look = {};
        if (is_over(*found, now, last_media)) {
            end(id, effects);
            continue;
        }
        if (complete_moves(*found, now, last_media)) effects.changed.insert(id);
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
    for (const pinhole::Claim& claim : leg.claims()) {
        const MediaSeen seen = last_media(claim.key());
        last = std::max({last, seen.last_in, seen.last_out});
    }
    if (last + soft_idle <= now) return true;
    leg.soft_deadline = last + soft_idle;
    return false;
}

bool Table::complete_moves(Leg& leg, TimePoint now, const Activity& last_media) const {
    return std::erase_if(leg.moving, [&](const Moving& moving) {
               const bool has_arrived = last_media(moving.successor).packets > 0;
               return moving.until <= now || has_arrived;
           }) > 0;
}

void Table::restore(Leg leg, TimePoint now) {
    const LegId id = leg.id;
    leg.is_strangers = !leg.begun_inside && !leg.counterpart.is_declared;
    waiting_strangers_ += leg.is_strangers && leg.state == LegState::early;
    by_tag_[tag_key(leg.call_id, leg.outside_tag)] = id;
    by_group_.emplace(leg.group, id);
    if (leg.begun_inside && leg.state == LegState::early) ringing_[ringing_key(leg.call_id, leg.inside_cseq)] = id;
    if (leg.bye_from_inside) leg.end_at = now + timers_.bye;
    schedule(legs_.insert_or_assign(id, std::move(leg)).first->second, now);
}

void Table::reconsider(const policy::View& policy) {
    for (auto& [id, leg] : legs_) {
        leg.counterpart = counterpart_of(leg.counterpart.signalling, policy);
        for (Side& side : leg.sides) dialog::reconsider(side.accepted, leg.counterpart, policy);
        dialog::reconsider(leg.offered, leg.counterpart, policy);
        leg.moving.clear();
    }
}

} // namespace ringwall::dialog

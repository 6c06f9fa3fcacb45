// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

#include <algorithm>
#include <utility>

namespace ringwall::dialog {

using pinhole::TimePoint;

void EchoMemory::note(Namer namer, const std::vector<Endpoint>& inside, TimePoint now) {
    if (inside.empty()) return;
    forget_old(now);
    free_forgotten(most_at_once + inside.size()); // as much as comes in: size() stays within the capacity and a message
    Named* named = find(namer);
    if (!named) {
        named = &by_namer_[namer];
        named->place = order_.emplace(named->until, namer);
    }
    for (const Endpoint& endpoint : inside) {
        if (!named->inside.insert(endpoint).second) continue;
        namers_of_[endpoint].insert(named);
        ++kept_;
    }
    keep_until(*named, now + unanswered);
}

void EchoMemory::accepted(Namer namer, TimePoint now) {
    if (Named* const named = find(namer)) keep_until(*named, now + answered);
}

void EchoMemory::refused(Namer namer) {
    if (find(namer)) forget(namer);
    free_forgotten(most_at_once);
}

bool EchoMemory::names(Namer namer, const Endpoint& inside, TimePoint now) const {
    const auto found = by_namer_.find(namer);
    return found != by_namer_.end() && found->second.until > std::max(now, swept_) &&
           found->second.inside.contains(inside);
}

std::vector<Endpoint> EchoMemory::take(Namer namer) {
    const Named* named = find(namer);
    if (!named) return {};
    std::vector<Endpoint> inside(named->inside.begin(), named->inside.end());
    refused(namer);
    return inside;
}

// Each namer is passed over once: who has expired is taken out of the way, until he is accepted after all.
bool EchoMemory::holds(const Endpoint& inside, TimePoint now) const {
    const auto found = namers_of_.find(inside);
    if (found == namers_of_.end()) return false;
    std::set<Named*>& namers = found->second;
    for (; !namers.empty(); namers.erase(namers.begin())) {
        Named& named = **namers.begin();
        if (named.until > std::max(now, swept_)) return true;
        named.has_gaps = true;
    }
    namers_of_.erase(found);
    return false;
}

// Who is still there only because forget_old() has not come to him is forgotten here.
EchoMemory::Named* EchoMemory::find(Namer namer) {
    const auto found = by_namer_.find(namer);
    if (found == by_namer_.end()) return nullptr;
    if (found->second.until > swept_) return &found->second;
    forget(namer);
    return nullptr;
}

// An answer moves one entry, however much was named. Only one to somebody who has expired puts his endpoints back, and
// he does not expire again for minutes.
void EchoMemory::keep_until(Named& named, TimePoint until) {
    if (until <= named.until) return;
    auto entry = order_.extract(named.place);
    entry.key() = named.until = until;
    named.place = order_.insert(std::move(entry));
    if (!std::exchange(named.has_gaps, false)) return;
    for (const Endpoint& endpoint : named.inside) namers_of_[endpoint].insert(&named);
}

// What is over the capacity came with the last message: that loop is as short as the message was.
void EchoMemory::forget_old(TimePoint now) {
    swept_ = std::max(swept_, now);
    const auto has_expired = [&] { return !order_.empty() && order_.begin()->first <= swept_; };
    for (size_t i = 0; i < most_at_once && has_expired(); ++i) forget(order_.begin()->second);
    while (kept_ >= capacity_) forget(order_.begin()->second);
    if (!has_expired()) swept_ = TimePoint::min();
}

// At once, whatever was named: the endpoints are freed later.
void EchoMemory::forget(Namer namer) {
    auto node = by_namer_.extract(namer);
    Named& named = node.mapped();
    named.until = TimePoint::min();
    order_.erase(named.place);
    kept_ -= named.inside.size();
    to_free_ += named.inside.size();
    forgotten_.push_back(std::move(node));
}

void EchoMemory::free_forgotten(size_t most) {
    for (; most > 0 && !forgotten_.empty(); --most) {
        Named& named = forgotten_.front().mapped();
        unlist(*named.inside.begin(), named);
        named.inside.erase(named.inside.begin());
        --to_free_;
        if (named.inside.empty()) forgotten_.pop_front();
    }
}

void EchoMemory::unlist(const Endpoint& endpoint, Named& named) {
    const auto found = namers_of_.find(endpoint);
    if (found == namers_of_.end()) return;
    found->second.erase(&named);
    if (found->second.empty()) namers_of_.erase(found);
}

} // namespace ringwall::dialog

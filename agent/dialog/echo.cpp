// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

#include <algorithm>

namespace ringwall::dialog {

void EchoMemory::keep_until(Namer namer, Named& named, pinhole::TimePoint until) {
    if (until <= named.until) return;
    named.until = until;
    order_.emplace(until, namer);
}

void EchoMemory::forget_old(pinhole::TimePoint now) {
    while (!order_.empty() && (order_.begin()->first <= now || namers_of_.size() >= capacity)) {
        const auto [until, namer] = *order_.begin();
        order_.erase(order_.begin());
        if (const auto found = by_namer_.find(namer); found != by_namer_.end() && found->second.until == until)
            refused(namer);
    }
}

void EchoMemory::note(Namer namer, const std::vector<Endpoint>& inside, pinhole::TimePoint now) {
    if (inside.empty()) return;
    forget_old(now);
    Named& named = by_namer_[namer];
    for (const Endpoint& endpoint : inside)
        if (named.inside.insert(endpoint).second) namers_of_.emplace(endpoint, namer);
    keep_until(namer, named, now + unanswered);
}

void EchoMemory::accepted(Namer namer, pinhole::TimePoint now) {
    if (const auto found = by_namer_.find(namer); found != by_namer_.end())
        keep_until(namer, found->second, now + answered);
}

void EchoMemory::refused(Namer namer) {
    const auto found = by_namer_.find(namer);
    if (found == by_namer_.end()) return;
    for (const Endpoint& endpoint : found->second.inside) {
        const auto [first, last] = namers_of_.equal_range(endpoint);
        const auto entry = std::find_if(first, last, [&](const auto& each) { return each.second == namer; });
        if (entry != last) namers_of_.erase(entry);
    }
    by_namer_.erase(found);
}

bool EchoMemory::holds(const Endpoint& inside, pinhole::TimePoint now) const {
    const auto [first, last] = namers_of_.equal_range(inside);
    return std::any_of(first, last, [&](const auto& each) { return by_namer_.at(each.second).until > now; });
}

} // namespace ringwall::dialog

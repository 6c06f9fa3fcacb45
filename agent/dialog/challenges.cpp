// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/challenges.hpp"

#include <utility>

namespace ringwall::dialog {

bool Challenges::sent(uint64_t token, const Endpoint& to, std::optional<Guess> refused, TimePoint now) {
    forget_old(now);
    const auto found = sent_.find(token);
    if (found == sent_.end()) {
        if (sent_.size() >= capacity) return false;
        sent_.emplace(token, Sent{.to = to, .refused = refused, .until = now + life});
        order_.emplace_back(now + life, token);
        return true;
    }
    // A repeated answer brings the same token, and its time counts from the first.
    if (found->second.to != to) found->second.is_shared = true;
    return true;
}

Challenges::Echo Challenges::echoed(uint64_t token, const Endpoint& from, TimePoint now) {
    forget_old(now);
    const auto found = sent_.find(token);
    if (found == sent_.end()) return {};
    Sent& sent = found->second;
    const bool is_proof = !sent.is_shared && sent.to == from;
    return {.is_ours = true,
            .is_proof = is_proof,
            .refused = is_proof ? std::exchange(sent.refused, std::nullopt) : std::nullopt};
}

void Challenges::forget_old(TimePoint now) {
    while (!order_.empty() && order_.front().first < now) {
        sent_.erase(order_.front().second);
        order_.pop_front();
    }
}

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/echo.hpp"

namespace ringwall::dialog {

void EchoMemory::note(const Endpoint& inside, pinhole::TimePoint now) {
    while (!order_.empty() && (order_.front().first <= now || order_.size() >= capacity)) {
        const auto [until, endpoint] = order_.front();
        order_.pop_front();
        if (const auto found = until_.find(endpoint); found != until_.end() && found->second == until) until_.erase(found);
    }
    const pinhole::TimePoint until = now + lifetime;
    until_[inside] = until;
    order_.emplace_back(until, inside);
}

bool EchoMemory::holds(const Endpoint& inside, pinhole::TimePoint now) const {
    const auto found = until_.find(inside);
    return found != until_.end() && found->second > now;
}

}  // namespace ringwall::dialog

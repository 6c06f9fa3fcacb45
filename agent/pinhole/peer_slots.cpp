// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/peer_slots.hpp"

namespace ringwall::pinhole {

PeerSlots::PeerSlots(const std::vector<uint32_t>& in_use) : found_(in_use.begin(), in_use.end()) {}

std::optional<uint32_t> PeerSlots::take(TimePoint now) {
    while (!resting_.empty() && resting_.front().first + rest <= now) {
        free_.push_back(resting_.front().second);
        resting_.pop_front();
    }
    if (free_.empty()) return take_new();
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
}

std::optional<uint32_t> PeerSlots::take_new() {
    while (found_.contains(next_)) ++next_;
    if (next_ >= capacity) return std::nullopt;
    return next_++;
}

void PeerSlots::release(uint32_t slot, TimePoint now) {
    if (slot != 0) resting_.emplace_back(now, slot);
}

} // namespace ringwall::pinhole

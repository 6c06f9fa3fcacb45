// SPDX-License-Identifier: Apache-2.0
#include "agent/pinhole/peer_slots.hpp"

namespace ringwall::pinhole {

PeerSlots::PeerSlots(const std::vector<uint32_t>& in_use) {
    std::vector<bool> is_used(capacity);
    for (const uint32_t slot : in_use)
        if (slot < capacity) is_used[slot] = true;
    free_.reserve(capacity);
    for (uint32_t slot = capacity - 1; slot > 0; --slot)
        if (!is_used[slot]) free_.push_back(slot);
}

std::optional<uint32_t> PeerSlots::take(TimePoint now) {
    while (!resting_.empty() && resting_.front().first + rest <= now) {
        free_.push_back(resting_.front().second);
        resting_.pop_front();
    }
    if (free_.empty()) return std::nullopt;
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
}

void PeerSlots::release(uint32_t slot, TimePoint now) {
    if (slot != 0) resting_.emplace_back(now, slot);
}

} // namespace ringwall::pinhole

// SPDX-License-Identifier: Apache-2.0
// Which places of `peer_sets` are free. A slot that was let go rests for a second before it is used again: a packet
// that read the old ctl may still be reading its peers. Slots that nobody had yet are a number, not a list: a core costs
// nothing before it names peers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::pinhole {

class PeerSlots {
public:
    static constexpr uint32_t capacity = 16384; // of the map; slot 0 is unused
    static constexpr std::chrono::seconds rest{1};

    // Slots in use by holes that a restart found.
    explicit PeerSlots(const std::vector<uint32_t>& in_use = {});

    std::optional<uint32_t> take(TimePoint now);
    void release(uint32_t slot, TimePoint now);

private:
    std::optional<uint32_t> take_new();

    uint32_t next_ = 1;                  // from here up, only what found_ names has ever been taken
    std::unordered_set<uint32_t> found_; // at the start: in use, or back through release()
    std::vector<uint32_t> free_;         // had, let go, and rested
    std::deque<std::pair<TimePoint, uint32_t>> resting_;
};

} // namespace ringwall::pinhole

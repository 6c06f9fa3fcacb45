// SPDX-License-Identifier: Apache-2.0
// `ctl` of struct pinhole as a value (layout: maps/abi/pinhole.h).
#pragma once

#include <cstdint>

#include "maps/abi/pinhole.h"

namespace ringwall::pinhole {

struct ControlWord {
    uint8_t phase = 0;
    uint8_t constraint = 0;
    uint8_t component = 0;
    uint8_t zone = 0;
    uint8_t media = 0;
    uint8_t flags = 0;
    uint32_t slot = 0; // 0 = the inline peer
    uint8_t generation = 0;

    static constexpr ControlWord of(uint64_t ctl) {
        return {.phase = static_cast<uint8_t>(ctl >> CTL_PHASE_SHIFT & 0xf),
                .constraint = static_cast<uint8_t>(ctl >> CTL_CONSTRAINT_SHIFT & 0xf),
                .component = static_cast<uint8_t>(ctl >> CTL_COMPONENT_SHIFT & 0xf),
                .zone = static_cast<uint8_t>(ctl >> CTL_ZONE_SHIFT & 0xff),
                .media = static_cast<uint8_t>(ctl >> CTL_MEDIA_SHIFT & 0xff),
                .flags = static_cast<uint8_t>(ctl >> CTL_FLAGS_SHIFT & 0xff),
                .slot = static_cast<uint32_t>(ctl >> CTL_SLOT_SHIFT & CTL_SLOT_MASK),
                .generation = static_cast<uint8_t>(ctl >> CTL_GENERATION_SHIFT)};
    }
    constexpr uint64_t packed() const {
        return uint64_t{phase} << CTL_PHASE_SHIFT | uint64_t{constraint} << CTL_CONSTRAINT_SHIFT |
               uint64_t{component} << CTL_COMPONENT_SHIFT | uint64_t{zone} << CTL_ZONE_SHIFT |
               uint64_t{media} << CTL_MEDIA_SHIFT | uint64_t{flags} << CTL_FLAGS_SHIFT |
               (uint64_t{slot} & CTL_SLOT_MASK) << CTL_SLOT_SHIFT | uint64_t{generation} << CTL_GENERATION_SHIFT;
    }
    // Do the peers named (inline or slot) matter under this constraint?
    constexpr bool names_peers() const { return constraint == CONSTRAINT_PEERS || constraint == CONSTRAINT_ADDRESSES; }
    bool operator==(const ControlWord&) const = default;
};

static_assert(ControlWord::of(0x0123456789abcdefULL).packed() == 0x0123456789abcdefULL);

} // namespace ringwall::pinhole

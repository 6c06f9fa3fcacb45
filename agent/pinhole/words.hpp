// SPDX-License-Identifier: Apache-2.0
// A pinhole's control word in the words that commands and documents use.
#pragma once

#include <cstdint>
#include <string_view>

#include "maps/abi/pinhole.h"

namespace ringwall::pinhole {

constexpr std::string_view component_name(uint32_t component) {
    switch (component) {
        case COMPONENT_RTP: return "rtp";
        case COMPONENT_RTCP: return "rtcp";
        case COMPONENT_RTP_RTCP: return "rtp+rtcp";
        case COMPONENT_UDPTL: return "udptl";
        case COMPONENT_RTP_UDPTL: return "rtp+udptl";
        default: return "other";
    }
}

// A drained hole needs no one to close it: past its deadline the kernel refuses as if it were closed.
constexpr std::string_view phase_name(const struct pinhole& hole, uint64_t now_ns) {
    switch (hole.ctl >> CTL_PHASE_SHIFT & 0xf) {
        case PHASE_OFFERED: return "offered";
        case PHASE_ANSWERED: return "answered";
        case PHASE_HELD: return "held";
        case PHASE_DRAINING: return now_ns < hole.deadline_ns ? "draining" : "closed";
        default: return "closed";
    }
}

constexpr std::string_view constraint_name(uint32_t constraint) {
    switch (constraint) {
        case CONSTRAINT_NETWORKS: return "networks";
        case CONSTRAINT_PEERS: return "negotiated";
        case CONSTRAINT_ADDRESSES: return "strict";
        default: return "any";
    }
}

} // namespace ringwall::pinhole

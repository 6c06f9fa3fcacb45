// SPDX-License-Identifier: Apache-2.0
// A pinhole's control word in the words that commands and documents use.
#pragma once

#include <algorithm>
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

// Live, but for its negotiated and its last peer: as is_asleep() of bpf/media_verdict.bpf.h, while an agent lives.
constexpr bool is_asleep(const struct pinhole& hole, uint64_t now_ns) {
    const uint32_t phase = hole.ctl >> CTL_PHASE_SHIFT & 0xf;
    const uint64_t second = 1'000'000'000, soft_ns = hole.soft_deadline_s * second;
    const bool is_shortened = soft_ns != 0 && now_ns >= soft_ns;
    const uint64_t limit_s = is_shortened ? std::min<uint32_t>(hole.idle_s, IDLE_AFTER_SOFT_DEADLINE_S) : hole.idle_s;
    const bool is_live = phase == PHASE_OFFERED || phase == PHASE_ANSWERED || phase == PHASE_HELD;
    return is_live && now_ns > std::max(hole.last_in_ns, hole.last_out_ns) + limit_s * second;
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

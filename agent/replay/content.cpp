// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/content.hpp"

namespace ringwall::replay {

Content Content::of(std::string_view payload) {
    constexpr size_t rtp_header = 12, rtcp_header = 4;
    if (payload.empty()) return {};
    const auto at = [&](size_t i) { return static_cast<uint8_t>(payload[i]); };
    if (payload.size() < rtcp_header || at(0) < 128 || at(0) > 191) return {.kind = Kind::other};
    if (at(1) >= 192 && at(1) <= 223) return {.kind = Kind::rtcp};
    if (payload.size() < rtp_header) return {.kind = Kind::other};
    return {.kind = Kind::rtp, .payload_type = static_cast<uint8_t>(at(1) & 0x7fU)};
}

} // namespace ringwall::replay

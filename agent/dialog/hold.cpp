// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/hold.hpp"

#include <algorithm>

namespace ringwall::dialog {

std::vector<uint8_t> held_without_address(const sdp::Session& session) {
    std::vector<uint8_t> lines;
    for (size_t i = 0; i < session.media_count; ++i) {
        const sdp::Media& media = session.media()[i];
        const bool has_address = std::ranges::any_of(
            media.connections(), [](const sdp::Connection& c) { return c.is_name || !c.address.is_unspecified(); });
        if (media.port.value != 0 && !media.is_ice && !has_address) lines.push_back(static_cast<uint8_t>(i));
    }
    return lines;
}

std::vector<pinhole::Claim> with_held_lines(std::vector<pinhole::Claim> claims, const std::vector<uint8_t>& lines,
                                            const std::vector<pinhole::Claim>& before) {
    for (const pinhole::Claim& claim : before) {
        if (std::ranges::find(lines, claim.media) == lines.end()) continue;
        claims.push_back(claim);
        claims.back().is_held = true;
    }
    return claims;
}

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// Hold by an address that is none, c=0.0.0.0 or :: (RFC 3264 8.4, as RFC 2543 had it), of the inside: the description says
// no more where its media goes, but the port lives, and the session comes back to it. Hold closes nothing.
#pragma once

#include <vector>

#include "agent/pinhole/claim.hpp"
#include "agent/sdp/session.hpp"

namespace ringwall::dialog {

// The m-lines whose every address is 0.0.0.0 or ::. Not with ICE, where that is trickle (RFC 8840).
std::vector<uint8_t> held_without_address(const sdp::Session& session);

// The description's claims with those of the session before, held, for these lines.
std::vector<pinhole::Claim> with_held_lines(std::vector<pinhole::Claim> claims, const std::vector<uint8_t>& lines,
                                            const std::vector<pinhole::Claim>& before);

} // namespace ringwall::dialog

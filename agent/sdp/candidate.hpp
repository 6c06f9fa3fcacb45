// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

enum class CandidateRead : uint8_t { taken, named, unreadable };

// The value of a=candidate. One whose address is a name (mDNS .local, or any other) is ignored, as agents that cannot
// resolve it do, and so is one that cannot be read: another version's of ICE, an address with a zone, an extension (RFC
// 8839 5.1). That says nothing at all, not even that there is ICE.
CandidateRead candidate(std::string_view value, Candidate& out);

} // namespace ringwall::sdp

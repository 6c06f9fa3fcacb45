// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

enum class CandidateRead : uint8_t { taken, ignored, broken };

// The value of a=candidate (RFC 8839 5.1). A candidate whose address is a name (mDNS .local, or any other) is ignored,
// as agents that cannot resolve it do.
CandidateRead candidate(std::string_view value, Candidate& out);

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
// Trickle ICE (RFC 8838, 8840): candidates that the inside finds after its offer or answer has left, and sends in INFO.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::dialog {

// A fragment (RFC 8840 9) is the lines of a description from its attributes on: this puts before it what makes it one.
std::string description_of_fragment(std::string_view fragment);

// The candidates of a fragment, to the claims that have the same username fragment and component: with the same peers,
// payload types and limits, at another endpoint.
void join_candidates(std::vector<pinhole::Claim>& claims, const std::vector<pinhole::Claim>& candidates);

} // namespace ringwall::dialog

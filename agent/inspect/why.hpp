// SPDX-License-Identifier: Apache-2.0
// `ringwall why`: what would happen to a packet now, by the programs themselves (docs/adr/0027).
#pragma once

#include "agent/agent.hpp"
#include "agent/why/question.hpp"

namespace ringwall::inspect {

// Prints; an ExitCode. Needs root and a pinned wall, and no agent.
int why(const agent::Options& options, const ringwall::why::Asked& asked, bool as_json);

} // namespace ringwall::inspect

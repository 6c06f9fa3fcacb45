// SPDX-License-Identifier: Apache-2.0
// `ringwall doctor`: what is wrong with this wall and its machine, and what mends it.
#pragma once

#include "agent/agent.hpp"
#include "agent/inspect/checks.hpp"

namespace ringwall::inspect {

// Looks, and changes nothing. What only root may see is left out for others.
Patient examine(const agent::Options& options);
// Prints; exit_good where nothing is wrong, hints or not, exit_failed where something is.
int doctor(const agent::Options& options, bool as_json);

} // namespace ringwall::inspect

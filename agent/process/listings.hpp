// SPDX-License-Identifier: Apache-2.0
// All pinholes, all calls and all sources that are no strangers, as answers in pieces. Between two of them everything else has its turn: with a hundred
// thousand of them the whole takes a second or more, which no message of SIP shall wait. What comes or goes meanwhile
// may be in the list or not.
#pragma once

#include "agent/control/holes.hpp"
#include "agent/control/http.hpp"
#include "agent/now.hpp"
#include "agent/process/routes.hpp"

namespace ringwall::agent {

// In the order of their addresses and ports. `wall` outlives the answer.
control::Pieces pinholes(const Wall& wall, Now now);
// The oldest first.
control::Pieces calls(const Wall& wall, Now now);
// In the order of their addresses.
control::Pieces sources(const Wall& wall, Now now);

// What makes documents of this wall's pinholes and calls.
control::Holes holes_of(const Wall& wall, Now now);

} // namespace ringwall::agent

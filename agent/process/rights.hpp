// SPDX-License-Identifier: Apache-2.0
// Whether this root may do what an agent does. In a container or a unit root often is not what it is called, and what
// cannot be an agent must not attach a wall and leave it alone.
#pragma once

#include "maps/net/result.hpp"

namespace ringwall::agent {

// The error names what is missing, and who took it away.
Result<void> require_rights();

} // namespace ringwall::agent

// SPDX-License-Identifier: Apache-2.0
// Peers and zones are numbers in the kernel, by their place in the configuration: after a reload the same name may have
// another one, and the same number may be another's.
#pragma once

#include <array>
#include <cstdint>

#include "maps/abi/policy.h"
#include "policy/config.hpp"

namespace ringwall::policy {

// By each number of before, today's of that name (as a peer, or as a zone); 0 where there is none.
using Renumbering = std::array<uint8_t, ZONES>;

Renumbering renumbering(const Config& before, const Config& after);

} // namespace ringwall::policy

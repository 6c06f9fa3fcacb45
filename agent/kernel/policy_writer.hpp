// SPDX-License-Identifier: Apache-2.0
// Puts a compiled policy into the maps: the generation that is not in use is filled first, then one word makes it the
// one in use. On error the packets never notice.
#pragma once

#include "maps/net/result.hpp"
#include "policy/compile.hpp"

namespace ringwall::kernel {

struct PolicyMaps {
    int wall = -1, ports = -1, networks = -1, network_hints = -1, elsewhere = -1, zones = -1, rules = -1, active = -1;
};

Result<void> write_policy(const PolicyMaps& maps, const policy::Compiled& compiled);

} // namespace ringwall::kernel

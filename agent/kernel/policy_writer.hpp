// SPDX-License-Identifier: Apache-2.0
// Puts a compiled policy into the maps: the generation that is not in use is filled first, then one word makes it the
// one in use. On error the packets never notice.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "maps/net/result.hpp"
#include "policy/compile.hpp"

namespace ringwall::kernel {

// Their descriptors.
struct PolicyMaps {
    int wall = -1, ports = -1, networks = -1, network_hints = -1, elsewhere = -1, zones = -1, rules = -1,
        user_agents = -1, active = -1;

    // By what answers a map's name with its descriptor.
    template <class Open>
    static PolicyMaps of(const Open& map) {
        return {.wall = map("wall"),
                .ports = map("ports"),
                .networks = map("networks"),
                .network_hints = map("network_hints"),
                .elsewhere = map("elsewhere"),
                .zones = map("zones"),
                .rules = map("rules"),
                .user_agents = map("user_agents"),
                .active = map("active")};
    }
};

// What stands in `networks`, by generation, as far as this process has written it: to walk through a long list costs more
// than to write it.
struct Standing {
    std::array<std::optional<std::vector<Prefix>>, GENERATIONS> networks;
};

Result<void> write_policy(const PolicyMaps& maps, const policy::Compiled& compiled, Standing& standing);
// Of the policy in force only that element: nothing else may differ.
Result<void> write_wall(const PolicyMaps& maps, const struct wall& wall);
// Once: of maps that nobody writes again.
Result<void> write_policy(const PolicyMaps& maps, const policy::Compiled& compiled);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// What no single value shows: contradictions are mistakes, and what is allowed but hardly meant is a warning. Only for a
// configuration without mistakes so far. docs/configuration.md lists them.
#pragma once

#include <algorithm>
#include <vector>

#include "policy/findings.hpp"

namespace ringwall::policy {

void check(const Config& config, Findings& findings); // all of them

void check_parties(const Config& config, Findings& findings); // peers and zones that never match, or are cut off
void check_access(const Config& config, Findings& findings);  // entries of `allow` and `deny` that change nothing
void check_limits(const Config& config, Findings& findings);  // limits that telephones run into, or nobody does
void check_rules(const Config& config, Findings& findings);   // rules that open nothing, or too much

inline bool any_covers(const std::vector<Prefix>& networks, const Prefix& prefix) {
    return std::ranges::any_of(networks, [&](const Prefix& network) { return network.contains(prefix); });
}

// The widest entry that has everybody, or all of IPv4; null where there is none.
inline const Prefix* everybody_in(const std::vector<Prefix>& networks) {
    const Prefix* widest = nullptr;
    for (const Prefix& network : networks)
        if (network.contains(Prefix{IpAddress::v4(0), 96}) && (widest == nullptr || network.length < widest->length))
            widest = &network;
    return widest;
}

} // namespace ringwall::policy

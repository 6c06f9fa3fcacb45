// SPDX-License-Identifier: Apache-2.0
// Why an address is what it is to this policy: which rule, or which line of which file, decides.
#pragma once

#include <string>
#include <vector>

#include "policy/compile.hpp"

namespace ringwall::policy {

struct Explanation {
    std::string is;      // "protected", "allowed", "denied", "of peer provider", "of zone internet", "unknown"
    std::string because; // the statement that decides; empty where none does
    std::vector<std::string> said; // everything that is said of it, narrowest prefix first
};

// An allowed source is not denied; a denied one may be a peer's. Bans stand elsewhere: the agent makes them.
Explanation explain(const IpAddress& address, const View& policy);

} // namespace ringwall::policy

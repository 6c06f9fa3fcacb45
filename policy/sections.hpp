// SPDX-License-Identifier: Apache-2.0
// The parts of reading that have a file of their own.
#pragma once

#include "policy/document.hpp"

namespace ringwall::policy {

// parties.cpp: `peers`, then `zones` (whose default admission depends on whether there are peers).
void read_peers(const Value& peers, Config& config);
void read_zones(const Value& zones, Config& config);
std::vector<Prefix> read_networks(const Value& networks);

// rules.cpp: static rules. Their destinations are checked against `protect`, which must have been read.
void read_rules(const Value& rules, Config& config);
void check_rules(const Config& config, Findings& findings);

// check.cpp: what no single value shows. Only for a configuration without mistakes so far.
void check(const Config& config, Findings& findings);

// defaults.cpp: rates by name ("trunk", "phone"), and for what names none. Each per source.
std::optional<Limits> preset(std::string_view name);
const Limits& peer_limits();     // "trunk"
const Limits& stranger_limits(); // zones, and sources that no zone matches

} // namespace ringwall::policy

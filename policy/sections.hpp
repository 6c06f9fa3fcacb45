// SPDX-License-Identifier: Apache-2.0
// The parts of reading that have a file of their own.
#pragma once

#include "policy/value.hpp"

namespace ringwall::policy {

// parties.cpp: `peers`, then `zones` (whose default admission depends on whether there are peers).
void read_peers(const Value& peers, Config& config);
void read_zones(const Value& zones, Config& config);

// defence.cpp: what earns a source a ban.
Guessing default_guessing(const Config& config);
void read_guessing(const Value& value, Guessing& guessing);
std::vector<std::string> read_user_agents(const Value& value);
std::chrono::nanoseconds read_on_excess(const Value& value); // how long a ban is; 0: drop

// ceilings.cpp: how many calls there may be at once.
void read_ceiling(const Value& value, Ceiling& ceiling);
void read_ceilings(const Value& value, Ceilings& ceilings);

// read_network.cpp: a prefix. None where it was refused, as one that is written as IPv6 and has all of IPv4 in it.
std::optional<Prefix> read_network(const Value& item);

// access.cpp: who is let past the wall, and who is shut out.
void read_allow(const Value& allow, Config& config);
void read_deny(const Value& deny, Config& config);

// timers.cpp
void read_timers(const Value& value, Timers& timers);
// A duration within bounds that the schema's words name.
void read_duration(const Section& section, std::string_view key, std::chrono::nanoseconds least,
                   std::chrono::nanoseconds most, std::chrono::nanoseconds& into);

// rules.cpp: static rules. Their destinations are checked against `protect`, which must have been read.
void read_rules(const Value& rules, Config& config);

// defaults.cpp: rates by name ("trunk", "phone"), and for what names none. Each per source.
std::optional<Limits> preset(std::string_view name);
Limits office_of(uint32_t phones); // behind one address
const Limits& peer_limits();       // "trunk"
const Limits& stranger_limits();   // zones, and sources that no zone matches

} // namespace ringwall::policy

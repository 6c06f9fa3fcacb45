// SPDX-License-Identifier: Apache-2.0
// What the names of peers stood for last: kept beside the other maps of a wall, for the next agent.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

// One name: what name servers said last, and with whom the inside is registered under it, until when.
struct NamedParty {
    using TimePoint = std::chrono::steady_clock::time_point;
    std::vector<IpAddress> resolved;
    std::map<IpAddress, TimePoint> registrars;
    std::vector<IpAddress> addresses() const; // all it stands for
};
using NamedParties = std::map<std::string, NamedParty>;

// Nothing where there is no wall yet, or none that has remembered any.
NamedParties remembered_names(const std::string& pin_path);
// These and no others, from now on.
Result<void> remember_names(const std::string& pin_path, const NamedParties& names);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// What the names of peers stood for last: kept beside the other maps of a wall, for the next agent.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

using NamedAddresses = std::map<std::string, std::vector<IpAddress>>;

// Nothing where there is no wall yet, or none that has remembered any.
NamedAddresses remembered_names(const std::string& pin_path);
// These and no others, from now on.
Result<void> remember_names(const std::string& pin_path, const NamedAddresses& names);

} // namespace ringwall::kernel

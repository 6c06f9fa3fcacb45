// SPDX-License-Identifier: Apache-2.0
// Sources that are no strangers to the wall (maps/abi/party.h), as documents.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "agent/now.hpp"
#include "maps/abi/party.h"
#include "policy/compile.hpp"

namespace ringwall::control {

// Whose it is: an address's, at one port or at all, or an IPv6 /64's.
Prefix network_of(const struct known_key& key, const struct known& known);

// {"source":"198.51.100.7:5060","peer":"provider","known_as":["party","registered"],
//  "sentence":"in a call; registered here, from exactly this port","excess":0,"expires_in":598.2}
// `source` without a port: whatever its port. Nothing for one that is over.
std::optional<boost::json::object> source(const struct known_key& key, const struct known& known,
                                          const policy::View& policy, Now now);

} // namespace ringwall::control

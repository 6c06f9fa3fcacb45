// SPDX-License-Identifier: Apache-2.0
// Whom a name stands for beside what name servers say: registrars that the inside is registered with under it, until
// when.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "agent/names/book.hpp"
#include "maps/net/address.hpp"

namespace ringwall::names {

using Registrars = std::map<IpAddress, Time>;
constexpr std::chrono::hours longest_registration{24};

// A binding there lasts so long; the registrar stays ten minutes more, as an address does that no answer names any more.
// False where there is no room for one more (REGISTRARS_PER_NAME).
bool join(Registrars& registrars, const IpAddress& registrar, std::chrono::seconds lasts, Time now);
// Those whose time is over.
std::vector<IpAddress> leave(Registrars& registrars, Time now);

} // namespace ringwall::names

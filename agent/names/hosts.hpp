// SPDX-License-Identifier: Apache-2.0
// Which addresses a name can stand for: those that a host elsewhere may have, whatever its name servers say.
#pragma once

#include "maps/net/address.hpp"

namespace ringwall::names {

// Not of this network (RFC 1122 3.2.1.3), the loopback, multicast and broadcast.
bool is_of_a_host(const IpAddress& address);

} // namespace ringwall::names

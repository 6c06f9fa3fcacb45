// SPDX-License-Identifier: Apache-2.0
// The Unix socket that the commands talk to, and the TCP socket that Prometheus scrapes. The parent makes them and keeps
// them over a worker's death, so that who asks waits a moment instead of failing.
#pragma once

#include <string>

#include "agent/fd.hpp"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

// Mode 0660, group `ringwall` where that exists. A socket on which nobody answers is replaced; one on which somebody
// does is an error.
Result<Fd> listen_on(const std::string& path);

// Also where the address is not there yet.
Result<Fd> listen_on(const Endpoint& endpoint);

} // namespace ringwall::agent

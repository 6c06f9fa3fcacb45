// SPDX-License-Identifier: Apache-2.0
// The Unix socket that the commands talk to. The parent makes it and keeps it over a worker's death, so that a command
// waits a moment instead of failing.
#pragma once

#include <string>

#include "agent/fd.hpp"
#include "maps/net/result.hpp"

namespace ringwall::agent {

// Mode 0660, group `ringwall` where that exists. A socket on which nobody answers is replaced; one on which somebody
// does is an error.
Result<Fd> listen_on(const std::string& path);

} // namespace ringwall::agent

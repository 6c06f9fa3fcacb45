// SPDX-License-Identifier: Apache-2.0
// The log as the configuration wants it, in whichever process.
#pragma once

#include <array>
#include <cstdint>

#include "policy/config.hpp"

namespace ringwall::agent {

// `secret` is the wall's pinned one (struct meta): with `privacy: hash` a user has the same hash for as long as the wall
// stands, whatever becomes of the agent, and another one after a detach or a reboot.
void configure_log(const policy::Log& settings, const std::array<uint64_t, 2>& secret);

} // namespace ringwall::agent

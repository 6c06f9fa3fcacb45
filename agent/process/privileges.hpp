// SPDX-License-Identifier: Apache-2.0
// How the worker gives everything away before it reads the first byte of an attacker's; and what the parent takes first.
#pragma once

#include <sys/types.h>

#include <vector>

#include "maps/net/result.hpp"

namespace ringwall::agent {

// User `ringwall` where that exists, else nobody; no groups, no capabilities, NO_NEW_PRIVS, killed with `parent`. Map
// descriptors opened before go on working (Linux 5.19 and later, measured on 6.1).
Result<void> drop_privileges(pid_t parent);

// As many descriptors as the hard limit allows: an interface takes two or three, and the usual soft limit of 1,024 is there
// for select(), which nobody here calls.
void raise_descriptor_limit();

// Closes every descriptor but standard input to error and those given; -1 is none.
void close_all_but(std::vector<int> kept);

} // namespace ringwall::agent

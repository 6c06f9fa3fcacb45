// SPDX-License-Identifier: Apache-2.0
// What the worker shuts itself into before it reads the first byte of an attacker's: no rights, and no system calls but
// those that it lives on.
#pragma once

#include <sys/types.h>

#include "maps/net/result.hpp"

namespace ringwall::agent {

// drop_privileges(), and then a seccomp filter under which nothing new can be had: no file, no socket, no process, no
// program, no map, no executable memory. What is open stays usable. A refused call fails with EPERM; nobody is killed,
// for a library's harmless question must not end the following of calls.
Result<void> enter_sandbox(pid_t parent);

} // namespace ringwall::agent

// SPDX-License-Identifier: Apache-2.0
// Whose sockets these are: the links below /proc/PID/fd (proc_pid_fd(5)), as far as they can be read. Who is not root, or
// in a container of its own processes, sees none but its own.
#pragma once

#include "agent/inspect/sockets.hpp"

namespace ringwall::inspect {

void find_owners(std::vector<Listener>& listeners);

} // namespace ringwall::inspect

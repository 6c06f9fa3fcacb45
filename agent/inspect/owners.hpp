// SPDX-License-Identifier: Apache-2.0
// Whose sockets these are: the links below /proc/PID/fd (proc_pid_fd(5)), as far as they can be read. Who is not root, or
// in a container of its own processes, sees none but its own. A socket of the kernel's own (WireGuard, VXLAN, NFS) has an
// inode as any other, and no process.
#pragma once

#include "agent/inspect/sockets.hpp"

namespace ringwall::inspect {

// Whether every process of this machine could be looked at.
bool find_owners(std::vector<Listener>& listeners);

} // namespace ringwall::inspect

// SPDX-License-Identifier: Apache-2.0
// The process without privileges: reads the mirrored SIP, thinks (ringwall::Core), changes the maps, answers commands.
#pragma once

#include <sys/types.h>

#include "agent/kernel/maps.hpp"

namespace ringwall::agent {

struct WorkerInheritance {
    pid_t parent;
    int socket;    // to the parent
    int listening; // the control socket
    int scraped;   // by Prometheus, over TCP; -1: not
    int lock;      // of the pins: kept open, so that the next agent waits for this worker's end too
    kernel::MapPaths maps;
};

// In the child of a fork, before any thread. Returns its exit code; never throws.
int run_worker(const WorkerInheritance& inherited) noexcept;

} // namespace ringwall::agent

// SPDX-License-Identifier: Apache-2.0
// Whether the processes that we can see are all of this machine's, or those of a container.
#pragma once

#include <sys/stat.h>

namespace ringwall::kernel {

inline bool is_in_first_pid_namespace() {
    constexpr ino_t first = 0xEFFFFFFC; // PROC_PID_INIT_INO, linux/proc_ns.h
    struct stat ours{};
    return stat("/proc/self/ns/pid", &ours) == 0 && ours.st_ino == first;
}

} // namespace ringwall::kernel

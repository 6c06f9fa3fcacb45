// SPDX-License-Identifier: Apache-2.0
// The kernel's clocks that <chrono> has no name for.
#pragma once

#include <chrono>
#include <ctime>

namespace ringwall {

inline std::chrono::nanoseconds read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace ringwall

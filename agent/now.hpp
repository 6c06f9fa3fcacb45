// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace ringwall {

// std::chrono::steady_clock is CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(); realtime only labels calls for people.
struct Now {
    std::chrono::steady_clock::time_point monotonic;
    int64_t realtime_s = 0;
};

} // namespace ringwall

// SPDX-License-Identifier: Apache-2.0
// A bar on standard error while a capture is replayed; nothing where that is no terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace ringwall::replay {

class Progress {
public:
    // `size` of the file; 0 where it is not known (a pipe).
    explicit Progress(uint64_t size);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress(); // wipes the bar

    void show(uint64_t offset, uint64_t packets); // for every packet: draws ten times a second

private:
    void draw(uint64_t offset, uint64_t packets, std::chrono::steady_clock::time_point now);
    bool is_shown_;
    bool is_drawn_ = false;
    uint64_t size_;
    std::chrono::steady_clock::time_point began_, drawn_;
};

} // namespace ringwall::replay

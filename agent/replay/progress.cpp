// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "agent/cli/words.hpp"

namespace ringwall::replay {
namespace {

using namespace std::chrono_literals;
constexpr uint64_t look_every = 1024; // packets
constexpr size_t width = 30;
constexpr const char* wipe = "\r\x1b[K"; // to the line's begin, and clear it

} // namespace

Progress::Progress(uint64_t size)
    : is_shown_(isatty(STDERR_FILENO) == 1), size_(size), began_(std::chrono::steady_clock::now()), drawn_(began_) {}

Progress::~Progress() {
    if (is_drawn_) std::fputs(wipe, stderr);
}

void Progress::show(uint64_t offset, uint64_t packets) {
    if (!is_shown_ || packets % look_every != 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ >= 100ms) draw(offset, packets, now);
}

void Progress::draw(uint64_t offset, uint64_t packets, std::chrono::steady_clock::time_point now) {
    drawn_ = now;
    is_drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    std::string line = wipe;
    if (size_ > 0) {
        const size_t done = static_cast<size_t>(std::min(offset, size_) * width / size_);
        line += "[" + std::string(done, '#') + std::string(width - done, ' ') + "] " +
                std::to_string(std::min(offset, size_) * 100 / size_) + " %  ";
    }
    line += cli::counted(packets, "packet") + ", " +
            cli::grouped(static_cast<uint64_t>(static_cast<double>(packets) / seconds)) + " a second";
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

} // namespace ringwall::replay

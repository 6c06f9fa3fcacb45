// SPDX-License-Identifier: Apache-2.0
// `ringwall replay`: every packet of a capture through the real programs and the real core, in the capture's own time.
// Attaches nothing, pins nothing, and touches no running wall.
#pragma once

#include <chrono>
#include <string>

namespace ringwall::replay {

struct Options {
    std::string capture;  // "-": standard input
    std::string verdicts; // "": none; "-": standard output, and the summary goes to standard error
    std::string calls;    // likewise
    std::chrono::nanoseconds agent_delay = std::chrono::microseconds(200);
    bool json = false; // the summary
};

// Peers by name are whom the wall at `pin_path` knows by it. The process's exit code (agent::ExitCode).
int replay(const std::string& config, const std::string& pin_path, const Options& options);

} // namespace ringwall::replay

// SPDX-License-Identifier: Apache-2.0
// One line of `--verdicts`: a JSON object a packet, in the order of the capture.
#pragma once

#include <optional>
#include <string>

#include "agent/capture/flow.hpp"

namespace ringwall::replay {

struct VerdictLine {
    uint64_t number = 0; // from 1: the frame's number in Wireshark
    uint64_t time_ns = 0;
    bool is_outbound = false;
    bool is_by_address = false;        // the capture does not say the direction
    std::optional<capture::Flow> flow; // none: not IP, or its addresses cannot be read
    bool passes = true;
    uint32_t reason = 0;
};

// Appends it, with a newline. What has no addresses has "::", what has no ports 0.
void append(std::string& to, const VerdictLine& line);

} // namespace ringwall::replay

// SPDX-License-Identifier: Apache-2.0
// What the worker must know of a policy that the parent has put into force: it compiles the same text with the same
// facts, so that core and kernel answer alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/control/report.hpp"
#include "maps/net/address.hpp"

namespace ringwall::agent {

struct Briefing {
    std::string config_path;
    std::string config;          // the text
    std::vector<IpAddress> self; // policy::Facts
    std::vector<control::Interface> interfaces;
    int64_t loaded_s = 0; // CLOCK_REALTIME
};

std::string encode(const Briefing& briefing);
Result<Briefing> decode_briefing(std::string_view body);

} // namespace ringwall::agent

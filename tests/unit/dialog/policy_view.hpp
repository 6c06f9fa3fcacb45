// SPDX-License-Identifier: Apache-2.0
// A policy as the tests of this room want it: inside 192.0.2.0/24, media ports 10000-50000, and `more` lines of YAML.
#pragma once

#include <stdexcept>
#include <string>

#include "policy/compile.hpp"

namespace ringwall::dialog {

inline policy::View policy_view(const std::string& more = "") {
    const auto config = policy::read(R"(
version: 1
mode: enforce
outside: [eth0]
protect: { networks: [192.0.2.0/24], media_ports: 10000-50000 }
sip: { udp: [5060] }
)" + more);
    if (!config) throw std::logic_error(to_string(config.error().front(), "policy"));
    return policy::View(*config, policy::Facts{});
}

} // namespace ringwall::dialog

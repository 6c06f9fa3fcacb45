// SPDX-License-Identifier: Apache-2.0
// What is worth a line in the log, as values: the core has some to say, and knows no log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/config.hpp"

namespace ringwall {

using Level = policy::LogLevel;

// What a program that reads the log asks for by name. Names are lower case with underscores, and few:
// docs/reference.md lists them.
struct Field {
    std::string_view name; // "call_id"
    std::string value;
};
using Fields = std::vector<Field>;

} // namespace ringwall

// SPDX-License-Identifier: Apache-2.0
// What fills a table, and what the kernel is told of it.
#pragma once

#include <string>
#include <vector>

#include "agent/pinhole/map_value.hpp"

namespace ringwall::dialog {

inline constexpr TimePoint now{std::chrono::hours(10)};

inline IpAddress numbered(uint32_t number) {
    return *IpAddress::parse("10." + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) + "." +
                             std::to_string(number & 255));
}

template <class Table>
std::vector<struct operation> taken_from(Table& table) {
    pinhole::MapOps ops;
    table.take_operations(ops);
    return ops.operations;
}
size_t operations_of(auto& table) { return taken_from(table).size(); }

} // namespace ringwall::dialog

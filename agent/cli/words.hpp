// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people say them, and members of a document that may be older or newer than we are.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringwall::cli {

std::string duration(double seconds);                            // "0.4 s", "12 s", "3 min", "2 h 5 min", "4 d 1 h"
std::string clock_time(int64_t epoch_s);                         // local: "2026-11-21 01:29:00"; "-" for 0
std::string time_of_day(double epoch_s);                         // local, with milliseconds: "01:29:00.017"
std::string grouped(uint64_t number);                            // "1 234 567"
std::string counted(uint64_t number, std::string_view singular); // "1 call", "2 calls"

// Where the member is missing or of another type: "", 0, an empty list.
std::string text(const boost::json::value& object, std::string_view key);
uint64_t number(const boost::json::value& object, std::string_view key);
double real(const boost::json::value& object, std::string_view key);
const boost::json::array& list(const boost::json::value& object, std::string_view key);

} // namespace ringwall::cli

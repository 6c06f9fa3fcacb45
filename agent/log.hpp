// SPDX-License-Identifier: Apache-2.0
// One line an event, on standard error: time, level, event, text. What outsiders can put into a line (a Call-ID, a
// User-Agent) is escaped here, so that nobody writes into the operator's terminal.
#pragma once

#include <string>
#include <string_view>

namespace ringwall::log {

void start(std::string_view process); // "parent" or "worker", in every line
void debug(std::string_view event, std::string_view text);
void info(std::string_view event, std::string_view text);
void warn(std::string_view event, std::string_view text);
void error(std::string_view event, std::string_view text);

// Control characters, DEL and backslash as \xNN; everything else, UTF-8 included, as it stands.
std::string escaped(std::string_view text);

} // namespace ringwall::log

// SPDX-License-Identifier: Apache-2.0
// One event in the words of each format, without the time: pure, so that the tests see every byte.
#pragma once

#include <string>
#include <string_view>

#include "agent/event.hpp"

namespace ringwall::log {

struct Line {
    Level level = Level::info;
    std::string_view process, id, text;
    const Fields& fields;
};

// "ban: 203.0.113.9 is banned for 60 min: …", then ` name=value` of each field that the sentence does not hold.
std::string as_text(const Line& line);
// `"event":"ban","text":"…","source":"203.0.113.9"`: members, without braces.
std::string as_json(const Line& line);
// journald's native protocol (systemd, "Native Journal Protocol"): MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, RINGWALL_EVENT,
// RINGWALL_PROCESS, and RINGWALL_SOURCE of a field `source`.
std::string as_journal(const Line& line);

// Control characters (of ISO 6429 too), bytes that are no UTF-8, DEL and backslash as \xNN; all else as it stands.
std::string escaped(std::string_view text);

} // namespace ringwall::log

// SPDX-License-Identifier: Apache-2.0
// Text that others chose, on its way to people and into JSON: a Call-ID is whatever bytes a stranger liked.
#pragma once

#include <string>
#include <string_view>

namespace ringwall {

// Length of the character of UTF-8 (RFC 3629) that `bytes` (one at least) begin with, 0 where they begin with none.
size_t utf8_character_length(std::string_view bytes);

// Of one character: C0, DEL or C1 (ISO 6429): it could move a cursor or retitle a window.
bool is_control(std::string_view character);

// Valid UTF-8: each byte that belongs to none becomes U+FFFD. JSON takes nothing else (RFC 8259 8.1).
std::string to_utf8(std::string_view bytes);

// For a terminal: control characters become '?'.
std::string printable(std::string_view utf8);

} // namespace ringwall

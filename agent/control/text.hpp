// SPDX-License-Identifier: Apache-2.0
// Text from the wire on its way to people: a Call-ID is whatever bytes a stranger chose.
#pragma once

#include <string>
#include <string_view>

namespace ringwall::control {

// Bytes up to the first NUL.
template <size_t N>
std::string_view until_nul(const char (&bytes)[N]) {
    const std::string_view all(bytes, N);
    return all.substr(0, all.find('\0'));
}

// Valid UTF-8 (RFC 3629): each byte that belongs to none becomes U+FFFD. JSON takes nothing else (RFC 8259 8.1).
std::string to_utf8(std::string_view bytes);

// For a terminal: control characters, C1 ones included, become '?'; they could move the cursor or retitle the window.
std::string printable(std::string_view utf8);

} // namespace ringwall::control

// SPDX-License-Identifier: Apache-2.0
// Text from the wire and from maps on its way to people.
#pragma once

#include <string_view>

#include "maps/utf8.hpp"

namespace ringwall::control {

using ringwall::printable;
using ringwall::to_utf8;

// Bytes up to the first NUL.
template <size_t N>
std::string_view until_nul(const char (&bytes)[N]) {
    const std::string_view all(bytes, N);
    return all.substr(0, all.find('\0'));
}

} // namespace ringwall::control

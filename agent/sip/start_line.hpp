// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sip/message.hpp"

namespace ringwall::sip {

// Request-Line or Status-Line (RFC 3261 7.1, 7.2), without its line end. A response's method stays `other`: only its
// CSeq knows.
Result<void, Defect> start_line(std::string_view line, Message& out);

// Whether a line says of itself that it begins a message of SIP/2.0, however wrong the rest of it may be.
bool has_sip_version(std::string_view line);

// Whether bytes that do not reach a line end may yet become a start line.
bool may_become_start_line(std::string_view bytes);

} // namespace ringwall::sip

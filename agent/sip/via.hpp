// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/sip/lexer.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {

// One via-parm of a Via header (RFC 3261 20.42); leaves the cursor at its COMMA or the end.
bool via(Cursor& cursor, Via& out);

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/sip/lexer.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {

// name-addr or addr-spec with its header parameters (RFC 3261 20.10); leaves the cursor at a COMMA or the end.
bool name_address(Cursor& cursor, NameAddress& out);

}  // namespace ringwall::sip

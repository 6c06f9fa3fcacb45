// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/sip/lexer.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {

// name-addr or addr-spec with its header parameters (RFC 3261 20.10); leaves the cursor at a COMMA or the end.
// Contact names where requests go, so its sip URI must be whole.
bool contact(Cursor& cursor, NameAddress& out);

// From and To name people, and dialogs know them by tag alone (12): a sip URI that cannot be taken apart there
// ("<sip:alice@:5060>", as test tools send) is no error.
bool party(Cursor& cursor, Party& out);

} // namespace ringwall::sip

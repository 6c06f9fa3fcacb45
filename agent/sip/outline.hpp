// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/sip/message.hpp"

namespace ringwall::sip {

// Of what parse() refuses: method, Call-ID, Contact, Content-Type and body, as far as they can be found. A proxy may
// mend the rest or take it away before it hands a message on: the top Via of a response, the Request-URI, a Route,
// Max-Forwards, the length. For remembering what an outsider may have said; nothing opens by it. False without a Call-ID.
bool outline(std::string_view datagram, Message& message);

} // namespace ringwall::sip

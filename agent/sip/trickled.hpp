// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/sip/message.hpp"

namespace ringwall::sip {

// As find_sdp(), of application/trickle-ice-sdpfrag (RFC 8840 9): ICE candidates that come after the description.
Result<std::optional<std::string_view>, ParseError> find_trickled(const Message& message);

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
// STUN Binding (RFC 8489) as far as a wall reads it: who asks where it is seen from outside, and what it is told.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "maps/net/address.hpp"

namespace ringwall::sip {

using StunTransaction = std::array<char, 12>; // the 96 bits behind the magic cookie

struct StunBinding {
    bool is_answer = false; // a success response, else a request
    StunTransaction transaction{};
    bool is_check = false;          // has a USERNAME: to the other party of a call, not to a server (RFC 8445 7.2.2)
    std::optional<Endpoint> mapped; // of an answer: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS
};

// A whole STUN message, by its header: two zero bits, a length that is the datagram's, the magic cookie (RFC 8489 5).
bool is_stun(std::string_view datagram);

// Nothing where it is another STUN message or none, or its attributes do not fit it.
std::optional<StunBinding> stun_binding(std::string_view datagram);

} // namespace ringwall::sip

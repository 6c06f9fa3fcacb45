// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "agent/sdp/fields.hpp"
#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

// nettype SP addrtype SP connection-address (RFC 8866 5.7), as c= and a=rtcp have it. nullopt: no such address, or one
// of another family than it says. An address of a network other than the internet is a name to us: never resolved.
std::optional<Connection> connection(Fields& fields);

// Characters of a domain name whose last label is no number.
bool is_host_name(std::string_view text);

} // namespace ringwall::sdp

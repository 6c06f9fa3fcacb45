// SPDX-License-Identifier: Apache-2.0
// Parameters of a challenge (WWW-Authenticate, Proxy-Authenticate) or of credentials (Authorization,
// Proxy-Authorization): RFC 3261 25.1, RFC 8760.
#pragma once

#include <optional>
#include <string_view>

namespace ringwall::sip {

// auth-scheme LWS auth-param *(COMMA auth-param): the value of the first parameter of that name, its quotes taken off.
// `name` in lower case. Nothing where it is absent, or where the value breaks before it.
std::optional<std::string_view> authentication_parameter(std::string_view value, std::string_view name);

} // namespace ringwall::sip

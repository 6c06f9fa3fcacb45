// SPDX-License-Identifier: Apache-2.0
// hostport, sent-by and sip: URIs (RFC 3261 19.1.1 and 25.1).
#pragma once

#include <string_view>

#include "agent/sip/lexer.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::sip {

// host = hostname / IPv4address / IPv6reference
bool host(Cursor& cursor, HostPort& out);

// hostport = host [":" port]
bool host_port(Cursor& cursor, HostPort& out);

// Of a URI of any scheme; empty where it is none.
std::string_view scheme_of(std::string_view uri);

// The same: sets uri and scheme.
bool absolute_uri(std::string_view text, NameAddress& out);

// What only sip and sips have, from out.uri: hostport, behind a user or none.
bool is_sip(std::string_view scheme);
bool sip_uri(NameAddress& out);

// transport-param = "transport=" token (RFC 3261 19.1.1); empty where a URI has none.
std::string_view transport_of(const NameAddress& name);
// maddr-param: the request goes there, and not to the host (RFC 3263 4).
bool has_maddr(const NameAddress& name);

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
// The same call in the other family: every IPv4 address of a script, a message or a policy becomes an IPv6 one of the
// same standing (inside, declared peer, stranger, unroutable), so that each script runs twice.
#pragma once

#include <string>

#include "maps/net/address.hpp"

namespace ringwall::test {

IpAddress as_ipv6(const IpAddress& address);

// Of SIP with its SDP: brackets in the headers, IP6 in the body, Content-Length of the new body.
std::string message_as_ipv6(const std::string& message);
// "198.51.100.7, 10.0.0.0/8, any": of addresses and prefixes in a policy.
std::string networks_as_ipv6(const std::string& networks);

} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// What an m-line says, whichever side wrote it: its transport, its ports, whether it holds. What follows for a pinhole
// is for offer.cpp (our side) and description.cpp (theirs).
#pragma once

#include "agent/sdp/session.hpp"
#include "maps/net/address.hpp"

namespace ringwall::dialog {

inline constexpr unsigned most_pairs =
    8;                            // of m=… port/n: a packet that names thousands would cost us, and open too much
inline constexpr Port discard{9}; // "no port yet": trickle ICE (RFC 8840) and active TCP (RFC 4145)

bool is_tcp_media(const sdp::Media& media);

// Held by its direction or by 0.0.0.0 (RFC 3264 8.4); with ICE an unspecified address is trickle, not hold.
bool is_hold(const sdp::Media& media);

Port port_after(Port port, unsigned steps);

// Of the i-th pair of m=… port/n (RFC 8866 5.14): false where it would pass 65535.
bool is_valid_pair(const sdp::Media& media, unsigned i);

// RTCP of that pair, of media at `address`: the next port, or what a=rtcp says of the first (RFC 3605).
Endpoint rtcp_of(const sdp::Media& media, const IpAddress& address, unsigned i);

} // namespace ringwall::dialog

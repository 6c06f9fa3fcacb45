// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/media_line.hpp"

#include <algorithm>

namespace ringwall::dialog {

bool is_tcp_media(const sdp::Media& media) { return media.transport == sdp::Transport::tcp; }

bool is_hold(const sdp::Media& media) {
    const bool has_zero_address = std::ranges::any_of(
        media.connections(), [](const sdp::Connection& c) { return !c.is_name && c.address.is_unspecified(); });
    return media.direction != sdp::Direction::sendrecv || (has_zero_address && !media.is_ice);
}

Port port_after(Port port, unsigned steps) { return Port{static_cast<uint16_t>(port.value + steps)}; }

bool is_valid_pair(const sdp::Media& media, unsigned i) { return media.port.value + 2U * i + 1U <= 65535U; }

Endpoint rtcp_of(const sdp::Media& media, const IpAddress& address, unsigned i) {
    if (media.rtcp && i == 0)
        return {media.rtcp_has_address ? media.rtcp->address : address, media.rtcp->port}; // RFC 3605
    return {address, port_after(media.port, 2 * i + 1)};
}

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// What a datagram on a media port carries, as far as its first bytes say: RTP, RTCP, or something else (STUN, DTLS, ZRTP,
// UDPTL). RFC 7983 tells RTP and RTCP from the rest, RFC 5761 section 4 the one from the other.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::replay {

struct Content {
    enum class Kind : uint8_t { rtp, rtcp, other, nothing };
    Kind kind = Kind::nothing;
    uint8_t payload_type = 0; // of RTP

    static Content of(std::string_view payload);
    bool operator==(const Content&) const = default;
};

} // namespace ringwall::replay

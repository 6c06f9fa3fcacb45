// SPDX-License-Identifier: Apache-2.0
// One mirrored TCP segment (RFC 9293 3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringwall::transport {

struct Segment {
    uint32_t sequence = 0; // of the first byte, behind the SYN where it has one
    std::string_view bytes;
    uint32_t length = 0; // on the wire: more than `bytes` where a record was lost
    std::optional<uint32_t> acknowledgement = {};
    bool syn = false, fin = false, rst = false;
    uint64_t time_ns = 0;
};

// How far `b` is behind `a`, in a space that wraps.
inline int64_t distance(uint32_t a, uint32_t b) { return static_cast<int32_t>(b - a); }

} // namespace ringwall::transport

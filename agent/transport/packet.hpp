// SPDX-License-Identifier: Apache-2.0
// One mirrored packet, its records joined: what transport reads.
#pragma once

#include <functional>
#include <string_view>

#include "maps/abi/record.h"
#include "maps/net/address.hpp"

namespace ringwall::transport {

// Which ring it came through. Each has room of its own, so that no flood of strangers can take that of calls.
enum class Standing : uint8_t { inside, known, stranger };
inline constexpr size_t standings = 3;

struct Packet {
    struct mirror_record head{}; // of its first record
    std::string_view bytes;      // fewer than head.length where a record was lost
    Standing standing = Standing::stranger;
};

// Of a packet that the inside sent: does it go to a party that the programs take for a stranger?
using IsToStranger = std::function<bool(const Packet&)>;

inline bool is_whole(const Packet& packet) { return packet.bytes.size() == packet.head.length; }
inline bool is_outbound(const Packet& packet) { return (packet.head.flags & RECORD_OUTBOUND) != 0; }

} // namespace ringwall::transport

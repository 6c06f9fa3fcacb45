// SPDX-License-Identifier: Apache-2.0
// The messages of one call as frames: INVITE, 100, 180, 200, ACK, BYE, 200. Every other call comes from outside.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace ringwall::bench {

struct Crossing {
    bool is_outbound;
    std::string frame; // Ethernet, IPv4, UDP
};

inline constexpr size_t messages_until_ack = 5;
// Calls 20,000 apart have the same media port, 500,000 apart the same address too.
std::array<Crossing, 7> call(uint32_t number);

} // namespace ringwall::bench

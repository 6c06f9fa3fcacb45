// SPDX-License-Identifier: Apache-2.0
// What transport hands to the core: whole datagrams, and what it counted on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "maps/net/address.hpp"

namespace ringwall {

// One whole datagram as the wall saw it, or one whole message of a TCP stream.
struct Datagram {
    bool outbound = false; // left the protected side
    bool is_whole = true;  // false: a record lost its rest; opens nothing
    Endpoint source, destination;
    Protocol protocol = Protocol::udp;
    std::string_view payload;
};

// `time_ns` is CLOCK_MONOTONIC at the hook. The payload lives as long as the call.
using OnDatagram = std::function<void(const Datagram&, uint64_t time_ns)>;

// Names are the labels (docs/reference.md lists them).
struct CoreCounter {
    std::string_view label;
    uint64_t count = 0;
};

} // namespace ringwall

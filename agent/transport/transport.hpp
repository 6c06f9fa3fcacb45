// SPDX-License-Identifier: Apache-2.0
// From mirrored packets to what the core reads: UDP datagrams, those of IP fragments put together, and the messages of
// TCP streams. It stands behind the order of times (agent/kernel/time_order.hpp): a message is as late as the packet
// that completed it.
//
// What is missing, contradicts itself or found no room is never delivered as if it were whole.
#pragma once

#include "agent/transport/fragments.hpp"
#include "agent/transport/streams.hpp"

namespace ringwall::transport {

class Transport {
public:
    // `secret` is the pinned one (struct meta).
    Transport(const std::array<uint64_t, 2>& secret, OnDatagram on_datagram, IsToStranger is_to_stranger);

    void on_packet(const Packet& packet);
    // Call now and then; every 100 ms is often enough. It may deliver messages: those behind a gap given up.
    void tick(uint64_t now_ns);
    std::vector<CoreCounter> counters() const;

private:
    OnDatagram on_datagram_;
    Fragments fragments_;
    Streams streams_;
};

} // namespace ringwall::transport

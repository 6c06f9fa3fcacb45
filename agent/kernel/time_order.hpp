// SPDX-License-Identifier: Apache-2.0
// Packets from several rings, handed on by the time at which the wall saw them.
#pragma once

#include <string>
#include <vector>

#include "agent/kernel/reassembly.hpp"

namespace ringwall::kernel {

class TimeOrder {
public:
    explicit TimeOrder(OnPacket on_packet) : on_packet_(std::move(on_packet)) {}

    void hold(const transport::Packet& packet);
    // Hands on what is no later than `until_ns`, oldest first; equal times in the order they were held. What is later
    // waits. Should on_packet throw, the rest of this round is lost, as it is when the process ends by it.
    void release(uint64_t until_ns);
    bool empty() const { return held_.empty(); }

private:
    struct Held {
        transport::Packet packet; // its bytes are a view to be set on release
        std::string bytes;
    };
    void hand_on(Held& held);

    OnPacket on_packet_;
    std::vector<Held> held_;
    // Kept for their memory: what release() is at, the places in it in order, and strings that hold nothing any more.
    std::vector<Held> released_;
    std::vector<size_t> order_;
    std::vector<std::string> spare_;
};

} // namespace ringwall::kernel

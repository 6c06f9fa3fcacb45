// SPDX-License-Identifier: Apache-2.0
// Packets from several rings, handed on by the time at which the wall saw them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/kernel/reassembly.hpp"

namespace ringwall::kernel {

// Is the outside party of a packet that the inside sent one whose own packets come through the strangers' ring?
using IsStrangers = std::function<bool(const transport::Packet&)>;

class TimeOrder {
public:
    // Until when all that there was has been held; no earlier for the rest than for strangers. In ns, of the programs' clock.
    struct Until {
        uint64_t all, strangers;
    };

    TimeOrder(OnPacket on_packet, IsStrangers is_strangers)
        : on_packet_(std::move(on_packet)), is_strangers_(std::move(is_strangers)) {}

    void hold(const transport::Packet& packet);
    // Hands on what is no later than that, oldest first; equal times in the order they were held. What is later waits.
    // Of strangers is what they send, and what the inside sends them: an answer must not overtake what it answers, and
    // nobody else waits for them. Should on_packet throw, the rest of this round is lost, as it is when the process ends
    // by it.
    void release(Until until);
    bool empty() const { return held_.empty(); }

private:
    struct Held {
        transport::Packet packet; // its bytes are a view to be set on release
        std::string bytes;
    };
    bool waits(const transport::Packet& packet, Until until) const;
    void hand_on(Held& held);

    OnPacket on_packet_;
    IsStrangers is_strangers_;
    std::vector<Held> held_;
    // Kept for their memory: what release() is at, the places in it in order, and strings that hold nothing any more.
    std::vector<Held> released_;
    std::vector<size_t> order_;
    std::vector<std::string> spare_;
};

} // namespace ringwall::kernel

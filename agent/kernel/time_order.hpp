// SPDX-License-Identifier: Apache-2.0
// Datagrams from several rings, handed on by the time at which the wall saw them.
#pragma once

#include <string>
#include <vector>

#include "agent/kernel/reassembly.hpp"

namespace ringwall::kernel {

class TimeOrder {
public:
    explicit TimeOrder(OnDatagram on_datagram) : on_datagram_(std::move(on_datagram)) {}

    void hold(const Datagram& datagram, uint64_t time_ns);
    // Hands on what is no later than `until_ns`, oldest first; equal times in the order they were held. What is later
    // waits. Should on_datagram throw, the rest of this round is lost, as it is when the process ends by it.
    void release(uint64_t until_ns);
    bool empty() const { return held_.empty(); }

private:
    struct Held {
        uint64_t time_ns;
        Datagram datagram; // its payload is a view to be set on release
        std::string payload;
    };
    OnDatagram on_datagram_;
    std::vector<Held> held_;
};

} // namespace ringwall::kernel

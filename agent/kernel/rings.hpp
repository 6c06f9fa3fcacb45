// SPDX-License-Identifier: Apache-2.0
// The three ring buffers, read inside, then known, then a few of strangers, so that no flood stands before a call, and
// handed on in the order of their times: an answer must not overtake its INVITE because it came through another ring, or
// because more strangers stand before the INVITE than one round reads.
// One libbpf object a ring: one over all three would drain the flood for ever (libbpf 1.1).
#pragma once

#include <exception>
#include <memory>

#include "agent/fd.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/kernel/reassembly.hpp"
#include "agent/kernel/time_order.hpp"
#include "maps/net/result.hpp"

struct ring_buffer;

namespace ringwall::kernel {

class Rings {
public:
    // `on_packet` may throw; drain() then does.
    static Result<std::unique_ptr<Rings>> open(const MapSource& source, OnPacket on_packet, IsStrangers is_strangers);
    ~Rings();

    // Reads a bounded number of records, and hands on those no later than `now_ns`, of the programs' clock. True if any
    // was there: call again before sleeping.
    bool drain(uint64_t now_ns);
    // All that is older has been handed on, by the programs' clock.
    uint64_t read_until() const { return read_until_; }
    // Readable when a program woke us; an epoll descriptor.
    int wait_fd() const { return wait_.get(); }
    uint64_t unreadable() const;

private:
    struct Ring;
    Rings(OnPacket on_packet, IsStrangers is_strangers);
    TimeOrder order_;
    uint64_t read_until_ = 0;
    std::unique_ptr<Ring> rings_[3];
    Fd wait_;
};

} // namespace ringwall::kernel

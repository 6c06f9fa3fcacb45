// SPDX-License-Identifier: Apache-2.0
// From mirror records back to packets. Most are one record and are seen where they lie in the ring; longer ones come
// in chunks (RECORD_MORE), between which another CPU's records may stand.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agent/transport/packet.hpp"

namespace ringwall::kernel {

// The bytes live as long as the call.
using OnPacket = std::function<void(const transport::Packet&)>;

class Reassembly {
public:
    Reassembly(transport::Standing standing, OnPacket on_packet)
        : standing_(standing), on_packet_(std::move(on_packet)) {}

    // One ring buffer sample. What is no record is dropped and counted.
    void on_record(std::span<const char> sample);

    uint64_t unreadable() const { return unreadable_; }

private:
    struct Partial {
        struct mirror_record first;
        std::string bytes;
    };
    void start(const struct mirror_record& record, std::string_view bytes);
    void go_on(const struct mirror_record& record, std::string_view bytes);
    void deliver(const struct mirror_record& record, std::string_view bytes);

    transport::Standing standing_; // of the ring
    OnPacket on_packet_;
    std::vector<Partial> partial_; // oldest first
    uint64_t unreadable_ = 0;
};

} // namespace ringwall::kernel

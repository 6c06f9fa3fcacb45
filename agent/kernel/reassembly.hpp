// SPDX-License-Identifier: Apache-2.0
// From mirror records back to datagrams. Most are one record and are seen where they lie in the ring; longer ones come
// in chunks (RECORD_MORE), between which another CPU's records may stand.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agent/core.hpp"
#include "maps/abi/record.h"

namespace ringwall::kernel {

// `time_ns` is CLOCK_MONOTONIC at the hook. The payload lives as long as the call.
using OnDatagram = std::function<void(const Datagram&, uint64_t time_ns)>;

class Reassembly {
public:
    explicit Reassembly(OnDatagram on_datagram) : on_datagram_(std::move(on_datagram)) {}

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

    OnDatagram on_datagram_;
    std::vector<Partial> partial_; // oldest first
    uint64_t unreadable_ = 0;
};

} // namespace ringwall::kernel

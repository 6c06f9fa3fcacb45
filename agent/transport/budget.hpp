// SPDX-License-Identifier: Apache-2.0
// How much may be kept of what is not whole yet. Full is full: the new is refused, nothing old is evicted for it.
#pragma once

#include <cstddef>
#include <map>

#include "maps/net/address.hpp"

namespace ringwall::transport {

class Budget {
public:
    struct Room {
        size_t items, items_of_source, bytes;
    };
    explicit Budget(const Room& room) : room_(room) {}

    // One datagram or stream of a source: an IPv4 address, an IPv6 /64.
    bool take(const IpAddress& source);
    void give_back(const IpAddress& source);

    bool fits(size_t bytes) const { return bytes_ + bytes <= room_.bytes; }
    void hold(size_t bytes) { bytes_ += bytes; }
    void release(size_t bytes) { bytes_ -= bytes; }

    size_t items() const { return items_; }
    size_t bytes() const { return bytes_; }

private:
    Room room_;
    size_t items_ = 0, bytes_ = 0;
    std::map<IpAddress, size_t> by_source_;
};

} // namespace ringwall::transport

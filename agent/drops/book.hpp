// SPDX-License-Identifier: Apache-2.0
// The last drops, added up: a line for each reason, source address, destination address, call and limit. Bounded, and what an
// outsider can make many of does not crowd out the rest: where the book is full, the oldest line of the reason that has most
// goes.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <vector>

#include "agent/drops/drop.hpp"

namespace ringwall::drops {

struct Line {
    uint32_t reason = 0;
    bool passed = false;
    uint8_t protocol = 0;
    Call call;
    std::string_view sip_class;         // as of Drop
    uint64_t packets = 0;               // as far as the samples say
    uint64_t first_ns = 0, last_ns = 0; // CLOCK_MONOTONIC
    // Of the last one:
    Endpoint source, destination;
    uint32_t ifindex = 0;
};

class Book {
public:
    explicit Book(size_t capacity = 4096) : capacity_(capacity) {}

    void note(const Drop& drop);
    std::vector<const Line*> lines(const Filter& filter) const; // the latest first

private:
    struct Key {
        uint32_t reason = 0;
        bool passed = false;
        uint8_t protocol = 0;
        IpAddress source, destination;
        Call call;
        std::string_view sip_class;
        auto operator<=>(const Key&) const = default;
    };
    using Lines = std::list<Line>; // the latest first
    static Key key_of(const Line& line);
    void make_room();

    size_t capacity_;
    std::map<uint32_t, Lines> by_reason_;
    std::map<Key, Lines::iterator> index_;
};

} // namespace ringwall::drops

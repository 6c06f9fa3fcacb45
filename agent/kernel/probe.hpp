// SPDX-License-Identifier: Apache-2.0
// What the live wall would do with a packet, by its own programs and without a trace: they are loaded once more, with
// `is_replay`, with the live wall's maps where they only read, and with copies of what they write (docs/adr/0027).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/maps.hpp"
#include "agent/kernel/replay_wall.hpp"
#include "maps/net/address.hpp"

namespace ringwall::kernel {

class Probe {
public:
    // `live` is asked for read-only descriptors, and for no program. The wall must be of this version: check_pinned().
    static Result<Probe> load(const MapSource& live);

    // Takes over what the live wall remembers just now, of single elements what concerns packets between these two; the
    // clock stands still from here.
    Result<void> look(const Endpoint& source, const Endpoint& destination);
    // Moves that clock.
    void pass_time(uint64_t ns);
    uint64_t now_ns() const { return now_ns_; } // CLOCK_MONOTONIC_COARSE, as the programs read it

    // Frames as of ReplayWall. Each leaves its traces in the copies.
    Result<Verdict> in(std::string_view frame) { return copy_.in(frame); }
    Result<Verdict> out(std::string_view frame) { return copy_.out(frame); }

private:
    struct Copied {
        std::string name;
        Fd live;
    };
    Probe(ReplayWall copy, std::vector<Copied> arrays, std::vector<Copied> hashes)
        : copy_(std::move(copy)), arrays_(std::move(arrays)), hashes_(std::move(hashes)) {}

    ReplayWall copy_;
    std::vector<Copied> arrays_, hashes_;
    uint64_t now_ns_ = 0, tai_ns_ = 0;
};

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// Follows the signalling: mirrored packets go through transport to the core, and what the core wants changed goes to
// the maps. The worker and `ringwall replay` drive the same piece; whose clock it is, and when changes are carried out,
// is theirs to say.
#pragma once

#include <functional>
#include <vector>

#include "agent/core.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/transport/transport.hpp"
#include "maps/net/result.hpp"

namespace ringwall {

class Follower {
public:
    using Clock = std::function<Now()>;
    using OnChanges = std::function<void(const pinhole::MapOps&)>; // live: apply() at once

    // `maps` outlives the follower.
    Follower(kernel::Maps& maps, policy::View policy, Clock clock, OnChanges on_changes);
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // What the calls of an agent before us need. Once, before the first packet.
    void restore();
    void on_packet(const transport::Packet& packet) { transport_.on_packet(packet); }
    // One that the inside sent, to whom the programs still take for a stranger.
    bool is_to_stranger(const transport::Packet& packet) const;
    // When the rings have been read: the changes that the messages since want, in one. Sooner after 32 of them, so that
    // none waits long for those behind it, and before one that is 10 ms later than the first, so that of a backlog each
    // counts by its own time.
    void end_round();
    void tick(); // every 100 ms is often enough
    void reload(policy::View policy);

    // By hand (dialog/by_hand.hpp), by the operator's word. An error where the tables are full: nothing is open then.
    Result<void> open(const dialog::Opening& opening);
    void close(const dialog::Closing& closing);

    // Returns the operations that failed although they were planned anew (a full map).
    std::vector<struct operation> apply(const pinhole::MapOps& wanted);

    const policy::View& policy() const { return core_.policy(); }
    const Core& core() const { return core_; }
    std::vector<Notice> take_notices() { return core_.take_notices(); }
    std::vector<dialog::Join> take_joins(size_t most) { return core_.take_joins(most); }
    std::vector<CoreCounter> counters() const; // of the core, of transport, and of the maps

private:
    void hear(const Datagram& datagram, Now now);
    void hand_on(const pinhole::MapOps& wanted);
    void look_at_excess(Now now);
    Now at(uint64_t monotonic_ns) const;

    kernel::Maps& maps_;
    Clock clock_;
    OnChanges on_changes_;
    Core core_;
    transport::Transport transport_;
    struct Round {
        size_t messages = 0;
        Now first, last;
    } round_;
    std::chrono::steady_clock::time_point next_excess_look_{};
    uint64_t failed_operations_ = 0;
};

} // namespace ringwall

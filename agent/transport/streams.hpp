// SPDX-License-Identifier: Apache-2.0
// Every TCP connection that carries SIP, each direction a stream, within bounds that no stranger can use up for others.
#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "agent/datagram.hpp"
#include "agent/transport/budget.hpp"
#include "agent/transport/inside_end.hpp"
#include "agent/transport/packet.hpp"
#include "agent/transport/stream.hpp"

namespace ringwall::transport {

inline constexpr uint64_t stream_idle_ns = 900'000'000'000;  // forgotten then: it has come to a full stop by itself
inline constexpr uint64_t stream_closed_ns = 30'000'000'000; // a closed one, for repetitions still on their way
inline constexpr uint64_t sweep_interval_ns = 5'000'000'000;
inline constexpr size_t starts_remembered = 4096; // SYNs before the first byte, for each standing
inline constexpr Budget::Room stream_room[standings] = {
    {16384, 4096, size_t{16} << 20}, // that the inside began
    {16384, 4096, size_t{16} << 20}, // known
    {4096, 64, size_t{4} << 20},     // strangers
};

struct StreamsCounters {
    StreamCounters streams;
    uint64_t full = 0;        // segments of streams that found no room
    uint64_t memory_full = 0; // streams given up for want of memory
    uint64_t forged = 0;      // segments that the inside's end would not take
};

class Streams {
public:
    // `is_to_stranger` is asked where the inside answers a connection of which nothing else is kept.
    Streams(const std::array<uint64_t, 2>& secret, OnDatagram on_message, IsToStranger is_to_stranger);

    void on_segment(const Packet& packet);
    // Gives up gaps whose time has come, and forgets what is closed or idle.
    void tick(uint64_t now_ns);

    const StreamsCounters& counters() const { return counters_; }
    const Budget& budget(Standing standing) const { return budgets_[static_cast<size_t>(standing)]; }

private:
    struct Key {
        bool outbound;
        Endpoint source, destination;
        auto operator<=>(const Key&) const = default;

        Key reverse() const { return {!outbound, destination, source}; }
        const IpAddress& outside() const { return outbound ? destination.address : source.address; }
    };
    struct Entry {
        Stream stream;
        Standing standing;
        InsideEnd inside; // of the connection: both directions have it, as either may be alone
    };
    using Entries = std::map<Key, Entry>;
    // A SYN takes no room: what has carried nothing yet may be anybody's forgery.
    struct Start {
        uint64_t tag = 0;
        uint32_t sequence = 0;
        std::optional<uint32_t> acknowledgement;
        bool has_begun = false; // the other side's stream, where this answers its SYN
    };

    Start& start_of(const Key& key, Standing ring, uint64_t& tag);
    Start* inside_start_of(const Key& key);
    InsideEnd inside_of(const Key& key);
    void hear_inside(const Key& key, Entry* entry, const Segment& segment);
    bool is_taken(const Key& key, Entry* entry, const Segment& segment);
    Standing standing_of(const Key& key, const Packet& packet);
    Entry* begin(const Key& key, const Packet& packet, const Segment& segment);
    Stream stream_for(const Key& key, Standing ring, Standing standing, const Segment& segment);
    template <class Step>
    void step(const Key& key, Entry& entry, uint64_t now_ns, Step&& step);
    void on_reset_of_reverse(const Key& key, const Segment& segment);
    void reset_reverse(const Key& key);
    void forget(Entries::iterator at); // the end: nothing
    void sweep(uint64_t now_ns);
    Budget& of(Standing standing) { return budgets_[static_cast<size_t>(standing)]; }

    std::array<uint64_t, 2> secret_;
    OnDatagram on_message_;
    IsToStranger is_to_stranger_;
    Entries entries_;
    std::set<Key> gapped_;
    std::array<std::vector<Start>, standings> starts_;
    std::array<Budget, standings> budgets_{Budget(stream_room[0]), Budget(stream_room[1]), Budget(stream_room[2])};
    std::array<uint64_t, standings> blind_until_ns_{}; // streams not met since then have been quiet since then
    uint64_t first_ns_ = 0;                            // since when we have been looking
    uint64_t next_sweep_ns_ = 0;
    StreamsCounters counters_;
};

} // namespace ringwall::transport

// SPDX-License-Identifier: Apache-2.0
// All holes: who owns each, what stands in the map, and the operations that bring the one to the other. Opening a
// call's holes, a reload and the recovery after a restart are the same operation: wanted x present -> operations.
//
// The life of a hole: live while a leg claims it -> draining (the kernel passes as before until the deadline) ->
// closed (a tombstone that refuses and explains) -> gone. A new claim brings it back to life from anywhere.
#pragma once

#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/pinhole/control_word.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "agent/pinhole/merge.hpp"
#include "agent/pinhole/peer_slots.hpp"

namespace ringwall::pinhole {

struct BookTimers {
    std::chrono::nanoseconds drain, idle, held, tombstone;
};

struct BookCounters {
    uint64_t opened = 0, closed = 0;
    uint64_t refused_full = 0;   // the map had no room; planned again
    uint64_t widened = 0;        // more peers than fit: widened to the peer's networks or any
    uint64_t peer_sets_full = 0; // of them: for want of a free set
};

class Book {
public:
    explicit Book(const BookTimers& timers) : timers_(timers) {}

    // What a restart found. Holes that no leg then claims drain at the next plan().
    void restore(std::span<const PresentPinhole> present);
    // Replaces everything that this leg claims; none at all lets go of its holes.
    void set(const LegClaims& claims);
    void release(LegId leg) { unclaim(leg); }
    // An in-dialog message: the leg's holes are as if media had just passed.
    void wake(LegId leg);
    void set_timers(const BookTimers& timers) { timers_ = timers; }

    // The operations for all that was touched since the last plan().
    MapOps plan(TimePoint now);

    // Tombstones at their end: the shell reads them, then calls bury() with what it found.
    void due(TimePoint now, std::vector<struct pinhole_key>& keys) const;
    void bury(std::span<const PresentPinhole> seen, TimePoint now);
    void on_failed(const struct operation& operation, TimePoint now);

    // Does a live leg claim this endpoint, over UDP or TCP?
    bool is_claimed(const Endpoint& local) const;
    const PresentPinhole* present(const HoleKey& key) const;
    const BookCounters& counters() const { return counters_; }

private:
    enum class Stage : uint8_t { live, draining, closed };
    struct Hole {
        std::vector<OwnedClaim> owners;
        bool is_present = false;
        bool is_unknown = false; // present with contents we do not know: write every field
        PresentPinhole present{};
        std::vector<Endpoint> named; // as in Wanted
        bool is_buried = false;      // delete at the next plan()
        Stage stage = Stage::live;
        TimePoint stage_end{}, closed_at{}, inline_let_go{};
        uint32_t round = 0;          // offers and answers of its owners
        uint32_t pending_fields = 0; // FIELD_SSRC, FIELD_WAKE and FIELD_RESET for the next change
    };

    void unclaim(LegId leg);
    void plan_hole(const HoleKey& key, Hole& hole, TimePoint now, MapOps& ops);
    void plan_live(const HoleKey& key, Hole& hole, TimePoint now, MapOps& ops);
    void plan_let_go(const HoleKey& key, Hole& hole, MapOps& ops);
    void advance(const HoleKey& key, Hole& hole, TimePoint now);
    // Fills in peer and slot of `next` for the peers wanted; false where no slot is free.
    bool place_peers(const Wanted& wanted, Hole& hole, struct pinhole& next, ControlWord& word, TimePoint now,
                     MapOps& ops);
    void write(const HoleKey& key, Hole& hole, const struct pinhole& next, MapOps& ops);
    void schedule(const HoleKey& key, TimePoint at);
    void settle(const HoleKey& key, Hole& hole, const PresentPinhole* seen, TimePoint now);
    void make_room(TimePoint now);

    BookTimers timers_;
    BookCounters counters_;
    std::map<HoleKey, Hole> holes_;
    std::unordered_map<LegId, std::vector<HoleKey>> by_leg_;
    std::set<HoleKey> touched_, refused_;
    std::multimap<TimePoint, HoleKey> timers_due_;
    PeerSlots slots_;
};

// A claim as a restart finds it: the hole's own constraint and peers.
Claim claim_of(const PresentPinhole& hole, uint8_t component, uint8_t media);

constexpr uint64_t to_ns(TimePoint time) {
    return static_cast<uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}
constexpr TimePoint from_ns(uint64_t ns) { return TimePoint(std::chrono::nanoseconds(ns)); }

} // namespace ringwall::pinhole

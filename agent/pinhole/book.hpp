// SPDX-License-Identifier: Apache-2.0
// All holes: who owns each, what stands in the map, and the operations that bring the one to the other. Opening a
// call's holes, a reload and the recovery after a restart are the same operation: wanted x present -> operations.
//
// The life of a hole: live while a leg claims it -> draining (the kernel passes as before until the deadline) ->
// closed (a tombstone that refuses and explains) -> gone. A new claim brings it back to life from anywhere.
#pragma once

#include <array>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/pinhole/control_word.hpp"
#include "agent/pinhole/deadlines.hpp"
#include "agent/pinhole/flat_map.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "agent/pinhole/map_value.hpp"
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

// What stands in the map, by phase (enum pinhole_phase): as many as its bits in `ctl` can say.
using PhaseCounts = std::array<uint64_t, 16>;

class Book {
public:
    explicit Book(const BookTimers& timers) : timers_(timers) {}

    // What a restart found. Holes that no leg then claims drain at the next plan().
    void restore(std::span<const PresentPinhole> present);
    // Replaces everything that this leg claims; none at all lets go of its holes.
    void set(LegClaims claims);
    // Of one that has outlived max_call the tombstones say so.
    void release(LegId leg, bool has_outlived = false);
    // An in-dialog message: the leg's holes are as if media had just passed (or up to 250 ms ago: the program notes the
    // time of media no more often).
    void wake(LegId leg, TimePoint now);
    void set_timers(const BookTimers& timers); // every hole is planned anew
    // What ended calls left: it keeps to the peer that it was of, by the number that this one has now. What drains and was
    // of a peer that is gone closes. What is claimed is set anew by its owners.
    void renumber(std::span<const uint8_t> numbers, TimePoint now, MapOps& ops);

    // The operations for all that was touched since the last plan(), what opens before what closes. A hole that was
    // claimed and let go of in between never opens.
    MapOps plan(TimePoint now);
    void plan(TimePoint now, MapOps& ops); // appends them

    // Tombstones at their end: the shell reads them, then calls bury() with what it found.
    void due(TimePoint now, std::vector<struct pinhole_key>& keys) const;
    void bury(std::span<const PresentPinhole> seen, TimePoint now);
    void on_failed(const struct operation& operation, TimePoint now);

    const PresentPinhole* present(const HoleKey& key) const;
    bool is_claimed(const HoleKey& key) const; // by a leg, now
    const BookCounters& counters() const { return counters_; }
    const PhaseCounts& standing() const { return standing_; }
    size_t claimed() const { return claimed_; } // by live owners; what two of them share counts twice

private:
    enum class Stage : uint8_t { live, draining, closed };
    struct Hole {
        explicit Hole(const HoleKey& of) : key(of) {}
        HoleKey key;
        std::vector<OwnedClaim> owners;
        bool is_touched = false;   // for the next plan()
        bool is_planned = false;   // nothing has changed since what the owners want was planned
        bool is_ownerless = false; // or was so since the last plan()
        bool is_present = false;
        bool has_outlived = false; // its last owner, max_call
        bool is_unknown = false;   // present with contents we do not know: write every field
        PresentPinhole present{};
        std::vector<Endpoint> named; // as in Wanted
        bool is_buried = false;      // delete at the next plan()
        Stage stage = Stage::live;
        TimePoint stage_end{}, closed_at{}, inline_let_go{}, woken{};
        uint32_t round = 0;          // offers and answers of its owners
        uint32_t pending_fields = 0; // FIELD_SSRC, FIELD_WAKE and FIELD_RESET for the next change
    };

    Hole& hole_at(const HoleKey& key);
    Hole* find(const HoleKey& key);
    void touch(Hole& hole); // to be planned anew
    void look_at(Hole& hole);
    bool own(Hole& hole, const LegClaims& claims, Claim& claim); // true where the leg did not before
    void let_go(Hole& hole, LegId leg, bool has_outlived = false);
    void end_drains(TimePoint now);
    void plan_live(Hole& hole, TimePoint now, MapOps& ops);
    void plan_ownerless(Hole& hole, TimePoint now, MapOps& ops);
    void plan_let_go(Hole& hole, MapOps& ops);
    void advance(Hole& hole, TimePoint now);
    // Fills in peer and slot of `next` for the peers wanted; false where no slot is free.
    bool place_peers(const Wanted& wanted, Hole& hole, struct pinhole& next, ControlWord& word, TimePoint now,
                     MapOps& ops);
    void write(Hole& hole, const struct pinhole& next, MapOps& ops);
    void stands(Hole& hole, const struct pinhole& value);
    void is_gone(Hole& hole);
    void settle(Hole& hole, const PresentPinhole* seen, TimePoint now);
    void make_room(TimePoint now);

    BookTimers timers_;
    BookCounters counters_;
    PhaseCounts standing_{};
    std::unordered_map<HoleKey, Hole> holes_;
    FlatMap<std::vector<Hole*>> by_leg_;   // each once; none whose owners the leg is not among
    std::vector<Hole*> touched_, planned_; // `planned_` is kept for its memory
    std::set<HoleKey> refused_;
    Deadlines<HoleKey> drains_, tombstones_;
    PeerSlots slots_;
    size_t claimed_ = 0;
};

} // namespace ringwall::pinhole

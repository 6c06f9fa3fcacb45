// SPDX-License-Identifier: Apache-2.0
// What the core holds, and what follows when an owner of ports (a leg, or somebody's hand) begins, changes or ends: its
// claims go to the book, its record to the maps, its news to the journal. Private to the core.
#pragma once

#include <map>
#include <unordered_map>

#include "agent/core.hpp"
#include "agent/dialog/defence.hpp"
#include "agent/pinhole/book.hpp"
#include "agent/reader.hpp"

namespace ringwall {

dialog::TableTimers table_timers(const policy::Timers& timers);
pinhole::BookTimers book_timers(const policy::Timers& timers);
std::vector<pinhole::HoleKey> holes_of(const struct dialog_record& record);
std::vector<pinhole::HoleKey> holes_of(const dialog::Leg& leg); // those that a record has room for

struct Core::State {
    using MapOps = pinhole::MapOps;

    State(policy::View view, std::array<uint64_t, 2> secret);

    policy::View policy;
    dialog::KeyedHash hash;
    dialog::Table table;
    pinhole::Book book;
    dialog::Outsiders outsiders;
    dialog::ByHand by_hand;
    dialog::Defence defence;
    Journal journal;
    bool is_debugged = true;
    Reader reader;
    // Records of ended owners stay as long as one of their holes: they are what its tombstone tells the operator.
    struct Ended {
        pinhole::LegId leg;
        std::vector<pinhole::HoleKey> holes;
    };
    pinhole::Deadlines<Ended> ended;                // when they are looked at
    std::array<uint64_t, DIALOG_ENDED + 1> calls{}; // on record, by state; of ended ones none are counted

    // What waits for the next plan(): records put and deleted, those of legs that have ended and when (ns), and legs whose
    // record has changed.
    MapOps next, planned;           // by turns, for their memory
    struct dialog_record changed{}; // the one that put_records() is at
    std::vector<std::pair<pinhole::LegId, uint64_t>> records_to_end;
    std::vector<pinhole::LegId> unrecorded;

    // Of calls whose SDP names an address for media that is not ours, the latest of each port: whose a refused packet to
    // that port may be.
    std::unordered_map<uint16_t, pinhole::LegId> elsewhere;

    // Its legs are reached at these ports of the inside, too.
    void reach(const dialog::Effects& effects, const std::vector<Endpoint>& named);
    // A message's effects. Claims go to the book at once, as the next message may depend on them.
    void note(const dialog::Effects& effects, Now now);
    void end(const dialog::Leg& leg, Now now);
    void change(dialog::Leg& leg, Now now);
    void claim(pinhole::LegId id, const dialog::Opening& opening);
    void let_go(pinhole::LegId id, Now now);
    void say_started(const dialog::Leg& leg, size_t pinholes);
    void say_outlived(const dialog::Leg& leg);
    void say_ended(const dialog::Leg& leg);
    void recount(dialog::Leg& leg);
    std::optional<Endpoint> elsewhere_of(const dialog::Leg* leg) const; // may be null
    struct dialog_record& put_record(pinhole::LegId id);                // all zero; until the next one is put
    void end_record(const dialog::Leg& leg, Now now);
    void keep(pinhole::LegId id, struct dialog_record& record, Now now);
    bool is_taken_over(pinhole::LegId id);
    void make_room_for_records();
    void forget_ended(Now now);
    void put_records();
    void has_no_record(const struct operation& change_dialog); // it found no room when it was put: it is put once more
    std::vector<pinhole::Claim> claims_in(const struct dialog_record& record) const;
    void claim_by_hand();
    void defend(const dialog::Event& event, Protocol protocol);
    void take_bans(Now now);
    void take_ceilings(Now now, bool is_due);
    std::vector<pinhole::Claim> claims_of(const dialog::Leg& leg);
    // What all that was noted since the last time wants changed. Until the next time.
    const MapOps& plan(Now now);
};

} // namespace ringwall

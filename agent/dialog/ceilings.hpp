// SPDX-License-Identifier: Apache-2.0
// How many calls begun outside there are, of each source, of each peer and zone and of all, and who of these has as many
// as he may (docs/adr/0020). Counts and says; the programs refuse the next INVITE of who is full, so that a call whose
// SIP passes has its ports.
//
// A call is half-open until its caller has shown that he hears the answers: until the inside's tag comes back from him.
// Whoever forges a source address never gets so far, and uses up half-open calls of that source, no peer's calls.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/dialog/leg.hpp"
#include "maps/abi/ceiling.h"
#include "maps/by_bytes.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

// What else may be at its end: rooms of the tables that strangers share.
struct Rooms {
    size_t legs = 0, strangers_transactions = 0;
    size_t ports = 0, port_capacity = 0; // claimed, of the pinholes that there may be
};

struct CallCounts {
    uint64_t calls = 0;                          // begun outside, and shown to be heard
    uint64_t half_open = 0;                      // begun outside, not yet
    uint64_t strangers = 0;                      // of calls
    uint64_t sources_full = 0, parties_full = 0; // at their ceilings now; peers and zones
    uint64_t over = 0;                           // begun though their source was full: over TCP, or in the same instant
    uint64_t without_ports = 0;                  // of these: nothing was left for strangers
};

// How its calls from there are counted. `is_registered`: with the inside, from exactly there.
Outset outset_of(const Counterpart& caller, bool is_registered, bool is_strangers);

class Ceilings {
public:
    static constexpr size_t most_half_open = 24576;  // strangers', together: three quarters of their share of the table
    static constexpr size_t reserved_part = 10;      // one in ten ports is kept for the inside and declared peers
    static constexpr size_t ports_per_half_open = 4; // what calls that are not answered yet may still want

    void began(Leg& leg, TimePoint now);
    void heard(Leg& leg); // the inside's tag came back
    void ended(Leg& leg);
    void moved(Leg& leg); // under a new policy its counterpart may be of another zone

    // Which sources have come to their ceilings since the last look, and which have room again. Cheap where nothing has
    // begun or ended since; `is_due`: look though.
    struct Full {
        struct known_key source;
        bool is_full;
    };
    std::vector<Full> look(const policy::View& policy, const Rooms& rooms, TimePoint now, bool is_due);
    // What the programs read of zones and all; nothing where it is as before.
    std::optional<struct call_ceilings> take_changes();
    // Sentences for the operator: who has come to his ceiling.
    std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }
    CallCounts counts() const;

private:
    struct Count {
        uint32_t calls = 0, half_open = 0;
        TimePoint full_since{}; // the epoch: it is not
        bool is_empty() const { return calls == 0 && half_open == 0; }
    };
    void add(const Outset& outset, int calls, int half_open);
    bool is_at_ceiling(const struct known_key& source, const Count& count, const policy::View& policy) const;
    bool is_over(const Outset& outset, TimePoint now) const;
    void look_at_parties(const policy::View& policy);
    void look_at_all(const policy::View& policy, const Rooms& rooms, TimePoint now);
    void notice_party(size_t zone, const policy::View& policy);

    std::map<struct known_key, Count, ByBytes> sources_;
    std::set<struct known_key, ByBytes> touched_;
    std::array<uint64_t, ZONES> by_zone_{}; // calls
    uint64_t calls_ = 0, strangers_ = 0, strangers_half_open_ = 0, half_open_ = 0;
    uint64_t sources_full_ = 0, over_ = 0, without_ports_ = 0;
    TimePoint strangers_full_since_{};
    bool has_no_ports_left_ = false;
    struct call_ceilings told_{}, wanted_{};
    bool was_told_ = false, has_changed_ = true;
    std::vector<std::string> notices_;
};

} // namespace ringwall::dialog

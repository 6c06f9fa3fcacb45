// SPDX-License-Identifier: Apache-2.0
// All legs, and what each SIP message does to them. Messages, descriptions and `now` go in; which legs changed, ended
// or gave a sign of life comes out. Knows no map and no hole.
//
// Nothing that an outside message says ends or moves a call until the inside has agreed to it: an outside offer waits
// for the inside's answer, an outside BYE for the inside's 2xx.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_map>

#include "agent/dialog/ceilings.hpp"
#include "agent/dialog/transaction.hpp"
#include "agent/dialog/transaction_key.hpp"

namespace ringwall::dialog {

struct TableTimers {
    std::chrono::nanoseconds early, bye, max_call;
};

// A request that the inside has not reacted to is forgotten after this: 64*T1 (RFC 3261 17.1.2.2), and some.
inline constexpr std::chrono::seconds transaction_life{40};

// One message that crossed the wall. `offer` and `remote` are its SDP as understood, by direction; neither where it
// has none, or none that could be read.
struct Event {
    bool outbound = false;
    const sip::Message& message;
    uint64_t transaction = 0;                         // transaction_key() of it
    Counterpart counterpart;                          // of the party outside
    std::optional<std::vector<pinhole::Claim>> offer; // outbound
    std::vector<uint8_t> unaddressed;                 // of it: m-lines held by c=0.0.0.0 (hold.hpp)
    std::optional<Endpoint> elsewhere;                // of the offer: what it names for media, where that is not ours
    std::vector<pinhole::Claim> trickled;             // outbound: candidates in INFO (trickle.hpp)
    bool is_handed_on = false;                        // outbound: somebody outside stands in its Vias
    std::vector<Endpoint> reached_at;                 // outbound: learned SIP ports that it names, or answers from
    std::optional<Remote> remote;                     // inbound
    bool is_trusted = false;                          // inbound: registered with the inside, or its registrar
    std::optional<Outset> outset;                     // an inbound INVITE that begins a call: none, it is not counted
    TimePoint now;
    int64_t realtime_s = 0;
};

// A message has a leg or two; a reload or a restart all of them, each once.
class LegIds {
public:
    void insert(LegId id) {
        const size_t looked_at = std::min<size_t>(ids_.size(), 8);
        if (std::find(ids_.end() - static_cast<ptrdiff_t>(looked_at), ids_.end(), id) == ids_.end()) ids_.push_back(id);
    }
    void erase(LegId id) { std::erase(ids_, id); }
    auto begin() const { return ids_.begin(); }
    auto end() const { return ids_.end(); }

private:
    std::vector<LegId> ids_;
};

struct Effects {
    LegIds changed; // claims, deadlines or record
    LegIds woken;   // an in-dialog message
    std::vector<Leg> ended;
};

// The last packets through one hole, as the kernel saw them; the epoch where there were none.
struct MediaSeen {
    TimePoint last_in{}, last_out{};
    uint64_t packets = 0; // inwards
};

struct TableCounters {
    uint64_t calls_answered = 0, calls_failed = 0, calls_ended = 0;
    uint64_t unknown_transaction = 0; // responses to INVITE, UPDATE and PRACK that we never saw
    uint64_t refused_elsewhere = 0;   // failures that went to others than the request came from
    uint64_t unknown_dialog = 0;      // in-dialog requests whose Call-ID or tags match no leg
    uint64_t legs_full = 0, transactions_full = 0, descriptions_full = 0;
    uint64_t forks_full = 0; // more To tags than one INVITE may have
};

class Table {
public:
    static constexpr size_t capacity = 131072; // half of the `dialogs` map: ended ones have records too
    static constexpr size_t capacity_outside = capacity - capacity / 8; // begun outside, in whoever's name
    static_assert(policy::most_calls == capacity_outside);
    static constexpr size_t capacity_strangers = 32768; // their unanswered calls; the rest stays for the others
    // Of one Call-ID and tag: whoever calls chooses these, also of what an inside proxy hands on to as many as it rings.
    static constexpr size_t most_namesakes = 64, most_namesakes_inside = 1024;

    Table(const TableTimers& timers, const KeyedHash& hash) : timers_(timers), hash_(hash), transactions_(hash) {}

    // Has the call of this message, in what its inside has offered or answered before, that endpoint?
    bool has_claimed(const sip::Message& outbound, const Endpoint& inside);
    // May SDP of this message from outside come to mean anything? A request that the inside will answer, an ACK of a
    // call, a response to what the inside asked.
    bool may_carry_offers(const sip::Message& inbound, uint64_t transaction);
    bool has_call_of(const sip::Message& inbound); // a request within a dialog
    Effects on(const Event& event);
    // A message of this transaction comes, once the rest of it has been read: each is of another call than the last, and
    // what is looked up first is as a rule not in the processor's cache.
    void expect(const sip::Message& message, uint64_t transaction, bool outbound) const {
        transactions_.expect(transaction, outbound == message.is_request);
    }
    using Activity = std::function<MediaSeen(const pinhole::HoleKey&)>;
    // Legs whose time has come: retries given up, unanswered BYEs, moves completed, soft and hard deadlines.
    Effects tick(TimePoint now, const Activity& last_media);
    // Holes whose activity tick() will ask for.
    void due(TimePoint now, std::vector<pinhole::HoleKey>& keys) const;

    void restore(Leg leg, TimePoint now);
    // A reload: claims that the new policy no longer allows go, the others follow its peers and expectations.
    void reconsider(const policy::View& policy);
    void set_timers(const TableTimers& timers) { timers_ = timers; }

    Leg* leg(LegId id);
    const pinhole::FlatMap<std::unique_ptr<Leg>>& legs() const { return legs_; }
    const TableCounters& counters() const { return counters_; }
    Ceilings& ceilings() { return ceilings_; }
    const Ceilings& ceilings() const { return ceilings_; }
    size_t strangers_transactions() const { return transactions_.strangers(); }

private:
    class Step; // one message: event, effects, and the leg it is about
    friend class Step;

    // `inside_tag` tells apart calls of one Call-ID whose outside party has none (RFC 2543), or has not answered yet.
    Leg* find(std::string_view call_id, std::string_view outside_tag, std::string_view inside_tag);
    // Of several that bear one name (a spiral: the same call crosses the wall again) the first that fits.
    template <class Fits>
    Leg* namesake(uint64_t tag_key, const Fits& fits) {
        const auto first = by_tag_.find(tag_key);
        if (!first || fits(**first)) return first ? *first : nullptr;
        const auto [begin, end] = namesakes_.equal_range(tag_key);
        for (auto entry = begin; entry != end; ++entry)
            if (Leg* other = leg(entry->second); fits(*other)) return other;
        return nullptr;
    }
    // A call that is up, has these tags, and is with that party.
    Leg* live(std::string_view call_id, std::string_view outside_tag, std::string_view inside_tag,
              const Counterpart& party);
    Leg* create(const Event& event, LegId id, std::string_view outside_tag, std::string_view inside_tag,
                bool begun_inside);
    void name(Leg& leg, std::string_view outside_tag) { // its tag has become known
        name(leg, outside_tag, tag_key(leg.call_id, outside_tag, leg.begun_inside ? leg.inside_tag() : ""));
    }
    void name(Leg& leg, std::string_view outside_tag, uint64_t key);
    void unname(const Leg& leg);
    void join(Leg& leg, uint64_t group);
    void leave(const Leg& leg); // its group
    // What a restart makes of it: of the group the record has half.
    uint64_t restored_group(std::string_view call_id, uint64_t group) const {
        return (hash_({call_id, "group"}) & ~uint64_t{UINT32_MAX}) | (group & UINT32_MAX);
    }
    size_t legs_of(uint64_t group);
    std::vector<LegId> unanswered_legs_of(uint64_t group);
    void leave_early(Leg& leg, LegState next);
    void end(LegId id, Effects& effects);
    void schedule(Leg& leg, TimePoint now);
    bool is_over(Leg& leg, TimePoint now, const Activity& last_media) const;
    bool complete_moves(Leg& leg, TimePoint now, const Activity& last_media) const;
    static bool give_up_offer(Leg& leg, TimePoint now);
    // What an initial INVITE begins: its responses and its CANCEL are of its transaction and have its From tag too. Of its
    // forks each To tag after the first has one.
    // `transaction` is transaction_key() of the INVITE.
    LegId id_of_invite(uint64_t transaction, const sip::Message& message, bool outbound,
                       std::string_view to_tag = {}) const {
        const std::string_view key(reinterpret_cast<const char*>(&transaction), sizeof transaction);
        return hash_({key, outbound == message.is_request ? "out" : "in", message.from.tag, to_tag});
    }
    uint64_t tag_key(std::string_view call_id, std::string_view outside_tag, std::string_view inside_tag) const {
        return outside_tag.empty() ? hash_({call_id, "inside", inside_tag}) : hash_({call_id, outside_tag});
    }

    TableTimers timers_;
    KeyedHash hash_;
    Descriptions descriptions_;
    Transactions transactions_;
    pinhole::FlatMap<std::unique_ptr<Leg>> legs_;
    pinhole::FlatMap<Leg*> by_tag_; // hash of Call-ID and outside tag, or the inside's where there is none
    std::unordered_multimap<uint64_t, LegId> namesakes_; // by the same: those that found the name taken
    pinhole::FlatMap<LegId> by_inside_tag_; // hash of Call-ID and inside tag, of calls begun inside: the latest
    std::unordered_multimap<uint64_t, LegId> by_group_; // those whose group is another's: most calls never fork
    pinhole::Deadlines<LegId> timers_due_;              // each leg's next_look, and others that it no longer waits for
    size_t waiting_strangers_ = 0;                      // strangers' calls, not answered
    Ceilings ceilings_;
    TableCounters counters_;
};

} // namespace ringwall::dialog

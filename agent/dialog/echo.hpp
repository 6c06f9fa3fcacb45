// SPDX-License-Identifier: Apache-2.0
// Inside endpoints that outsiders named in SDP or Contact. When an inside proxy passes them on, under whatever Call-ID,
// they leave the protected side without being anything that the inside decided: they open nothing.
//
// What an outsider names counts only as far as the inside goes along: for 40 s while nobody has answered him, for five
// minutes from each answer, and under his own Call-ID alone once the inside has refused him (outsiders.cpp). Else one
// message that names a telephone's next port would leave its call without audio (docs/adr/0010).
//
// Outsiders choose what there is to remember: a thousand endpoints in one transaction, or one endpoint in a thousand.
// Neither may hold up the messages behind it, so no call walks more than it has added itself or removes for good, and
// what a message finds expired it removes in part, the next ones the rest.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::dialog {

class EchoMemory {
public:
    static constexpr std::chrono::seconds unanswered{40};
    static constexpr std::chrono::minutes answered{5};
    static constexpr size_t most_kept = 65536;  // endpoints; the soonest to be forgotten makes room
    static constexpr size_t most_at_once = 256; // namers that one call forgets as expired, and endpoints that it frees

    using Namer = uint64_t; // the Call-ID and the branch, hashed with a secret

    explicit EchoMemory(size_t capacity = most_kept) : capacity_(capacity) {}

    void note(Namer namer, const std::vector<Endpoint>& inside, pinhole::TimePoint now);
    void accepted(Namer namer, pinhole::TimePoint now);
    void refused(Namer namer);
    bool knows(Namer namer) const { return by_namer_.contains(namer); }
    // Has this one named it?
    bool names(Namer namer, const Endpoint& inside, pinhole::TimePoint now) const;
    // What he has named, and forgets him.
    std::vector<Endpoint> take(Namer namer);
    // Who has expired for one call has expired for the next, though its message may be a little older.
    bool holds(const Endpoint& inside, pinhole::TimePoint now) const;
    // Endpoints in memory, once for each namer, also those that are forgotten and not yet freed.
    size_t size() const { return kept_ + to_free_; }

private:
    using Order = std::multimap<pinhole::TimePoint, Namer>;
    struct Named {
        pinhole::TimePoint until; // the least of all: forgotten
        std::set<Endpoint> inside;
        Order::iterator place;
        bool has_gaps = false; // holds() has found it expired, and left it out of namers_of_
    };
    using ByNamer = std::unordered_map<Namer, Named>;

    Named* find(Namer namer);
    void keep_until(Named& named, pinhole::TimePoint until);
    void forget_old(pinhole::TimePoint now);
    void forget(Namer namer);
    void free_forgotten(size_t most);
    void unlist(const Endpoint& endpoint, Named& named);

    size_t capacity_;
    ByNamer by_namer_;
    Order order_;                              // each namer once
    std::deque<ByNamer::node_type> forgotten_; // to be freed; namers_of_ may still point to them
    size_t kept_ = 0, to_free_ = 0;            // endpoints, by_namer_'s and forgotten_'s
    // Until when namers have expired of whom some are still in by_namer_; the least of all: there are none.
    pinhole::TimePoint swept_ = pinhole::TimePoint::min();
    // Ordered, not hashed: outsiders choose the endpoints. Who has expired leaves it as soon as holds() meets him.
    mutable std::map<Endpoint, std::set<Named*>> namers_of_;
};

} // namespace ringwall::dialog

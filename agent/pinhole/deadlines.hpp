// SPDX-License-Identifier: Apache-2.0
// What falls due when, the soonest first. An entry is a reminder and no more: what it reminds of may have been put off
// or be gone by then, and whoever takes it looks. So putting off costs nothing, and with a hundred thousand of them one
// that falls due costs a few cache lines, where a tree costs a walk through memory at each change.
#pragma once

#include <algorithm>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::pinhole {

template <class Id>
class Deadlines {
public:
    struct Entry {
        TimePoint at;
        Id id;
    };

    void add(TimePoint at, const Id& id) {
        entries_.push_back({at, id});
        std::push_heap(entries_.begin(), entries_.end(), later);
    }
    bool is_due(TimePoint now) const { return !entries_.empty() && entries_.front().at <= now; }
    bool empty() const { return entries_.empty(); }
    size_t size() const { return entries_.size(); }
    // The soonest. There must be one.
    Entry take() {
        std::pop_heap(entries_.begin(), entries_.end(), later);
        const Entry soonest = entries_.back();
        entries_.pop_back();
        return soonest;
    }
    // All that are due, in no order.
    template <class F>
    void each_due(TimePoint now, F f) const {
        visit(0, now, f);
    }
    // Reminders that mean nothing any more go, before they are more than the rest.
    template <class F>
    void keep_only(F is_meant) {
        std::erase_if(entries_, [&](const Entry& entry) { return !is_meant(entry); });
        std::make_heap(entries_.begin(), entries_.end(), later);
    }

private:
    static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }
    template <class F>
    void visit(size_t place, TimePoint now, F& f) const {
        if (place >= entries_.size() || entries_[place].at > now) return;
        f(entries_[place].id);
        visit(2 * place + 1, now, f);
        visit(2 * place + 2, now, f);
    }
    std::vector<Entry> entries_; // a heap
};

} // namespace ringwall::pinhole

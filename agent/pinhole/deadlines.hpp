// SPDX-License-Identifier: Apache-2.0
// What falls due when, the soonest first. An entry is a reminder and no more: what it reminds of may have been put off
// or be gone by then, and whoever takes it looks. So putting off costs nothing. Entries stand with those of the same
// eighth of a second, each such group a heap: with a hundred thousand of them, one that is added or falls due costs a
// few cache lines near to those of the one before, where one heap or tree of all costs a walk through memory.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
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

    void add(TimePoint at, Id id) {
        std::vector<Entry>& group = groups_[group_of(at)];
        group.push_back({at, std::move(id)});
        std::push_heap(group.begin(), group.end(), later);
        ++size_;
    }
    bool is_due(TimePoint now) const { return !empty() && soonest().front().at <= now; }
    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }
    // The soonest. There must be one.
    Entry take() {
        std::vector<Entry>& group = groups_.begin()->second;
        std::pop_heap(group.begin(), group.end(), later);
        Entry soonest = std::move(group.back());
        group.pop_back();
        if (group.empty()) groups_.erase(groups_.begin());
        --size_;
        return soonest;
    }
    // All that are due, in no order.
    template <class F>
    void each_due(TimePoint now, F f) const {
        for (auto group = groups_.begin(); group != groups_.end() && group->first <= group_of(now); ++group)
            for (const Entry& entry : group->second)
                if (entry.at <= now) f(entry.id);
    }
    // Reminders that mean nothing any more go, before they are more than the rest.
    template <class F>
    void keep_only(F is_meant) {
        size_ = 0;
        for (auto& [time, group] : groups_) {
            std::erase_if(group, [&](const Entry& entry) { return !is_meant(entry); });
            std::make_heap(group.begin(), group.end(), later);
            size_ += group.size();
        }
        std::erase_if(groups_, [](const auto& group) { return group.second.empty(); });
    }

private:
    static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }
    static int64_t group_of(TimePoint at) { return at.time_since_epoch() / std::chrono::milliseconds(125); }
    const std::vector<Entry>& soonest() const { return groups_.begin()->second; }
    std::map<int64_t, std::vector<Entry>> groups_; // none is empty
    size_t size_ = 0;
};

} // namespace ringwall::pinhole

// SPDX-License-Identifier: Apache-2.0
// The end of holes: tombstones at their time, and what makes room where the map is full.
#include <cerrno>
#include <cstring>

#include "agent/pinhole/book.hpp"

namespace ringwall::pinhole {
namespace {

constexpr std::chrono::minutes longest_tombstone{10};
constexpr std::chrono::seconds delete_rest{1}; // packet-path writes in flight have landed by then

} // namespace

void Book::due(TimePoint now, std::vector<struct pinhole_key>& keys) const {
    for (auto due = timers_due_.begin(); due != timers_due_.end() && due->first <= now; ++due) {
        const auto hole = holes_.find(due->second);
        if (hole != holes_.end() && hole->second.stage == Stage::closed) keys.push_back(due->second.abi());
    }
}

void Book::bury(std::span<const PresentPinhole> seen, TimePoint now) {
    touched_.merge(std::exchange(refused_, {}));
    std::map<HoleKey, const PresentPinhole*> found;
    for (const PresentPinhole& hole : seen) found.emplace(HoleKey::from(hole.key), &hole);
    while (!timers_due_.empty() && timers_due_.begin()->first <= now) {
        const HoleKey key = timers_due_.begin()->second;
        const auto hole = holes_.find(key);
        if (hole != holes_.end() && hole->second.stage == Stage::draining && hole->second.stage_end <= now)
            break; // plan()'s
        timers_due_.erase(timers_due_.begin());
        if (hole == holes_.end() || hole->second.stage != Stage::closed || hole->second.stage_end > now) continue;
        const auto kernel = found.find(key);
        settle(key, hole->second, kernel == found.end() ? nullptr : kernel->second, now);
    }
}

void Book::settle(const HoleKey& key, Hole& hole, const PresentPinhole* seen, TimePoint now) {
    const TimePoint last_out = seen ? from_ns(seen->value.last_out_ns) : TimePoint{};
    hole.stage_end = std::min(last_out + timers_.tombstone, hole.closed_at + longest_tombstone);
    hole.is_buried = hole.stage_end <= now && hole.closed_at + delete_rest <= now;
    hole.stage_end =
        std::max(hole.stage_end, now + delete_rest); // else the inside still sends: the way back stays shut
    if (!hole.is_buried) schedule(key, hole.stage_end);
    touched_.insert(key);
}

void Book::on_failed(const struct operation& operation, TimePoint now) {
    struct pinhole_key crossed;
    std::memcpy(&crossed, operation.key, sizeof crossed);
    const HoleKey key = HoleKey::from(crossed);
    const auto hole = holes_.find(key);
    if (hole == holes_.end()) return;
    if (operation.result == -EEXIST) {
        hole->second.is_unknown = true;
        touched_.insert(key);
    } else if (operation.code == OP_INSERT_PINHOLE || operation.result == -ENOENT) {
        slots_.release(ControlWord::of(hole->second.present.value.ctl).slot, now);
        hole->second.present = {};
        hole->second.is_present = false;
        refused_.insert(key);
        if (operation.code == OP_INSERT_PINHOLE) make_room(now);
    }
}

// A full map: tombstones only explain, so the oldest make room for a call.
void Book::make_room(TimePoint now) {
    ++counters_.refused_full;
    int freed = 0;
    for (auto due = timers_due_.begin(); due != timers_due_.end() && freed < 16; ++due) {
        const auto hole = holes_.find(due->second);
        if (hole == holes_.end() || hole->second.stage != Stage::closed || hole->second.closed_at + delete_rest > now)
            continue;
        hole->second.is_buried = true;
        touched_.insert(due->second);
        ++freed;
    }
}

} // namespace ringwall::pinhole

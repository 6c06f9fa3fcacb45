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
    tombstones_.each_due(now, [&](const HoleKey& key) {
        const auto hole = holes_.find(key);
        if (hole != holes_.end() && hole->second.stage == Stage::closed) keys.push_back(key.abi());
    });
}

void Book::bury(std::span<const PresentPinhole> seen, TimePoint now) {
    for (const HoleKey& key : std::exchange(refused_, {}))
        if (Hole* hole = find(key)) touch(*hole);
    if (!tombstones_.is_due(now)) return;
    std::unordered_map<HoleKey, const PresentPinhole*> found;
    for (const PresentPinhole& hole : seen) found.emplace(HoleKey::from(hole.key), &hole);
    while (tombstones_.is_due(now)) {
        const HoleKey key = tombstones_.take().id;
        Hole* hole = find(key);
        if (!hole || hole->stage != Stage::closed || hole->stage_end > now) continue;
        const auto kernel = found.find(key);
        settle(*hole, kernel == found.end() ? nullptr : kernel->second, now);
    }
}

void Book::settle(Hole& hole, const PresentPinhole* seen, TimePoint now) {
    const TimePoint last_out = seen ? from_ns(seen->value.last_out_ns) : TimePoint{};
    hole.stage_end = std::min(last_out + timers_.tombstone, hole.closed_at + longest_tombstone);
    hole.is_buried = hole.stage_end <= now && hole.closed_at + delete_rest <= now;
    hole.stage_end =
        std::max(hole.stage_end, now + delete_rest); // else the inside still sends: the way back stays shut
    if (!hole.is_buried) tombstones_.add(hole.stage_end, hole.key);
    touch(hole);
}

void Book::on_failed(const struct operation& operation, TimePoint now) {
    struct pinhole_key crossed;
    std::memcpy(&crossed, operation.key, sizeof crossed);
    const HoleKey key = HoleKey::from(crossed);
    Hole* hole = find(key);
    if (!hole) return;
    if (operation.result == -EEXIST) {
        hole->is_unknown = true;
        touch(*hole);
    } else if (operation.code == OP_INSERT_PINHOLE || operation.result == -ENOENT) {
        slots_.release(ControlWord::of(hole->present.value.ctl).slot, now);
        is_gone(*hole);
        hole->present = {};
        refused_.insert(key);
        if (operation.code == OP_INSERT_PINHOLE) make_room(now);
    }
}

// A full map: tombstones only explain, so the oldest make room for a call.
void Book::make_room(TimePoint now) {
    ++counters_.refused_full;
    std::vector<Deadlines<HoleKey>::Entry> kept; // too young; those behind them are younger
    for (int freed = 0; freed < 16 && kept.size() < 16 && !tombstones_.empty();) {
        const auto soonest = tombstones_.take();
        Hole* hole = find(soonest.id);
        if (!hole || hole->stage != Stage::closed) continue;
        if (hole->closed_at + delete_rest > now) {
            kept.push_back(soonest);
            continue;
        }
        hole->is_buried = true;
        touch(*hole);
        ++freed;
    }
    for (const auto& entry : kept) tombstones_.add(entry.at, entry.id);
}

} // namespace ringwall::pinhole

// SPDX-License-Identifier: Apache-2.0
// Lists of pinholes and calls, of values and all at once: what replay and the tests have.
#include <algorithm>
#include <boost/json.hpp>
#include <unordered_map>

#include "agent/control/holes.hpp"
#include "agent/control/report.hpp"
#include "agent/control/text.hpp"

namespace ringwall::control {

namespace json = boost::json;
using Refusals = std::vector<std::pair<struct pinhole_key, struct refusal>>;

namespace {

template <class Map, class Key>
auto look_up(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(*found->second);
}

// Values by their keys; they outlive it.
class Values {
public:
    Values(const pinhole::Present& present, const Refusals& refusals) {
        for (const auto& hole : present.pinholes) holes.emplace(hole.key, &hole);
        for (const auto& [key, refusal] : refusals) refusals_.emplace(key, &refusal);
        for (const auto& [leg, record] : present.dialogs) records_.emplace(leg, &record);
    }
    Standing standing() const {
        return {.pinhole = [this](const auto& key) { return look_up(holes, key); },
                .refusal = [this](const auto& key) { return look_up(refusals_, key); },
                .dialog = [this](uint64_t leg) { return look_up(records_, leg); }};
    }

    std::map<struct pinhole_key, const pinhole::PresentPinhole*, ByBytes> holes;

private:
    std::map<struct pinhole_key, const struct refusal*, ByBytes> refusals_;
    std::unordered_map<uint64_t, const struct dialog_record*> records_;
};

} // namespace

json::value pinholes(const pinhole::Present& present, const Refusals& refusals, const policy::View& policy, Now now) {
    const Values values(present, refusals);
    Holes holes(values.standing(), policy, now);
    for (const auto& [leg, record] : present.dialogs) holes.note_by_hand(record);
    json::array list;
    for (const auto& [key, hole] : values.holes) list.push_back(holes.pinhole(*hole));
    return list;
}

json::value calls(const pinhole::Present& present, const Refusals& refusals, const policy::View& policy, Now now) {
    const Values values(present, refusals);
    Holes holes(values.standing(), policy, now);
    std::vector<const struct dialog_record*> oldest_first;
    for (const auto& [leg, record] : present.dialogs) {
        holes.note_by_hand(record);
        if (is_live_call(record)) oldest_first.push_back(&record);
    }
    std::ranges::sort(oldest_first, {}, [](const auto* r) { return std::pair(r->started_ns, until_nul(r->call_id)); });
    json::array list;
    for (const auto* record : oldest_first) list.push_back(holes.call(*record));
    return list;
}

} // namespace ringwall::control

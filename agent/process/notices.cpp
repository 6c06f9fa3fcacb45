// SPDX-License-Identifier: Apache-2.0
#include "agent/process/notices.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "agent/why/mend.hpp"
#include "maps/reasons.hpp"

namespace ringwall::agent {
namespace {

using namespace std::chrono_literals;
constexpr auto repeat_after = 60s;

Endpoint local_of(const struct pinhole_key& key) {
    return {IpAddress::from(key.address), Port{static_cast<uint16_t>(key.port_proto >> 16)}};
}

std::string expected_of(const pinhole::PresentPinhole& hole) {
    std::string names;
    for (uint32_t i = 0; i < hole.peers.count && i < PEERS_PER_SET; ++i)
        names += (i == 0 ? "" : " or ") + Endpoint::from(hole.peers.peer[i]).to_string();
    return names;
}

// It was refused for another cause: the call has ended, say.
bool is_expected(const pinhole::PresentPinhole& hole, const struct peer& source) {
    const auto end = hole.peers.peer + std::min<uint32_t>(hole.peers.count, PEERS_PER_SET);
    return std::any_of(hole.peers.peer, end,
                       [&](const struct peer& each) { return Endpoint::from(each) == Endpoint::from(source); });
}

uint8_t zone_of(const struct pinhole& value) { return static_cast<uint8_t>(value.ctl >> CTL_ZONE_SHIFT); }

std::string name_of(const struct dialog_record& record) {
    return {record.call_id, strnlen(record.call_id, sizeof record.call_id)};
}

std::string owner_of(const std::optional<struct dialog_record>& owner) {
    if (!owner) return {};
    return ((owner->flags & DIALOG_BY_HAND) != 0 ? ", open by hand for " : " of call ") + name_of(*owner) +
           ((owner->flags & DIALOG_BY_HAND) != 0 ? "," : "");
}

Notice refused(const kernel::Maps& maps, const policy::View& policy, const struct pinhole_key& key,
               const struct refusal& refusal, uint64_t packets) {
    const auto holes = maps.find({&key, 1});
    const auto owner = maps.find_dialog(refusal.owner);
    Notice notice{Level::info, "media.refused", {}, {}};
    if (owner && (owner->flags & DIALOG_BY_HAND) == 0) notice.fields.push_back({"call_id", name_of(*owner)});
    notice.fields.push_back({"local", local_of(key).to_string()});
    notice.fields.push_back({"source", Endpoint::from(refusal.last_source).to_string()});
    notice.fields.push_back({"reason", std::string(reason_text(refusal.last_reason).label)});
    std::string& text = notice.text;
    text = "media to " + local_of(key).to_string() + owner_of(owner) +
           (refusal.last_passed ? " not as negotiated: " : " refused: ") + std::to_string(packets) +
           (packets == 1 ? " packet, last from " : " packets, last from ") +
           Endpoint::from(refusal.last_source).to_string();
    if (!holes.empty() && holes[0].peers.peer[0].port != 0 && !is_expected(holes[0], refusal.last_source))
        text += ", expected " + expected_of(holes[0]);
    text += " (" + std::string(reason_text(refusal.last_reason).label) + ": " +
            std::string(reason_text(refusal.last_reason).sentence) + ")";
    const std::string mend = holes.empty() ? ""
                                           : why::mend_of_refusal(policy, zone_of(holes[0].value), refusal.last_reason,
                                                                  IpAddress::from(refusal.last_source.address));
    if (!mend.empty()) text += "; " + mend;
    return notice;
}

} // namespace

void PacedLog::say(const Notice& notice) {
    auto found = said_.find(notice.event);
    if (found == said_.end()) found = said_.emplace(notice.event, Said{notice.level}).first;
    found->second.level = std::max(found->second.level, notice.level);
    if (found->second.count++ < limit_) write_(notice);
}

void PacedLog::each_second() {
    for (const auto& [event, said] : said_) {
        if (said.count <= limit_) continue;
        const std::string more = std::to_string(said.count - limit_);
        write_({said.level, event, more + " more of these in the last second", {{"suppressed", more}}});
    }
    said_.clear();
}

void RefusalLog::look(const kernel::Maps& maps, const policy::View& policy, Now now, PacedLog& log) {
    for (auto& [key, told] : told_) told.is_present = false;
    for (const auto& [key, refusal] : maps.refusals()) {
        auto& told = told_[std::bit_cast<std::array<uint32_t, 5>>(key)];
        told.is_present = true;
        if (told.count == 0 && refusal.last_ns < told_until_ns_) told.count = refusal.count;
        if (refusal.count < told.count) told = {.is_present = true}; // another call's hole by now
        const bool is_due = told.count == 0 || now.monotonic - told.last >= repeat_after;
        if (refusal.count == told.count || !is_due) continue;
        log.say(refused(maps, policy, key, refusal, refusal.count - told.count));
        told.count = refusal.count;
        told.last = now.monotonic;
    }
    std::erase_if(told_, [](const auto& each) { return !each.second.is_present; });
}

} // namespace ringwall::agent

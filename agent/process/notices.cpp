// SPDX-License-Identifier: Apache-2.0
#include "agent/process/notices.hpp"

#include <bit>
#include <cstring>

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

uint8_t zone_of(const struct pinhole& value) { return static_cast<uint8_t>(value.ctl >> CTL_ZONE_SHIFT); }

// The mend, where the configuration holds one.
std::string advice(const struct refusal& refusal, const pinhole::PresentPinhole& hole, const policy::View& policy) {
    const uint8_t zone = zone_of(hole.value);
    switch (refusal.last_reason) {
        case REASON_not_media:
        case REASON_wrong_payload_type:
        case REASON_wrong_ssrc:
        case REASON_over_rate:
            if (policy.conformance(zone) != policy::Conformance::enforce) return {};
            return "; `conformance: count` for " + std::string(policy.zone_name(zone)) + " would let such media pass";
        case REASON_wrong_source:
        case REASON_rtp_injection:
        case REASON_rtp_bleed: break;
        default: return {};
    }
    const auto* peer = policy.peer(zone);
    if (peer == nullptr) return "; a peer declared with `expectation: any` would allow it";
    if (peer->expectation == policy::Expectation::any) return {};
    return "; `expectation: any` for peer " + peer->name + " would allow it";
}

std::string sentence(const kernel::Maps& maps, const policy::View& policy, const struct pinhole_key& key,
                     const struct refusal& refusal, uint64_t packets) {
    const auto dialog = maps.find_dialog(refusal.owner);
    const auto holes = maps.find({&key, 1});
    std::string text = "media to " + local_of(key).to_string();
    if (dialog) text += " of call " + std::string(dialog->call_id, strnlen(dialog->call_id, sizeof dialog->call_id));
    text += std::string(refusal.last_passed ? " not as negotiated: " : " refused: ") + std::to_string(packets) +
            " packets, last from " + Endpoint::from(refusal.last_source).to_string();
    if (!holes.empty() && holes[0].peers.peer[0].port != 0) text += ", expected " + expected_of(holes[0]);
    text += " (" + std::string(reason_text(refusal.last_reason).label) + ": " +
            std::string(reason_text(refusal.last_reason).sentence) + ")";
    return holes.empty() ? text : text + advice(refusal, holes[0], policy);
}

} // namespace

void PacedLog::say(std::string_view event, std::string_view text) {
    auto found = said_.find(event);
    if (found == said_.end()) found = said_.emplace(event, 0).first;
    if (found->second++ < limit_) write_(event, text);
}

void PacedLog::say(std::span<const Notice> notices) {
    for (const auto& notice : notices)
        say(notice.event, notice.call_id.empty() ? notice.text : notice.text + " [" + notice.call_id + "]");
}

void PacedLog::each_second() {
    for (const auto& [event, count] : said_)
        if (count > limit_) write_(event, std::to_string(count - limit_) + " more of these in the last second");
    said_.clear();
}

void RefusalLog::look(const kernel::Maps& maps, const policy::View& policy, Now now, PacedLog& log) {
    for (auto& [key, told] : told_) told.is_present = false;
    for (const auto& [key, refusal] : maps.refusals()) {
        auto& told = told_[std::bit_cast<std::array<uint32_t, 5>>(key)];
        told.is_present = true;
        if (refusal.count < told.count) told = {.is_present = true}; // another call's hole by now
        const bool is_due = told.count == 0 || now.monotonic - told.last >= repeat_after;
        if (refusal.count == told.count || !is_due) continue;
        log.say("media.refused", sentence(maps, policy, key, refusal, refusal.count - told.count));
        told.count = refusal.count;
        told.last = now.monotonic;
    }
    std::erase_if(told_, [](const auto& each) { return !each.second.is_present; });
}

} // namespace ringwall::agent

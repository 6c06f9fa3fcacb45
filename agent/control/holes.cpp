// SPDX-License-Identifier: Apache-2.0
// Pinholes and calls as documents. A refusal on a live hole is told in full: who was expected, who came, why it was
// refused, and the setting that would allow it.
#include "agent/control/holes.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "agent/control/text.hpp"
#include "agent/pinhole/words.hpp"
#include "agent/why/mend.hpp"
#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;

uint32_t field(uint64_t ctl, unsigned shift, uint32_t mask) { return static_cast<uint32_t>(ctl >> shift) & mask; }

Endpoint local_of(const struct pinhole_key& key) {
    return {IpAddress::from(key.address), Port{static_cast<uint16_t>(key.port_proto >> 16)}};
}

std::string_view state_name(uint32_t state) {
    switch (state) {
        case DIALOG_CONFIRMED: return "confirmed";
        case DIALOG_ENDING: return "ending";
        default: return "early";
    }
}

// One decimal: what people read, and finer than the agent's own timers.
double seconds_between(uint64_t earlier_ns, uint64_t later_ns) {
    if (later_ns <= earlier_ns) return 0;
    return std::round(static_cast<double>(later_ns - earlier_ns) / 1e8) / 10;
}

uint64_t last_media_ns(const struct pinhole& value) { return std::max(value.last_in_ns, value.last_out_ns); }

json::array peers_of(const pinhole::PresentPinhole& hole) {
    json::array list;
    const uint32_t constraint = field(hole.value.ctl, CTL_CONSTRAINT_SHIFT, 0xf);
    if (constraint != CONSTRAINT_PEERS && constraint != CONSTRAINT_ADDRESSES) return list;
    const uint32_t count = std::min<uint32_t>(hole.peers.count, PEERS_PER_SET);
    for (uint32_t i = 0; i < count; ++i) list.push_back(json::string(Endpoint::from(hole.peers.peer[i]).to_string()));
    return list;
}

uint64_t sum_of(std::string_view member, const json::array& holes) {
    uint64_t sum = 0;
    for (const json::value& hole : holes) sum += hole.at(member).to_number<uint64_t>();
    return sum;
}

} // namespace

Holes::Holes(Standing standing, const policy::View& policy, Now now)
    : standing_(std::move(standing)),
      policy_(policy),
      now_ns_(static_cast<uint64_t>(std::chrono::nanoseconds(now.monotonic.time_since_epoch()).count())) {}

void Holes::note_by_hand(const struct dialog_record& record) {
    if (record.state == DIALOG_ENDED || (record.flags & DIALOG_BY_HAND) == 0) return;
    const json::object opening{{"name", to_utf8(until_nul(record.call_id))},
                               {"expires_in", seconds_between(now_ns_, record.deadline_ns)}};
    for (size_t i = 0; i < std::min<size_t>(record.claim_count, CLAIMS_PER_LEG); ++i)
        by_hand_[record.claims[i].key].push_back(opening);
}

std::string Holes::call_id_of(uint64_t leg) const {
    const auto record = standing_.dialog(leg);
    if (!record || (record->flags & DIALOG_BY_HAND) != 0) return {};
    return to_utf8(until_nul(record->call_id));
}

// Of an offer that nobody has answered: until it is given up, if no media passes. Not before its call has had none for a
// while, on any of its ports (dialog::Table::is_over).
uint64_t Holes::end_of(const struct pinhole& value) const {
    constexpr uint64_t second = 1'000'000'000, silence = IDLE_AFTER_SOFT_DEADLINE_S * second;
    const bool is_offered = field(value.ctl, CTL_PHASE_SHIFT, 0xf) == PHASE_OFFERED;
    if (!is_offered || value.soft_deadline_s == 0) return value.deadline_ns;
    uint64_t last_ns = last_media_ns(value);
    if (const auto record = standing_.dialog(value.owner))
        for (size_t i = 0; i < std::min<size_t>(record->claim_count, CLAIMS_PER_LEG); ++i)
            if (const auto sibling = standing_.pinhole(record->claims[i].key))
                last_ns = std::max(last_ns, last_media_ns(sibling->value));
    return std::min<uint64_t>(std::max(value.soft_deadline_s * second, last_ns + silence), value.deadline_ns);
}

json::object Holes::pinhole(const pinhole::PresentPinhole& hole) const {
    const struct pinhole& value = hole.value;
    const auto zone = static_cast<uint8_t>(field(value.ctl, CTL_ZONE_SHIFT, 0xff));
    const uint64_t last_ns = last_media_ns(value);
    json::object entry{
        {"local", local_of(hole.key).to_string()},
        {"proto", to_string(static_cast<Protocol>(hole.key.port_proto & 0xff))},
        {"component", pinhole::component_name(field(value.ctl, CTL_COMPONENT_SHIFT, 0xf))},
        {"phase", pinhole::phase_name(value, now_ns_)},
        {"asleep", pinhole::is_asleep(value, now_ns_)},
        {"constraint", pinhole::constraint_name(field(value.ctl, CTL_CONSTRAINT_SHIFT, 0xf))},
        {"peers", peers_of(hole)},
        {"call_id", call_id_of(value.owner)},
        {"packets", value.packets},
        {"bytes", value.bytes},
        {"expires_in", seconds_between(now_ns_, end_of(value))},
        {"media", field(value.ctl, CTL_MEDIA_SHIFT, 0xff)},
        {"zone", policy_.zone_name(zone)},
        {"ice", (field(value.ctl, CTL_FLAGS_SHIFT, 0xff) & PINHOLE_ICE) != 0},
    };
    if (last_ns == 0) entry["idle"] = nullptr; // no media yet
    else entry["idle"] = seconds_between(last_ns, now_ns_);
    if (const auto found = by_hand_.find(hole.key); found != by_hand_.end()) entry["by_hand"] = found->second;
    add_refusal(hole, entry);
    return entry;
}

void Holes::add_refusal(const pinhole::PresentPinhole& hole, json::object& entry) const {
    const struct refusal refusal = standing_.refusal(hole.key).value_or(::refusal{});
    entry["refused"] = refusal.count - refusal.nonconformant;
    entry["nonconformant"] = refusal.nonconformant;
    if (refusal.count == 0) return;
    const ReasonText text = reason_text(refusal.last_reason);
    const auto zone = static_cast<uint8_t>(field(hole.value.ctl, CTL_ZONE_SHIFT, 0xff));
    const Endpoint source = Endpoint::from(refusal.last_source);
    entry["last_refused"] =
        json::object{{"source", source.to_string()},
                     {"reason", text.label},
                     {"passed", refusal.last_passed != 0},
                     {"sentence", text.sentence},
                     {"ago", seconds_between(refusal.last_ns, now_ns_)},
                     {"mend", why::mend_of_refusal(policy_, zone, refusal.last_reason, source.address)}};
}

json::object Holes::call(const struct dialog_record& record, std::optional<Endpoint> elsewhere) const {
    const Endpoint outside = Endpoint::from(record.outside);
    const std::string_view peer = policy_.zone_name(policy_.zone_of(outside.address));
    json::array own;
    for (size_t i = 0; i < std::min<size_t>(record.claim_count, CLAIMS_PER_LEG); ++i)
        if (const auto hole = standing_.pinhole(record.claims[i].key)) own.push_back(pinhole(*hole));
    const uint64_t refused = sum_of("refused", own), nonconformant = sum_of("nonconformant", own);
    return {{"call_id", to_utf8(until_nul(record.call_id))},
            {"state", state_name(record.state)},
            {"direction", (record.flags & DIALOG_BEGUN_INSIDE) != 0 ? "outbound" : "inbound"},
            {"from", to_utf8(until_nul(record.from))},
            {"to", to_utf8(until_nul(record.to))},
            {"peer", peer.empty() ? outside.to_string() : std::string(peer)},
            {"outside", outside.to_string()},
            {"started", record.started_s},
            {"refused", refused},
            {"nonconformant", nonconformant},
            {"media_elsewhere", elsewhere ? elsewhere->to_string() : ""},
            {"pinholes", std::move(own)}};
}

} // namespace ringwall::control

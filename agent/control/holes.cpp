// SPDX-License-Identifier: Apache-2.0
// Pinholes and calls as documents. A refusal on a live hole is told in full: who was expected, who came, why it was
// refused, and the setting that would allow it.
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>

#include "agent/control/report.hpp"
#include "agent/control/text.hpp"
#include "maps/reasons.hpp"

namespace ringwall::control {
namespace {

namespace json = boost::json;
using Refusals = std::vector<std::pair<struct pinhole_key, struct refusal>>;

struct ByBytes {
    bool operator()(const struct pinhole_key& a, const struct pinhole_key& b) const {
        return std::memcmp(&a, &b, sizeof a) < 0;
    }
};

uint32_t field(uint64_t ctl, unsigned shift, uint32_t mask) { return static_cast<uint32_t>(ctl >> shift) & mask; }

Endpoint local_of(const struct pinhole_key& key) {
    return {IpAddress::from(key.address), Port{static_cast<uint16_t>(key.port_proto >> 16)}};
}

std::string_view component_name(uint32_t component) {
    switch (component) {
        case COMPONENT_RTP: return "rtp";
        case COMPONENT_RTCP: return "rtcp";
        case COMPONENT_RTP_RTCP: return "rtp+rtcp";
        case COMPONENT_UDPTL: return "udptl";
        case COMPONENT_RTP_UDPTL: return "rtp+udptl";
        default: return "other";
    }
}

// A drained hole needs no one to close it: past its deadline the kernel refuses as if it were closed.
std::string_view phase_name(const struct pinhole& hole, uint64_t now_ns) {
    switch (field(hole.ctl, CTL_PHASE_SHIFT, 0xf)) {
        case PHASE_OFFERED: return "offered";
        case PHASE_ANSWERED: return "answered";
        case PHASE_HELD: return "held";
        case PHASE_DRAINING: return now_ns < hole.deadline_ns ? "draining" : "closed";
        default: return "closed";
    }
}

std::string_view constraint_name(uint32_t constraint) {
    switch (constraint) {
        case CONSTRAINT_NETWORKS: return "networks";
        case CONSTRAINT_PEERS: return "negotiated";
        case CONSTRAINT_ADDRESSES: return "strict";
        default: return "any";
    }
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

class Holes {
public:
    Holes(const pinhole::Present& present, const Refusals& refusals, const policy::View& policy, Now now)
        : policy_(policy), refusals_(refusals.begin(), refusals.end()) {
        const auto since_boot = std::chrono::nanoseconds(now.monotonic.time_since_epoch());
        now_ns_ = static_cast<uint64_t>(since_boot.count());
        for (const auto& hole : present.pinholes) by_key_.emplace(hole.key, &hole);
        for (const auto& [leg, record] : present.dialogs) call_ids_.emplace(leg, to_utf8(until_nul(record.call_id)));
    }

    json::array all() const {
        json::array list;
        for (const auto& [key, hole] : by_key_) list.push_back(entry(*hole));
        return list;
    }

    json::array of(const struct dialog_record& record) const {
        json::array list;
        const size_t count = std::min<size_t>(record.claim_count, CLAIMS_PER_LEG);
        for (size_t i = 0; i < count; ++i)
            if (const auto found = by_key_.find(record.claims[i].key); found != by_key_.end())
                list.push_back(entry(*found->second));
        return list;
    }

private:
    json::object entry(const pinhole::PresentPinhole& hole) const;
    json::array peers(const pinhole::PresentPinhole& hole) const;
    void add_refusal(const pinhole::PresentPinhole& hole, json::object& entry) const;
    std::string mend(const struct pinhole& hole, const struct refusal& refusal) const;

    const policy::View& policy_;
    uint64_t now_ns_ = 0;
    std::map<struct pinhole_key, const pinhole::PresentPinhole*, ByBytes> by_key_;
    std::map<struct pinhole_key, struct refusal, ByBytes> refusals_;
    std::unordered_map<uint64_t, std::string> call_ids_;
};

json::object Holes::entry(const pinhole::PresentPinhole& hole) const {
    const struct pinhole& value = hole.value;
    const auto owner = call_ids_.find(value.owner);
    const auto zone = static_cast<uint8_t>(field(value.ctl, CTL_ZONE_SHIFT, 0xff));
    const uint64_t last_ns = std::max(value.last_in_ns, value.last_out_ns);
    json::object entry{
        {"local", local_of(hole.key).to_string()},
        {"proto", to_string(static_cast<Protocol>(hole.key.port_proto & 0xff))},
        {"component", component_name(field(value.ctl, CTL_COMPONENT_SHIFT, 0xf))},
        {"phase", phase_name(value, now_ns_)},
        {"constraint", constraint_name(field(value.ctl, CTL_CONSTRAINT_SHIFT, 0xf))},
        {"peers", peers(hole)},
        {"call_id", owner == call_ids_.end() ? std::string() : owner->second},
        {"packets", value.packets},
        {"bytes", value.bytes},
        {"expires_in", seconds_between(now_ns_, value.deadline_ns)},
        {"media", field(value.ctl, CTL_MEDIA_SHIFT, 0xff)},
        {"zone", policy_.zone_name(zone)},
        {"ice", (field(value.ctl, CTL_FLAGS_SHIFT, 0xff) & PINHOLE_ICE) != 0},
    };
    if (last_ns == 0) entry["idle"] = nullptr; // no media yet
    else entry["idle"] = seconds_between(last_ns, now_ns_);
    add_refusal(hole, entry);
    return entry;
}

json::array Holes::peers(const pinhole::PresentPinhole& hole) const {
    json::array list;
    const uint32_t constraint = field(hole.value.ctl, CTL_CONSTRAINT_SHIFT, 0xf);
    if (constraint != CONSTRAINT_PEERS && constraint != CONSTRAINT_ADDRESSES) return list;
    const uint32_t count = std::min<uint32_t>(hole.peers.count, PEERS_PER_SET);
    for (uint32_t i = 0; i < count; ++i) list.push_back(json::string(Endpoint::from(hole.peers.peer[i]).to_string()));
    return list;
}

void Holes::add_refusal(const pinhole::PresentPinhole& hole, json::object& entry) const {
    const auto found = refusals_.find(hole.key);
    entry["refused"] = found == refusals_.end() ? 0 : found->second.count - found->second.nonconformant;
    entry["nonconformant"] = found == refusals_.end() ? 0 : found->second.nonconformant;
    if (found == refusals_.end() || found->second.count == 0) return;
    const struct refusal& refusal = found->second;
    const ReasonText text = reason_text(refusal.last_reason);
    entry["last_refused"] = json::object{{"source", Endpoint::from(refusal.last_source).to_string()},
                                         {"reason", text.label},
                                         {"passed", refusal.last_passed != 0},
                                         {"sentence", text.sentence},
                                         {"ago", seconds_between(refusal.last_ns, now_ns_)},
                                         {"mend", mend(hole.value, refusal)}};
}

bool is_of_source(uint32_t reason) {
    return reason == REASON_wrong_source || reason == REASON_rtp_injection || reason == REASON_rtp_bleed;
}

bool is_of_conformance(uint32_t reason) {
    return reason == REASON_not_media || reason == REASON_wrong_payload_type || reason == REASON_wrong_ssrc ||
           reason == REASON_over_rate;
}

std::string conformance_mend(const policy::View& policy, uint8_t zone) {
    if (policy.conformance(zone) != policy::Conformance::enforce) return {};
    const std::string_view name = policy.zone_name(zone);
    return "set conformance: count for " + std::string(policy.is_declared_peer(zone) ? "peer " : "zone ") +
           std::string(name);
}

// The setting that would allow the source that was refused; "" where none should.
std::string Holes::mend(const struct pinhole& hole, const struct refusal& refusal) const {
    if (is_of_conformance(refusal.last_reason))
        return conformance_mend(policy_, static_cast<uint8_t>(field(hole.ctl, CTL_ZONE_SHIFT, 0xff)));
    if (!is_of_source(refusal.last_reason)) return {};
    const IpAddress source = IpAddress::from(refusal.last_source.address);
    const auto zone = static_cast<uint8_t>(field(hole.ctl, CTL_ZONE_SHIFT, 0xff));
    const policy::Peer* peer = policy_.peer(zone);
    if (peer == nullptr) return "if this source is the other party's media, declare its networks as a peer";
    if (policy_.zone_of(source) != zone)
        return "if it is theirs, add " + source.to_string() + " to the networks of peer " + peer->name;
    if (peer->expectation == policy::Expectation::networks || peer->expectation == policy::Expectation::any)
        return peer->latch == 0 ? "" : "another source has the port: set latch: 0 for peer " + peer->name;
    return "set expectation: networks for peer " + peer->name;
}

uint64_t sum_of(std::string_view member, const json::array& holes) {
    uint64_t sum = 0;
    for (const json::value& hole : holes) sum += hole.at(member).to_number<uint64_t>();
    return sum;
}

json::object call_entry(const struct dialog_record& record, const Holes& holes, const policy::View& policy) {
    const Endpoint outside = Endpoint::from(record.outside);
    const std::string_view peer = policy.zone_name(policy.zone_of(outside.address));
    json::array own = holes.of(record);
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
            {"pinholes", std::move(own)}};
}

} // namespace

json::value pinholes(const pinhole::Present& present, const Refusals& refusals, const policy::View& policy, Now now) {
    return Holes(present, refusals, policy, now).all();
}

json::value calls(const pinhole::Present& present, const Refusals& refusals, const policy::View& policy, Now now) {
    const Holes holes(present, refusals, policy, now);
    std::vector<const struct dialog_record*> oldest_first;
    for (const auto& [leg, record] : present.dialogs)
        if (record.state != DIALOG_ENDED) oldest_first.push_back(&record);
    std::ranges::sort(oldest_first, {}, [](const auto* r) { return std::pair(r->started_ns, until_nul(r->call_id)); });
    json::array list;
    for (const auto* record : oldest_first) list.push_back(call_entry(*record, holes, policy));
    return list;
}

} // namespace ringwall::control

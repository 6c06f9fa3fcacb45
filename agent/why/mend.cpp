// SPDX-License-Identifier: Apache-2.0
#include "agent/why/mend.hpp"

#include "maps/reasons.hpp"
#include "policy/explain.hpp"

namespace ringwall::why {
namespace {

bool is_of_source(uint32_t reason) {
    return reason == REASON_wrong_source || reason == REASON_rtp_injection || reason == REASON_rtp_bleed;
}

bool is_of_conformance(uint32_t reason) {
    return reason == REASON_not_media || reason == REASON_wrong_payload_type || reason == REASON_wrong_ssrc ||
           reason == REASON_over_rate;
}

// "peer provider", "zone internet"; empty for 0.
std::string party_of(const policy::View& policy, uint8_t zone) {
    if (zone == 0) return {};
    return (policy.is_declared_peer(zone) ? "peer " : "zone ") + std::string(policy.zone_name(zone));
}

std::string set_for(std::string_view setting, const IpAddress& source, const policy::View& policy) {
    const std::string party = party_of(policy, policy.zone_of(source));
    if (!party.empty()) return std::string(setting) + " of " + party;
    return "declare " + source.to_string() + " as a peer or in a zone, with its own " + std::string(setting);
}

// The limits of each source. Of one that is no trunk it may be the telephones of an office that share its address.
std::string of_limits(std::string_view sip_class, const IpAddress& source, const policy::View& policy) {
    const std::string setting = (sip_class.empty() ? "" : std::string(sip_class) + " in ") + "limits";
    const std::string mend = set_for(setting, source, policy);
    if (policy.is_declared_peer(policy.zone_of(source))) return mend;
    return mend + ", or limits: { office-of: N } there, for N telephones behind one address";
}

std::string of_denial(const IpAddress& source, const policy::View& policy) {
    const std::string because = policy::explain(source, policy).because;
    return (because.empty() ? "" : because + "; ") + "an entry in allow goes before it";
}

std::string mend_of_conformance(const policy::View& policy, uint8_t zone) {
    if (policy.conformance(zone) != policy::Conformance::enforce) return {};
    return "set conformance: count for " + party_of(policy, zone);
}

} // namespace

std::string mend_of_refusal(const policy::View& policy, uint8_t zone, uint32_t reason, const IpAddress& source) {
    if (is_of_conformance(reason)) return mend_of_conformance(policy, zone);
    if (!is_of_source(reason)) return {};
    const policy::Peer* peer = policy.peer(zone);
    if (peer == nullptr)
        return "if this source is the other party's media, declare a peer with the networks of both, its SIP and its "
               "media; whoever is no peer then needs a zone with sip: yes";
    if (policy.zone_of(source) != zone)
        return "if it is theirs, add " + source.to_string() + " to the networks of peer " + peer->name;
    if (peer->expectation == policy::Expectation::networks || peer->expectation == policy::Expectation::any)
        return peer->latch == 0 ? "" : "another source has the port: set latch: 0 for peer " + peer->name;
    return "set expectation: networks for peer " + peer->name;
}

std::string mend_of_drop(const policy::View& policy, uint32_t reason, const IpAddress& source,
                         std::string_view sip_class, std::optional<uint8_t> zone_of_call) {
    switch (reason) {
        case REASON_spoofed_inside: return "allow_hairpin: yes, where the network really sends so";
        case REASON_denied: return of_denial(source, policy);
        // Of all of the address, of a port of it, or of its /64.
        case REASON_banned:
            return "ringwall bans del, of the ban that ringwall sources " + source.to_string() + " shows";
        case REASON_not_a_peer: return "declare it as a peer, or in a zone with sip: yes";
        case REASON_out_not_a_peer:
            return "declare the destination as a peer, or in a zone with sip: yes, and deny it nowhere";
        case REASON_not_registrar: return set_for("expectation: networks", source, policy);
        case REASON_rate_limited:
        case REASON_rate_limit_full: return of_limits(sip_class, source, policy);
        case REASON_syn_limited: return of_limits(class_name(CLASS_SYN), source, policy);
        case REASON_total_limited:
            return set_for((sip_class.empty() ? "" : std::string(sip_class) + " in ") + "total_limits", source, policy);
        case REASON_calls_full: return set_for("calls", source, policy) + ", or ceilings.calls";
        case REASON_no_pinhole: return "a call that names this port, an entry in rules, or ringwall pinholes open";
        case REASON_call_ended:
        case REASON_return_path_ended: return "timers.drain, where media lasts longer than its call";
        case REASON_pinhole_expired: return "timers.max_call";
        case REASON_pinhole_idle: return "timers.idle, for calls on hold timers.held";
        case REASON_agent_lost_closed: return "on_agent_loss.do: keep";
        default: return mend_of_refusal(policy, zone_of_call.value_or(policy.zone_of(source)), reason, source);
    }
}

} // namespace ringwall::why

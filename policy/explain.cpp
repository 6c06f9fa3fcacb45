// SPDX-License-Identifier: Apache-2.0
#include "policy/explain.hpp"

#include <algorithm>

namespace ringwall::policy {
namespace {

std::string zone_text(uint8_t zone, const View& policy) {
    if (zone == 0) return "unknown";
    return (policy.is_declared_peer(zone) ? "of peer " : "of zone ") + std::string(policy.zone_name(zone));
}

std::string standing(const IpAddress& address, const View& policy) {
    if (policy.is_protected(address)) return "protected";
    if (policy.is_allowed(address)) return "allowed";
    if (policy.is_denied(address)) return "denied";
    return zone_text(policy.zone_of(address), policy);
}

bool decides(const Statement& stated, const IpAddress& address, const View& policy) {
    if (policy.is_protected(address)) return stated.claim == Claim::inside;
    if (policy.is_allowed(address)) return stated.claim == Claim::allowed || stated.claim == Claim::bypass;
    if (policy.is_denied(address)) return stated.claim == Claim::denied || stated.claim == Claim::feed;
    return stated.claim == Claim::zone && stated.number == policy.zone_of(address);
}

} // namespace

Explanation explain(const IpAddress& address, const View& policy) {
    const auto all = policy.lookup().statements_of(address);
    const auto sentence = [&](const Statement& stated) {
        return sentence_of(stated, policy.lookup().source(stated.source), zone_text(stated.number, policy));
    };
    // A feed's word does not reach a declared peer: where both deny one, it is the operator's.
    const bool is_peer = policy.is_declared_peer(policy.zone_of(address));
    Explanation told{.is = standing(address, policy), .because = {}, .said = {}};
    for (const Statement& stated : all) {
        told.said.push_back(sentence(stated));
        if (told.because.empty() && decides(stated, address, policy) && !(is_peer && stated.claim == Claim::feed))
            told.because = told.said.back();
    }
    return told;
}

} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/trickle.hpp"

#include <algorithm>

#include "agent/dialog/leg.hpp"

namespace ringwall::dialog {
namespace {

constexpr size_t most_claims = CLAIMS_PER_LEG; // of one side: what is trickled comes without a bound

bool is_rtcp(const pinhole::Claim& claim) { return claim.component == pinhole::Component::rtcp; }

} // namespace

std::string description_of_fragment(std::string_view fragment) {
    return "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n" + std::string(fragment);
}

void join_candidates(std::vector<pinhole::Claim>& claims, const std::vector<pinhole::Claim>& candidates) {
    for (const pinhole::Claim& candidate : candidates) {
        if (claims.size() >= most_claims || candidate.ufrag_hash == 0) return;
        if (std::ranges::find(claims, candidate.key(), &pinhole::Claim::key) != claims.end()) continue;
        const auto sibling = std::ranges::find_if(claims, [&](const pinhole::Claim& claim) {
            return claim.ufrag_hash == candidate.ufrag_hash && is_rtcp(claim) == is_rtcp(candidate);
        });
        if (sibling == claims.end()) continue; // of another generation, or RTCP that is muxed
        pinhole::Claim joined = *sibling;
        joined.local = candidate.local;
        claims.push_back(std::move(joined));
    }
}

} // namespace ringwall::dialog

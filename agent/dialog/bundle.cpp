// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/bundle.hpp"

#include <algorithm>

namespace ringwall::dialog {
namespace {

using pinhole::Claim;

bool is_rtcp(const Claim& claim) { return claim.component == pinhole::Component::rtcp; }

bool names_the_same(const sdp::Media& media, const sdp::Media& tagged) {
    if (media.port.value == 0) return media.bundle_only;
    return media.port == tagged.port && media.port_count == 1 && tagged.port_count == 1 &&
           std::ranges::equal(media.connections(), tagged.connections());
}

// The tagged m-line that the answer puts this one under: another of the same group, and that of its m-lines which the
// offer lists first (7.3.1). Else nothing.
const Claim* tagged_of(const Claim& claim, const std::vector<Claim>& offer, const Remote& answer) {
    const auto is_together = [&](const Claim& other) {
        return other.bundle == claim.bundle && other.media < answer.media.size() &&
               answer.media[other.media].bundled_with == answer.media[claim.media].bundled_with;
    };
    const bool is_bundled = claim.bundle != 0 && claim.media < answer.media.size() &&
                            answer.media[claim.media].bundled_with &&
                            answer.media[claim.media].bundled_with != claim.media;
    if (!is_bundled) return nullptr;
    const Claim* first = &claim;
    for (const Claim& other : offer)
        if (is_together(other) && other.bundle_rank < first->bundle_rank) first = &other;
    return first->media == answer.media[claim.media].bundled_with ? first : nullptr;
}

// Its media, at the port of the other.
Claim moved_to(const Claim& tagged, Claim claim) {
    claim.local = tagged.local;
    claim.is_mux_offered = tagged.is_mux_offered;
    claim.ufrag_hash = tagged.ufrag_hash;
    return claim;
}

} // namespace

// SCTP is DTLS from without, of the association that SRTP has its keys from (RFC 9143 9.1, RFC 8841 6), and that may come.
bool comes_by_dtls(const Claim& claim, const Claim& tagged) {
    return claim.component == pinhole::Component::other && pinhole::is_rtp(tagged.component) && tagged.is_srtp;
}

std::vector<std::optional<uint8_t>> bundled_with(const sdp::Session& session) {
    std::vector<std::optional<uint8_t>> tagged(session.media_count);
    for (size_t i = 0; i < session.media_count; ++i) {
        const sdp::Media& media = session.media()[i];
        const auto is_first = [&](const sdp::Media& other) {
            return other.bundle == media.bundle && other.bundle_rank == 0;
        };
        const auto first = std::ranges::find_if(session.media(), is_first);
        if (media.bundle == 0 || first->port.value == 0 || !names_the_same(media, *first)) continue;
        tagged[i] = static_cast<uint8_t>(first - session.media().begin());
    }
    return tagged;
}

std::vector<Claim> as_bundled(std::vector<Claim> offer, const Remote& answer) {
    if (std::ranges::all_of(offer, [](const Claim& claim) { return claim.bundle == 0; })) return offer;
    std::vector<Claim> claims, moved;
    std::vector<uint8_t> done;
    for (const Claim& claim : offer) {
        const Claim* tagged = tagged_of(claim, offer, answer);
        if (!tagged || tagged->protocol != claim.protocol) {
            claims.push_back(claim);
            continue;
        }
        if (std::ranges::find(done, claim.media) != done.end()) continue;
        done.push_back(claim.media);
        for (const Claim& at : offer) {
            if (at.media != tagged->media) continue;
            const auto own = std::ranges::find_if(
                offer, [&](const Claim& each) { return each.media == claim.media && is_rtcp(each) == is_rtcp(at); });
            if (own != offer.end() && !comes_by_dtls(*own, at)) moved.push_back(moved_to(at, *own));
        }
    }
    claims.insert(claims.end(), moved.begin(), moved.end()); // behind the tagged ones, whose senders they have
    return claims;
}

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/setup.hpp"

#include <algorithm>

#include "agent/dialog/media_line.hpp"

namespace ringwall::dialog {
namespace {

using pinhole::Claim;
using pinhole::Waits;

bool stood(const Claim& claim, const std::vector<Claim>& before) {
    return std::ranges::find(before, claim.key(), &Claim::key) != before.end();
}

} // namespace

bool never_listens(const sdp::Media& media) {
    return media.setup == sdp::Setup::active || media.setup == sdp::Setup::holdconn;
}

bool never_connects(const sdp::Media& media) {
    return is_tcp_media(media) && (media.setup == sdp::Setup::passive || media.setup == sdp::Setup::holdconn);
}

Waits waits(const sdp::Media& media) {
    if (!is_tcp_media(media)) return Waits::surely;
    if (media.setup == sdp::Setup::actpass) return Waits::if_chosen;
    return media.setup == sdp::Setup::none ? Waits::as_answerer : Waits::surely;
}

std::vector<Claim> as_offered(std::vector<Claim> claims, const std::vector<Claim>& before) {
    std::erase_if(claims,
                  [&](const Claim& claim) { return claim.waits == Waits::as_answerer && !stood(claim, before); });
    return claims;
}

std::vector<Claim> as_answered(std::vector<Claim> offer, const Remote& answer, const std::vector<Claim>& before) {
    std::erase_if(offer, [&](const Claim& claim) {
        const bool is_unsaid = claim.media < answer.media.size() && answer.media[claim.media].says_no_setup;
        return claim.waits == Waits::if_chosen && is_unsaid && !stood(claim, before);
    });
    return offer;
}

} // namespace ringwall::dialog

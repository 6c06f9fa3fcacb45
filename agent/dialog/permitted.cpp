// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/permitted.hpp"

#include <algorithm>

namespace ringwall::dialog {

std::vector<pinhole::Claim> permitted(std::vector<pinhole::Claim> claims, const policy::View& policy) {
    const auto is_denied = [&](const Endpoint& peer) { return policy.is_denied(peer.address); };
    std::erase_if(claims, [&](const pinhole::Claim& claim) {
        return !policy.is_protected(claim.local.address) || !policy.is_media_port(claim.local.port, claim.protocol);
    });
    for (pinhole::Claim& claim : claims) {
        claim = pinhole::enforced(std::move(claim));
        // More than a set holds are a hole for the peer's networks or anyone, where the program asks the list itself.
        if (claim.peers.size() <= PEERS_PER_SET) std::erase_if(claim.peers, is_denied);
    }
    return claims;
}

} // namespace ringwall::dialog

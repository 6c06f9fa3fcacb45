// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/constraint.hpp"

#include <utility>

namespace ringwall::dialog {

void check_media(pinhole::Claim& claim, policy::Conformance wanted) {
    claim.is_media_checked = pinhole::is_rtp(claim.component) && wanted != policy::Conformance::off;
    claim.conformance = claim.component == pinhole::Component::other ? pinhole::Conformance::off
                        : wanted == policy::Conformance::off         ? pinhole::Conformance::off
                        : wanted == policy::Conformance::enforce     ? pinhole::Conformance::enforce
                                                                     : pinhole::Conformance::count;
}

void constrain_offered(pinhole::Claim& claim, const Counterpart& counterpart) {
    using policy::Expectation;
    claim.only_from.reset();
    if (counterpart.is_declared && counterpart.expectation == Expectation::strict) {
        claim.constraint = pinhole::Constraint::addresses;
        claim.only_from = counterpart.signalling.address; // whatever SDP names, and whatever pairs ICE would find
    } else if (counterpart.is_declared && counterpart.expectation != Expectation::any) {
        claim.constraint = pinhole::Constraint::networks;
    } else {
        claim.constraint = pinhole::Constraint::any;
    }
}

void constrain_answered(pinhole::Claim& claim, std::vector<Endpoint> peers, const Counterpart& counterpart,
                        bool is_inside) {
    using policy::Expectation;
    const bool is_unknown = peers.empty() && !is_inside && claim.ufrag_hash == 0; // with ICE the pairs will tell
    claim.peers = std::move(peers);
    claim.is_answered_inside = is_inside;
    constrain_offered(claim, counterpart);
    if (counterpart.expectation == Expectation::negotiated && !is_unknown)
        claim.constraint = pinhole::Constraint::peers;
}

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// Who connects, and who waits to be connected, of m-lines over TCP (RFC 4145 4; MSRP: RFC 4975 8.1, RFC 6135; BFCP: RFC
// 8856 9). Where one side says no a=setup, it depends on whose is the offer: the offerer connects, the answerer waits.
#pragma once

#include <vector>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

bool never_listens(const sdp::Media& media);
bool never_connects(const sdp::Media& media);
pinhole::Waits waits(const sdp::Media& media);

// Our side's description is an offer: whoever says nothing connects. `before` are the leg's accepted claims, whose
// connections a new offer leaves as they are (RFC 4975 8.5).
std::vector<pinhole::Claim> as_offered(std::vector<pinhole::Claim> claims, const std::vector<pinhole::Claim>& before);

// Our offer, answered from outside: whoever says nothing waits, where we left it the choice.
std::vector<pinhole::Claim> as_answered(std::vector<pinhole::Claim> offer, const Remote& answer,
                                        const std::vector<pinhole::Claim>& before);

} // namespace ringwall::dialog

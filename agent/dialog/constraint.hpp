// SPDX-License-Identifier: Apache-2.0
// Who may send to a claim and how closely its media is looked at, by the other party's settings.
#pragma once

#include <vector>

#include "agent/dialog/description.hpp"

namespace ringwall::dialog {

// By the party's `conformance`.
void check_media(pinhole::Claim& claim, policy::Conformance wanted);

// As long as nobody has answered: the declared peer's networks, a strict one's signalling address, else anyone.
void constrain_offered(pinhole::Claim& claim, const Counterpart& counterpart);

// Once `peers` are named. None at all means unknown ones, unless the other side is inside too: then nobody sends through
// the wall.
void constrain_answered(pinhole::Claim& claim, std::vector<Endpoint> peers, const Counterpart& counterpart,
                        bool is_inside);

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// The deny list, taken out of who may send: a packet of a pinhole's exact peer is let through without asking a list.
// Claims themselves keep everyone that the calls have named, so that a list that changes changes live pinholes both ways.
#pragma once

#include <vector>

#include "agent/pinhole/claim.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

// The claims without the peers that the policy denies. One whose peers are all denied names nobody: it does not widen.
std::vector<pinhole::Claim> permitted(std::vector<pinhole::Claim> claims, const policy::View& policy);

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// What of the calls' claims the policy lets be: ports that it guards, and senders that it does not deny (a packet of a
// pinhole's exact peer is let through without asking a list). Claims themselves keep all that the calls have named, so
// that a policy that changes changes live pinholes both ways.
#pragma once

#include <vector>

#include "agent/pinhole/claim.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

// The claims of guarded ports, without the peers that the policy denies. One whose peers are all denied names nobody: it
// does not widen.
std::vector<pinhole::Claim> permitted(std::vector<pinhole::Claim> claims, const policy::View& policy);

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
// Which m-lines one BUNDLE group takes together, and in what order (RFC 9143 7, RFC 5888 5).
#pragma once

#include "agent/sdp/attribute.hpp"
#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

// Fills in `bundle` and `bundle_rank` of every m-line. A group that lists a tag which no m-line has, or two of them, or
// one of another group, is none: which m-lines it means cannot be told.
void take_bundles(const SessionLevel& level, Session& session);

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

// The value of m= (RFC 8866 5.14) into the fields of `out` that come from it.
Result<void, Defect> media_line(std::string_view value, Media& out);

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "agent/sdp/session.hpp"

namespace ringwall::sdp {

// What the session level says for every m-line that does not say it itself.
struct SessionLevel {
    std::optional<Connection> connection;
    Direction direction = Direction::sendrecv;
    Setup setup = Setup::none;
    bool is_ice = false;
    std::string_view ice_ufrag;
    bool has_fingerprint = false;
    bool is_bundle = false;
    std::array<std::string_view, max_bundles> bundle_storage; // a=group's values
    size_t bundle_count = 0;
};

// The value of one a= line (RFC 8866 5.13) before the first m-line, or of one in an m-section. Unknown ones are skipped.
Result<void, Defect> session_attribute(std::string_view value, SessionLevel& out);
Result<void, Defect> media_attribute(std::string_view value, Media& out);

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ringwall::sip {

// media-type (RFC 3261 20.15, RFC 2045 5.1). Absent or unreadable: both words empty, which equals nothing.
struct ContentType {
    std::string_view type;
    std::string_view subtype;
    std::string_view boundary; // of a multipart; empty where absent

    bool is_sdp() const;
    bool is_trickled() const; // application/trickle-ice-sdpfrag (RFC 8840 9)
    bool is_multipart() const;
};

ContentType content_type(std::string_view value);

// Content-Disposition = disp-type *(SEMI disp-param) (RFC 3261 20.11): is it `session`, or nothing, which of a session
// description means the same?
bool is_session(std::string_view disposition);

} // namespace ringwall::sip

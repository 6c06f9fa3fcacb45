// SPDX-License-Identifier: Apache-2.0
// The headers we read, by their long and compact names (RFC 3261 7.3.3 and 20, RFC 4028 for x).
#pragma once

#include <cstdint>
#include <string_view>

namespace ringwall::sip {

enum class HeaderName : uint8_t {
    other,
    via,
    from,
    to,
    call_id,
    cseq,
    contact,
    content_length,
    content_type,
    content_encoding,
    content_disposition,
    expires,
    session_expires,
    replaces,
    rack,
    user_agent,
    credentials, // Authorization, Proxy-Authorization
    challenge    // WWW-Authenticate, Proxy-Authenticate
};

// Case-insensitive; `other` for what we do not read.
HeaderName header_name_of(std::string_view name);

// May occur only once: it says one thing of the message (7.3.1). User-Agent is read for display and scanners only, so a
// second one does no harm.
constexpr bool is_single(HeaderName name) {
    return name != HeaderName::other && name != HeaderName::via && name != HeaderName::contact &&
           name != HeaderName::user_agent && name != HeaderName::content_encoding &&
           name != HeaderName::content_disposition && name != HeaderName::credentials && name != HeaderName::challenge;
}

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/header_names.hpp"

#include "agent/text/ascii.hpp"

namespace ringwall::sip {
namespace {

using enum HeaderName;

HeaderName compact_name(char c) {
    switch (c) {
        case 'v': return via;
        case 'f': return from;
        case 't': return to;
        case 'i': return call_id;
        case 'm': return contact;
        case 'l': return content_length;
        case 'c': return content_type;
        case 'e': return content_encoding;
        case 'k': return supported;
        case 'x': return session_expires;
        default: return other;
    }
}

HeaderName if_named(std::string_view name, std::string_view lower_case, HeaderName header) {
    return text::equals_ignoring_case(name, lower_case) ? header : other;
}

HeaderName of_four(std::string_view name) {
    switch (text::lower(name.front())) {
        case 'f': return if_named(name, "from", from);
        case 'c': return if_named(name, "cseq", cseq);
        case 'r': return if_named(name, "rack", rack);
        default: return other;
    }
}

HeaderName of_seven(std::string_view name) {
    switch (text::lower(name.front())) {
        case 'c': return text::lower(name[1]) == 'o' ? if_named(name, "contact", contact) : if_named(name, "call-id", call_id);
        case 'r': return if_named(name, "require", require);
        case 'e': return if_named(name, "expires", expires);
        default: return other;
    }
}

}  // namespace

HeaderName header_name_of(std::string_view name) {
    switch (name.size()) {
        case 1: return compact_name(text::lower(name.front()));
        case 2: return if_named(name, "to", to);
        case 3: return if_named(name, "via", via);
        case 4: return of_four(name);
        case 7: return of_seven(name);
        case 8: return if_named(name, "replaces", replaces);
        case 9: return if_named(name, "supported", supported);
        case 10: return if_named(name, "user-agent", user_agent);
        case 12: return if_named(name, "content-type", content_type);
        case 14: return if_named(name, "content-length", content_length);
        case 15: return if_named(name, "session-expires", session_expires);
        case 16: return if_named(name, "content-encoding", content_encoding);
        default: return other;
    }
}

}  // namespace ringwall::sip

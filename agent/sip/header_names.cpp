// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/header_names.hpp"

#include "agent/text/ascii.hpp"
#include "agent/text/word.hpp"

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
        case 'x': return session_expires;
        default: return other;
    }
}

template <text::Word word>
HeaderName if_named(std::string_view name, HeaderName header) {
    return text::is_word<word>(name) ? header : other;
}

HeaderName of_four(std::string_view name) {
    switch (text::lower(name.front())) {
        case 'f': return if_named<"from">(name, from);
        case 'c': return if_named<"cseq">(name, cseq);
        case 'r': return if_named<"rack">(name, rack);
        default: return other;
    }
}

HeaderName of_seven(std::string_view name) {
    switch (text::lower(name.front())) {
        case 'c': return name[4] == '-' ? if_named<"call-id">(name, call_id) : if_named<"contact">(name, contact);
        case 'e': return if_named<"expires">(name, expires);
        default: return other;
    }
}

} // namespace

HeaderName header_name_of(std::string_view name) {
    switch (name.size()) {
        case 1: return compact_name(text::lower(name.front()));
        case 2: return if_named<"to">(name, to);
        case 3: return if_named<"via">(name, via);
        case 4: return of_four(name);
        case 7: return of_seven(name);
        case 8: return if_named<"replaces">(name, replaces);
        case 10: return if_named<"user-agent">(name, user_agent);
        case 12: return if_named<"content-type">(name, content_type);
        case 13: return if_named<"authorization">(name, credentials);
        case 14: return if_named<"content-length">(name, content_length);
        case 15: return if_named<"session-expires">(name, session_expires);
        case 16:
            return text::lower(name.front()) == 'w' ? if_named<"www-authenticate">(name, challenge)
                                                    : if_named<"content-encoding">(name, content_encoding);
        case 18: return if_named<"proxy-authenticate">(name, challenge);
        case 19:
            return text::lower(name.front()) == 'c' ? if_named<"content-disposition">(name, content_disposition)
                                                    : if_named<"proxy-authorization">(name, credentials);
        default: return other;
    }
}

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/name_address.hpp"

#include "agent/sip/host_port.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using namespace text;

// display-name = *(token LWS) / quoted-string. Phones send names outside the token set without quotes ("José",
// "Lobby (east)"); we take what cannot be mistaken for the end of a name or for a URI.
bool display_name(Cursor& cursor) {
    if (cursor.peek() == '"') {
        if (!cursor.quoted_string()) return false;
        cursor.skip_lws();
        return cursor.peek() == '<';
    }
    cursor.take_all(name_char);
    return cursor.peek() == '<';
}

// name-addr = [display-name] LAQUOT addr-spec RAQUOT
bool bracketed(Cursor& cursor, NameAddress& out) {
    if (!cursor.take('<')) return false;
    const std::string_view text = cursor.take_all(uri_char);
    return cursor.take('>') && absolute_uri(text, out);
}

// addr-spec without brackets: a comma, question mark or semicolon would be ambiguous and ends it (20.10).
bool bare(Cursor& cursor, NameAddress& out) {
    const std::string_view text = cursor.take_all(value_char);
    return text.find('?') == text.npos && absolute_uri(text, out);
}

bool is_bare_uri(std::string_view rest) {
    for (const char c : rest) {
        if (c == ':') return true;
        if (c == '<' || c == '"') break;
    }
    return false;
}

// tag-param = "tag" EQUAL token (20.20): twice the same is still one tag, and happens; two are none.
// c-p-expires = "expires" EQUAL delta-seconds, where a malformed one counts as absent (20.10).
bool take(const Parameter& parameter, NameAddress& out) {
    if (is_word<"tag">(parameter.name)) {
        if (parameter.value.empty() || (!out.tag.empty() && out.tag != parameter.value)) return false;
        out.tag = parameter.value;
    } else if (is_word<"expires">(parameter.name)) {
        out.expires = decimal(parameter.value);
    }
    return true;
}

bool parameters(Cursor& cursor, NameAddress& out) {
    Parameter next;
    Read read;
    while ((read = parameter(cursor, next)) == Read::found) {
        if (!take(next, out)) return false;
    }
    cursor.skip_lws();
    return read == Read::none;
}

bool address(Cursor& cursor, NameAddress& out) {
    out = {};
    cursor.skip_lws();
    if (cursor.peek() != '<' && is_bare_uri(cursor.rest())) return bare(cursor, out);
    return display_name(cursor) && bracketed(cursor, out);
}

} // namespace

bool contact(Cursor& cursor, NameAddress& out) {
    return address(cursor, out) && (!is_sip(out.scheme) || sip_uri(out)) && parameters(cursor, out);
}

bool party(Cursor& cursor, NameAddress& out) {
    if (!address(cursor, out)) return false;
    if (is_sip(out.scheme) && !sip_uri(out)) {
        out.user = {};
        out.host_port = {};
    }
    return parameters(cursor, out);
}

} // namespace ringwall::sip

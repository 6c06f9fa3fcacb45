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
bool bracketed(Cursor& cursor, std::string_view& uri) {
    if (!cursor.take('<')) return false;
    uri = cursor.take_all(uri_char);
    return cursor.take('>');
}

// addr-spec without brackets: a comma, question mark or semicolon would be ambiguous and ends it (20.10).
bool bare(Cursor& cursor, std::string_view& uri) {
    uri = cursor.take_all(value_char);
    return uri.find('?') == uri.npos;
}

bool is_bare_uri(std::string_view rest) {
    for (const char c : rest) {
        if (c == ':') return true;
        if (c == '<' || c == '"') break;
    }
    return false;
}

bool address(Cursor& cursor, std::string_view& uri) {
    cursor.skip_lws();
    if (cursor.peek() != '<' && is_bare_uri(cursor.rest())) return bare(cursor, uri);
    return display_name(cursor) && bracketed(cursor, uri);
}

template <class Take>
bool parameters(Cursor& cursor, const Take& take) {
    Parameter next;
    Read read;
    while ((read = parameter(cursor, next)) == Read::found) {
        if (!take(next)) return false;
    }
    cursor.skip_lws();
    return read == Read::none;
}

} // namespace

bool contact(Cursor& cursor, NameAddress& out) {
    out = {};
    std::string_view uri;
    if (!address(cursor, uri) || !absolute_uri(uri, out) || (is_sip(out.scheme) && !sip_uri(out))) return false;
    // c-p-expires = "expires" EQUAL delta-seconds, where a malformed one counts as absent (20.10)
    return parameters(cursor, [&out](const Parameter& parameter) {
        if (is_word<"expires">(parameter.name)) out.expires = decimal(parameter.value);
        return true;
    });
}

bool party(Cursor& cursor, Party& out) {
    out = {};
    if (!address(cursor, out.uri) || scheme_of(out.uri).empty()) return false;
    // tag-param = "tag" EQUAL token (20.20): twice the same is still one tag, and happens; two are none
    return parameters(cursor, [&out](const Parameter& parameter) {
        if (!is_word<"tag">(parameter.name)) return true;
        if (parameter.value.empty() || (!out.tag.empty() && out.tag != parameter.value)) return false;
        out.tag = parameter.value;
        return true;
    });
}

} // namespace ringwall::sip

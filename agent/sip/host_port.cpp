// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/host_port.hpp"

#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using namespace text;

// IPv6reference = "[" IPv6address "]"
bool ipv6_reference(Cursor& cursor, HostPort& out) {
    if (!cursor.take('[')) return false;
    const std::string_view rest = cursor.rest();
    const size_t length = rest.substr(0, 64).find(']');
    if (length == rest.npos) return false;
    out.host = rest.substr(0, length);
    if (out.host.find(':') == out.host.npos) return false;
    out.address = IpAddress::parse(out.host);
    cursor.skip(length + 1);
    return out.address.has_value();
}

// toplabel = ALPHA / ALPHA *(alphanum / "-") alphanum: a name whose last label starts with a digit is an address or
// nothing at all. Without this rule 192.0.2.300 would be a name.
bool ends_in_number(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    const std::string_view last = name.substr(name.rfind('.') + 1);
    return last.empty() || is(last.front(), digit_char);
}

bool is_scheme_char(char c) { return is(c, alpha_char | digit_char) || c == '+' || c == '-' || c == '.'; }

} // namespace

bool host(Cursor& cursor, HostPort& out) {
    if (cursor.peek() == '[') return ipv6_reference(cursor, out);
    out.host = cursor.take_all(host_char);
    if (out.host.empty()) return false;
    if (!ends_in_number(out.host)) return true;
    out.address = IpAddress::parse(out.host);
    return out.address.has_value();
}

bool host_port(Cursor& cursor, HostPort& out) {
    if (!host(cursor, out)) return false;
    if (!cursor.take(':')) return true;
    const auto port = decimal(cursor.take_all(digit_char), UINT16_MAX);
    if (!port) return false;
    out.port = Port{static_cast<uint16_t>(*port)};
    return true;
}

// absoluteURI = scheme ":" (hier-part / opaque-part); scheme = ALPHA *(ALPHA / DIGIT / "+" / "-" / ".")
bool absolute_uri(std::string_view text, NameAddress& out) {
    out.uri = text;
    size_t colon = 0;
    while (colon < text.size() && is_scheme_char(text[colon])) ++colon;
    if (colon == 0 || colon + 1 >= text.size() || text[colon] != ':' || !is(text.front(), alpha_char)) return false;
    out.scheme = text.substr(0, colon);
    return true;
}

bool is_sip(std::string_view scheme) { return is_word<"sip">(scheme) || is_word<"sips">(scheme); }

// SIP-URI = "sip:" [userinfo] hostport uri-parameters [headers]; userinfo = user [":" password] "@". No "@" is legal
// after the userinfo without an escape, so a second one means that two readers would find two hosts.
bool sip_uri(NameAddress& out) {
    std::string_view rest = out.uri.substr(out.scheme.size() + 1);
    const size_t at = rest.find('@');
    if (at != rest.npos) {
        const std::string_view userinfo = rest.substr(0, at);
        out.user = userinfo.substr(0, userinfo.find(':'));
        rest.remove_prefix(at + 1);
        if (out.user.empty() || rest.find('@') != rest.npos) return false;
    }
    Cursor cursor(rest);
    if (!host_port(cursor, out.host_port)) return false;
    return cursor.at_end() || cursor.peek() == ';' || cursor.peek() == '?';
}

// A parameter may stand in the user part too, where it means nothing here.
std::string_view transport_of(const NameAddress& name) {
    std::string_view rest = name.uri.substr(0, name.uri.find('?'));
    rest.remove_prefix(rest.find('@') == rest.npos ? 0 : rest.find('@') + 1);
    for (size_t at = rest.find(';'); at != rest.npos; at = rest.find(';')) {
        rest.remove_prefix(at + 1);
        const std::string_view parameter = rest.substr(0, rest.find(';'));
        const size_t equals = parameter.find('=');
        if (equals != parameter.npos && is_word<"transport">(parameter.substr(0, equals)))
            return parameter.substr(equals + 1);
    }
    return {};
}

} // namespace ringwall::sip

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
std::string_view scheme_of(std::string_view uri) {
    Cursor cursor(uri);
    const std::string_view scheme = cursor.take_all(scheme_char);
    const bool is_uri = cursor.take(':') && !cursor.at_end() && !scheme.empty() && is(uri.front(), alpha_char);
    return is_uri ? scheme : std::string_view();
}

bool absolute_uri(std::string_view text, NameAddress& out) {
    out.uri = text;
    out.scheme = scheme_of(text);
    return !out.scheme.empty();
}

bool is_sip(std::string_view scheme) { return is_word<"sip">(scheme) || is_word<"sips">(scheme); }

// userinfo = user [":" password] "@"; takes nothing where there is none
bool userinfo(Cursor& cursor) {
    const Cursor before = cursor;
    const bool has_user = !cursor.take_all(user_char).empty();
    while (cursor.take(':')) cursor.take_all(user_char);
    if (cursor.take('@')) return has_user;
    cursor = before;
    return true;
}

// SIP-URI = "sip:" [userinfo] hostport uri-parameters [headers]. No "@" is legal after the userinfo without an escape,
// so a second one means that two readers would find two hosts.
bool sip_uri(NameAddress& out) {
    Cursor cursor(out.uri.substr(out.scheme.size() + 1));
    if (!userinfo(cursor) || !host_port(cursor, out.host_port)) return false;
    if (cursor.at_end()) return true;
    return (cursor.peek() == ';' || cursor.peek() == '?') && cursor.rest().find('@') == std::string_view::npos;
}

// The value of a URI's parameter, empty where it has none; nullopt where it is not there. A parameter may stand in the
// user part too, where it means nothing here.
template <text::Word word>
std::optional<std::string_view> uri_parameter(const NameAddress& name) {
    std::string_view rest = name.uri.substr(0, name.uri.find('?'));
    rest.remove_prefix(rest.find('@') == rest.npos ? 0 : rest.find('@') + 1);
    for (size_t at = rest.find(';'); at != rest.npos; at = rest.find(';')) {
        rest.remove_prefix(at + 1);
        const std::string_view parameter = rest.substr(0, rest.find(';'));
        const size_t equals = std::min(parameter.find('='), parameter.size());
        if (is_word<word>(parameter.substr(0, equals))) return parameter.substr(std::min(equals + 1, parameter.size()));
    }
    return std::nullopt;
}

std::string_view transport_of(const NameAddress& name) { return uri_parameter<"transport">(name).value_or(""); }

bool has_maddr(const NameAddress& name) { return uri_parameter<"maddr">(name).has_value(); }

} // namespace ringwall::sip

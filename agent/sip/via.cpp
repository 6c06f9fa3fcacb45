// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/via.hpp"

#include "agent/sip/host_port.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using namespace text;

// sent-protocol = protocol-name SLASH protocol-version SLASH transport
bool sent_protocol(Cursor& cursor, Via& out) {
    if (!is_word<"sip">(cursor.token()) || !cursor.separator('/')) return false;
    if (!is_word<"2.0">(cursor.token()) || !cursor.separator('/')) return false;
    out.transport = cursor.token();
    return !out.transport.empty();
}

// sent-by = host [COLON port]; COLON = SWS ":" SWS
bool sent_by(Cursor& cursor, HostPort& out) {
    if (!host(cursor, out)) return false;
    if (!cursor.separator(':')) return true;
    const auto port = decimal(cursor.take_all(digit_char), UINT16_MAX);
    if (!port) return false;
    out.port = Port{static_cast<uint16_t>(*port)};
    return true;
}

// via-received = "received" EQUAL (IPv4address / IPv6address). The IPv6 address may come in brackets: RFC 5118 4.5.
bool received(const Parameter& parameter, Via& out) {
    std::string_view text = parameter.value;
    const bool is_bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
    if (is_bracketed) text = text.substr(1, text.size() - 2);
    if (out.received || (is_bracketed && text.find(':') == text.npos)) return false;
    out.received = IpAddress::parse(text);
    return out.received.has_value();
}

// response-port = "rport" [EQUAL 1*DIGIT] (RFC 3581 3)
bool response_port(const Parameter& parameter, Via& out) {
    if (!parameter.has_value) return true;
    const auto port = decimal(parameter.value, UINT16_MAX);
    if (!port || out.rport) return false;
    out.rport = Port{static_cast<uint16_t>(*port)};
    return true;
}

// via-branch = "branch" EQUAL token
bool branch(const Parameter& parameter, Via& out) {
    if (!out.branch.empty() || parameter.value.empty()) return false;
    out.branch = parameter.value;
    return true;
}

bool take(const Parameter& parameter, Via& out) {
    switch (parameter.name.size()) {
        case 5: return !is_word<"rport">(parameter.name) || response_port(parameter, out);
        case 6: return !is_word<"branch">(parameter.name) || branch(parameter, out);
        case 8: return !is_word<"received">(parameter.name) || received(parameter, out);
        default: return true;
    }
}

} // namespace

// via-parm = sent-protocol LWS sent-by *(SEMI via-params). RFC 2543 6.40 let a comment follow; such peers still call.
bool via(Cursor& cursor, Via& out) {
    out = {};
    if (!sent_protocol(cursor, out) || !cursor.skip_lws() || !sent_by(cursor, out.sent_by)) return false;
    Parameter next;
    Read read;
    while ((read = parameter(cursor, next)) == Read::found) {
        if (!take(next, out)) return false;
    }
    if (read == Read::broken) return false;
    cursor.skip_lws();
    return cursor.peek() != '(' || cursor.comment();
}

} // namespace ringwall::sip

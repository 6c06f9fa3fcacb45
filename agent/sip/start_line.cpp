// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/start_line.hpp"

#include "agent/sip/lexer.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using namespace text;
using tl::make_unexpected;

// SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT, in any case (7.1); 2.0 is the only one there is.
bool is_version(std::string_view text) { return is_word<"sip/2.0">(text); }

// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase; Status-Code = 3DIGIT, the phrase may be empty
Result<void, Defect> status_line(std::string_view line, Message& out) {
    if (!is_version(line.substr(0, line.find(' ')))) return make_unexpected(Defect::not_sip);
    if (line.size() < 12 || line[11] != ' ') return make_unexpected(Defect::bad_start_line);
    const auto status = decimal(line.substr(8, 3), 699);
    if (!status || *status < 100) return make_unexpected(Defect::bad_start_line);
    out.is_request = false;
    out.status = static_cast<uint16_t>(*status);
    return {};
}

// Request-URI = SIP-URI / SIPS-URI / absoluteURI: here only a scheme and no white space or brackets; whose it is
// matters to nobody on the wall.
bool is_request_uri(std::string_view text) {
    return !text.empty() && is(text.front(), alpha_char) && text.find(':') != text.npos;
}

// What looks like a Request-Line and is none: of this protocol, but wrong, or of another.
Defect defect_of_request_line(std::string_view line) {
    const bool has_version = line.find(" SIP/2.0") != line.npos || has_sip_version(line);
    return has_version && line.find(' ') != line.rfind(' ') ? Defect::bad_start_line : Defect::not_sip;
}

// Request-Line = Method SP Request-URI SP SIP-Version
Result<void, Defect> request_line(std::string_view line, Message& out) {
    Cursor cursor(line);
    out.is_request = true;
    out.method_token = cursor.token();
    const bool has_method = !out.method_token.empty() && cursor.take(' ');
    out.request_uri = cursor.take_all(uri_char);
    if (!has_method || !is_request_uri(out.request_uri) || !cursor.take(' ') || !is_version(cursor.rest()))
        return make_unexpected(defect_of_request_line(line));
    out.method = method_of(out.method_token);
    return {};
}

} // namespace

Result<void, Defect> start_line(std::string_view line, Message& out) {
    return is_word<"sip/">(line.substr(0, 4)) ? status_line(line, out) : request_line(line, out);
}

bool has_sip_version(std::string_view line) {
    const size_t first = line.find(' ');
    if (first == line.npos) return false;
    if (is_word<"sip/">(line.substr(0, 4))) return is_version(line.substr(0, first));
    return line.rfind(' ') != first && is_version(line.substr(line.rfind(' ') + 1));
}

bool may_become_start_line(std::string_view bytes) {
    for (const char c : bytes.substr(0, bytes.find(' '))) {
        if (!is(c, token_char) && c != '/') return false;
    }
    return true;
}

} // namespace ringwall::sip

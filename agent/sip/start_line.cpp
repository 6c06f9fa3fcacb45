// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/start_line.hpp"

#include "agent/text/ascii.hpp"
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
    const size_t colon = text.find(':');
    return colon != text.npos && colon > 0 && is(text.front(), alpha_char) && consists_of(text, uri_char);
}

// Request-Line = Method SP Request-URI SP SIP-Version
Result<void, Defect> request_line(std::string_view line, Message& out) {
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == line.npos || first == last) return make_unexpected(Defect::not_sip);
    if (!is_version(line.substr(last + 1))) {
        const bool has_version = line.find(" SIP/2.0") != line.npos;
        return make_unexpected(has_version ? Defect::bad_start_line : Defect::not_sip);
    }
    out.is_request = true;
    out.method_token = line.substr(0, first);
    out.request_uri = line.substr(first + 1, last - first - 1);
    if (first == 0 || !consists_of(out.method_token, token_char) || !is_request_uri(out.request_uri))
        return make_unexpected(Defect::bad_start_line);
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

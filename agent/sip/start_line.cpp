// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/start_line.hpp"

#include "agent/text/ascii.hpp"

namespace ringwall::sip {
namespace {

using namespace text;
using tl::make_unexpected;

constexpr std::string_view version = "sip/2.0";   // compared without regard to case (7.1)

// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase; Status-Code = 3DIGIT, the phrase may be empty
Result<void, Defect> status_line(std::string_view line, Message& out) {
    if (!starts_ignoring_case(line, version)) return make_unexpected(Defect::not_sip);
    line.remove_prefix(version.size());
    if (line.size() < 5 || line[0] != ' ' || line[4] != ' ') return make_unexpected(Defect::bad_start_line);
    const auto status = decimal(line.substr(1, 3), 699);
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
    if (!equals_ignoring_case(line.substr(last + 1), version)) {
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

}  // namespace

Result<void, Defect> start_line(std::string_view line, Message& out) {
    return starts_ignoring_case(line, "sip/") ? status_line(line, out) : request_line(line, out);
}

bool may_become_start_line(std::string_view bytes) {
    const std::string_view word = bytes.substr(0, bytes.find(' '));
    return starts_ignoring_case(bytes, "sip/") || starts_ignoring_case("sip/", bytes) ||
           consists_of(word, token_char);
}

}  // namespace ringwall::sip

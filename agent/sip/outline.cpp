// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/outline.hpp"

#include <algorithm>

#include "agent/sip/cseq.hpp"
#include "agent/sip/header_names.hpp"
#include "agent/sip/lexer.hpp"
#include "agent/sip/name_address.hpp"
#include "agent/text/ascii.hpp"

namespace ringwall::sip {
namespace {

constexpr auto npos = std::string_view::npos;

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// The next line with those that it is continued by; takes it from `rest`.
std::string_view take_header(std::string_view& rest) {
    size_t end = rest.find('\n');
    while (end != npos && end + 1 < rest.size() && text::is(rest[end + 1], text::blank_char))
        end = rest.find('\n', end + 1);
    const std::string_view header = rest.substr(0, end == npos ? end : end + 1);
    rest.remove_prefix(header.size());
    return without_line_end(header);
}

void take_contacts(std::string_view value, Message& out) {
    Cursor cursor(value);
    do {
        if (out.contact_count == max_contacts || !contact(cursor, out.contact_storage[out.contact_count])) return;
        ++out.contact_count;
    } while (cursor.separator(','));
}

// By request line and CSeq. Where they say none, or not all the same, it is an INVITE, as which it would do most harm:
// a proxy may take away one of two.
class SaidMethod {
public:
    void says(Method method) {
        differs_ |= said_ && *said_ != method;
        said_ = method;
    }
    void says(std::string_view cseq_value) {
        const auto parsed = cseq(cseq_value);
        says(parsed ? method_of(parsed->method) : Method::invite);
    }
    Method method() const { return differs_ ? Method::invite : said_.value_or(Method::invite); }

private:
    std::optional<Method> said_;
    bool differs_ = false;
};

// The first of each counts, as for who lets a second one stand.
void take(std::string_view header, Message& out, SaidMethod& said) {
    const size_t colon = header.find(':');
    if (colon == npos) return;
    const std::string_view value = text::trim(header.substr(colon + 1));
    switch (header_name_of(text::trim(header.substr(0, colon)))) {
        case HeaderName::call_id:
            if (out.call_id.empty()) out.call_id = value;
            break;
        case HeaderName::content_type:
            if (out.content_type.empty()) out.content_type = value;
            break;
        case HeaderName::contact: take_contacts(value, out); break;
        case HeaderName::cseq: said.says(value); break;
        default: break;
    }
}

} // namespace

bool outline(std::string_view datagram, Message& message) {
    message.call_id = message.content_type = message.content_encoding = {};
    message.is_session = true;
    message.contact_count = 0;
    datagram.remove_prefix(std::min(datagram.find_first_not_of("\r\n"), datagram.size()));
    message.is_request = !datagram.starts_with("SIP/");
    const std::string_view start_line = take_header(datagram);
    SaidMethod said;
    if (message.is_request) said.says(method_of(start_line.substr(0, start_line.find(' '))));
    while (!datagram.empty()) {
        const std::string_view header = take_header(datagram);
        if (header.empty()) break;
        take(header, message, said);
    }
    message.method = said.method();
    message.body = datagram;
    message.bytes = datagram.size();
    return !message.call_id.empty();
}

} // namespace ringwall::sip

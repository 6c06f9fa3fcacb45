// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/message.hpp"

#include "agent/sip/content_type.hpp"
#include "agent/sip/cseq.hpp"
#include "agent/sip/header_lines.hpp"
#include "agent/sip/header_names.hpp"
#include "agent/sip/lexer.hpp"
#include "agent/sip/name_address.hpp"
#include "agent/sip/start_line.hpp"
#include "agent/sip/via.hpp"
#include "agent/text/line.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {
namespace {

using Outcome = Result<void, ParseError>;

// Expires = delta-seconds; Session-Expires = delta-seconds *(SEMI se-params) (RFC 4028 4). A malformed one counts as
// absent, as its default is what it then means (20.19, RFC 4475 3.1.2.4); what follows a number takes nothing from it.
std::optional<uint32_t> seconds(std::string_view value) {
    Cursor cursor(value);
    const auto read = text::decimal(cursor.take_all(text::digit_char));
    return cursor.at_end() || cursor.skip_lws() || cursor.peek() == ';' ? read : std::nullopt;
}

// One message being read. Each header has one function below; all of them refuse by `fail`.
class Parser {
public:
    Parser(std::string_view datagram, Message& message) : datagram_(datagram), message_(message) {}

    Outcome parse();

private:
    Outcome parse_start_line();
    Outcome parse_headers();
    Outcome parse_header(HeaderName name, std::string_view value);
    Outcome parse_vias(std::string_view value);
    Outcome parse_party(std::string_view value, Party& party, Defect defect);
    Outcome parse_call_id(std::string_view value);
    Outcome parse_cseq(std::string_view value);
    Outcome parse_contacts(std::string_view value);
    Outcome parse_content_length(std::string_view value);
    Outcome parse_content_encoding(std::string_view value);
    Outcome keep_authentication(bool is_of_requests, std::string_view value);
    Outcome check_presence() const;
    Outcome take_body();

    bool has(HeaderName name) const { return (seen_ >> static_cast<unsigned>(name) & 1) != 0; }
    tl::unexpected<ParseError> fail(Defect defect, const char* at) const {
        return tl::make_unexpected(ParseError{defect, static_cast<size_t>(at - datagram_.data())});
    }
    const char* end() const { return datagram_.data() + datagram_.size(); }

    std::string_view datagram_;
    Message& message_;
    const char* at_ = nullptr;
    uint32_t seen_ = 0; // a bit for each HeaderName
};

// Everything but the arrays, whose counts say what of them is alive: clearing 15 kB would cost more than parsing.
void reset(Message& message) {
    message.is_request = true;
    message.method = Method::other;
    message.status = 0;
    message.method_token = message.request_uri = message.call_id = {};
    message.from = message.to = {};
    message.cseq = 0;
    message.via_count = message.contact_count = message.authentication_count = 0;
    message.contact_is_star = false;
    message.session_expires = message.expires = message.content_length = std::nullopt;
    message.replaces = message.rack = message.user_agent = {};
    message.content_type = message.content_encoding = message.body = {};
    message.is_session = true;
    message.bytes = 0;
}

Outcome Parser::parse() {
    if (datagram_.size() > max_message_bytes) return fail(Defect::too_long, datagram_.data());
    reset(message_);
    return parse_start_line()
        .and_then([this] { return parse_headers(); })
        .and_then([this] { return check_presence(); })
        .and_then([this] { return take_body(); });
}

// 7.5: empty lines before the start line are skipped.
Outcome Parser::parse_start_line() {
    at_ = datagram_.data();
    while (at_ != end() && (*at_ == '\r' || *at_ == '\n')) ++at_;
    const text::Line line = text::find_line_end(at_, end());
    const std::string_view text(at_, static_cast<size_t>(line.end - at_));
    if (line.kind == text::LineEnd::forbidden) return fail(Defect::not_sip, line.end);
    if (line.kind == text::LineEnd::missing)
        return fail(may_become_start_line(text) ? Defect::need_more : Defect::not_sip, at_);
    if (const auto read = start_line(text, message_); !read) return fail(read.error(), at_);
    at_ = line.next;
    return {};
}

Outcome Parser::parse_headers() {
    HeaderLines lines({at_, static_cast<size_t>(end() - at_)});
    HeaderLine line;
    for (;;) {
        const auto step = lines.next(line);
        at_ = lines.position();
        if (step == HeaderLines::Step::end) return {};
        if (step == HeaderLines::Step::failed) return fail(lines.defect(), at_);
        const HeaderName name = header_name_of(line.name);
        if (name == HeaderName::other) {
            if (!text::consists_of(line.name, text::token_char)) return fail(Defect::bad_header, line.name.data());
            continue;
        }
        if (has(name) && is_single(name)) return fail(Defect::duplicate_header, line.name.data());
        if (const auto parsed = parse_header(name, line.value); !parsed) return parsed;
        seen_ |= 1U << static_cast<unsigned>(name);
    }
}

Outcome Parser::parse_header(HeaderName name, std::string_view value) {
    switch (name) {
        case HeaderName::via: return parse_vias(value);
        case HeaderName::from: return parse_party(value, message_.from, Defect::bad_from);
        case HeaderName::to: return parse_party(value, message_.to, Defect::bad_to);
        case HeaderName::call_id: return parse_call_id(value);
        case HeaderName::cseq: return parse_cseq(value);
        case HeaderName::contact: return parse_contacts(value);
        case HeaderName::content_length: return parse_content_length(value);
        case HeaderName::expires: message_.expires = seconds(value); return {};
        case HeaderName::session_expires: message_.session_expires = seconds(value); return {};
        case HeaderName::content_type: message_.content_type = value; return {};
        case HeaderName::content_encoding: return parse_content_encoding(value);
        case HeaderName::content_disposition: message_.is_session &= is_session(value); return {};
        case HeaderName::replaces: message_.replaces = value; return {};
        case HeaderName::rack: message_.rack = value; return {};
        case HeaderName::user_agent: message_.user_agent = value; return {};
        case HeaderName::credentials: return keep_authentication(true, value);
        case HeaderName::challenge: return keep_authentication(false, value);
        case HeaderName::other: return {};
    }
    return {};
}

// Not taken apart: most readers of a message do not care, and what is odd there is the server's to refuse.
Outcome Parser::keep_authentication(bool is_of_requests, std::string_view value) {
    if (is_of_requests == message_.is_request && message_.authentication_count < max_authentications)
        message_.authentication_storage[message_.authentication_count++] = value;
    return {};
}

// Via = ("Via" / "v") HCOLON via-parm *(COMMA via-parm)
Outcome Parser::parse_vias(std::string_view value) {
    Cursor cursor(value);
    do {
        if (message_.via_count == max_vias) return fail(Defect::too_many, cursor.position());
        if (!via(cursor, message_.via_storage[message_.via_count])) return fail(Defect::bad_via, cursor.position());
        ++message_.via_count;
    } while (cursor.separator(','));
    if (!cursor.at_end()) return fail(Defect::bad_via, cursor.position());
    return {};
}

// From = (name-addr / addr-spec) *(SEMI from-param); To likewise (20.20, 20.39)
Outcome Parser::parse_party(std::string_view value, Party& party, Defect defect) {
    Cursor cursor(value);
    if (!sip::party(cursor, party) || !cursor.at_end()) return fail(defect, cursor.position());
    if (party.tag.size() > max_tag_bytes) return fail(Defect::too_long, party.tag.data());
    return {};
}

// callid = word ["@" word]. Any visible bytes make one: it is compared, never taken apart (20.8).
Outcome Parser::parse_call_id(std::string_view value) {
    if (value.empty() || !text::consists_of(value, text::visible_char)) return fail(Defect::bad_call_id, value.data());
    if (value.size() > max_call_id_bytes) return fail(Defect::too_long, value.data());
    message_.call_id = value;
    return {};
}

Outcome Parser::parse_cseq(std::string_view value) {
    const auto parsed = cseq(value);
    if (!parsed) return fail(Defect::bad_cseq, value.data());
    message_.cseq = parsed->number;
    if (message_.is_request) {
        if (parsed->method != message_.method_token) return fail(Defect::method_mismatch, value.data());
        return {};
    }
    message_.method_token = parsed->method;
    message_.method = method_of(parsed->method);
    return {};
}

// Contact = ("Contact" / "m") HCOLON (STAR / (contact-param *(COMMA contact-param)))
Outcome Parser::parse_contacts(std::string_view value) {
    if (value == "*" || message_.contact_is_star) {
        if (has(HeaderName::contact)) return fail(Defect::bad_contact, value.data());
        message_.contact_is_star = true;
        return {};
    }
    Cursor cursor(value);
    do {
        if (message_.contact_count == max_contacts) return fail(Defect::too_many, cursor.position());
        if (!contact(cursor, message_.contact_storage[message_.contact_count]))
            return fail(Defect::bad_contact, cursor.position());
        ++message_.contact_count;
    } while (cursor.separator(','));
    if (!cursor.at_end()) return fail(Defect::bad_contact, cursor.position());
    return {};
}

// Content-Length = 1*DIGIT (20.14)
Outcome Parser::parse_content_length(std::string_view value) {
    message_.content_length = text::decimal(value);
    if (!message_.content_length) return fail(Defect::bad_content_length, value.data());
    return {};
}

// Content-Encoding = content-coding *(COMMA content-coding): any but identity makes the body unreadable for us, so the
// last word stands unless an earlier one was such (20.12).
Outcome Parser::parse_content_encoding(std::string_view value) {
    if (message_.content_encoding.empty() || text::is_word<"identity">(message_.content_encoding))
        message_.content_encoding = value;
    return {};
}

// 8.1.1: what every request has, and every response copies from it (8.2.6.2). Max-Forwards is not ours to miss.
Outcome Parser::check_presence() const {
    if (!has(HeaderName::via)) return fail(Defect::missing_via, at_);
    if (!has(HeaderName::from)) return fail(Defect::missing_from, at_);
    if (!has(HeaderName::to)) return fail(Defect::missing_to, at_);
    if (!has(HeaderName::call_id)) return fail(Defect::missing_call_id, at_);
    if (!has(HeaderName::cseq)) return fail(Defect::missing_cseq, at_);
    return {};
}

Outcome Parser::take_body() {
    const size_t available = static_cast<size_t>(end() - at_);
    const size_t length = message_.content_length.value_or(static_cast<uint32_t>(available));
    if (length > available) return fail(Defect::bad_content_length, at_);
    message_.body = {at_, length};
    message_.bytes = static_cast<size_t>(at_ + length - datagram_.data());
    return {};
}

} // namespace

Result<void, ParseError> parse(std::string_view datagram, Message& message) {
    return Parser(datagram, message).parse();
}

} // namespace ringwall::sip

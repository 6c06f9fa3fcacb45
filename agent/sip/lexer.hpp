// SPDX-License-Identifier: Apache-2.0
// The words of RFC 3261 25.1 that header values are made of, read from left to right. A value may be folded: CR and LF
// occur in one only before a blank (header_lines.hpp saw to that), so here both are linear white space.
#pragma once

#include <optional>
#include <string_view>

#include "agent/text/ascii.hpp"

namespace ringwall::sip {

class Cursor {
public:
    explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool at_end() const { return at_ == end_; }
    char peek() const { return at_ == end_ ? '\0' : *at_; } // NUL never occurs in a header
    const char* position() const { return at_; }
    std::string_view rest() const { return {at_, static_cast<size_t>(end_ - at_)}; }

    bool take(char c) {
        if (peek() != c || at_end()) return false;
        ++at_;
        return true;
    }

    void skip(size_t bytes) { at_ += bytes; }

    std::string_view take_all(unsigned classes) {
        const char* const begin = at_;
        at_ = text::skip(begin, end_, classes);
        return {begin, static_cast<size_t>(at_ - begin)};
    }

    // LWS = [*WSP CRLF] 1*WSP, SWS = [LWS]; true where there was some
    bool skip_lws() {
        const char* const begin = at_;
        at_ = past_lws(begin);
        return at_ != begin;
    }

    // token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~"); empty where there is none
    std::string_view token() { return take_all(text::token_char); }

    // SLASH, EQUAL, COMMA, SEMI, COLON = SWS c SWS; takes nothing where c does not follow
    bool separator(char c) {
        const char* const at = past_lws(at_);
        if (at == end_ || *at != c) return false;
        at_ = past_lws(at + 1);
        return true;
    }

    // quoted-string = SWS DQUOTE *(qdtext / quoted-pair) DQUOTE; what is between the quotes, escapes left as they are
    std::optional<std::string_view> quoted_string() {
        if (!take('"')) return std::nullopt;
        return until_closing('"');
    }

    // comment = LPAREN *(ctext / quoted-pair / comment) RPAREN, to any depth the text has
    bool comment() {
        if (!take('(')) return false;
        for (size_t depth = 1; at_ != end_;) {
            const char c = *at_++;
            if (c == '\\' && at_ != end_) ++at_;
            if (c == '(') ++depth;
            if (c == ')' && --depth == 0) return true;
        }
        return false;
    }

private:
    const char* past_lws(const char* at) const { // mostly there is none
        while (at != end_ && text::is(*at, text::lws_char)) ++at;
        return at;
    }

    std::optional<std::string_view> until_closing(char quote) {
        const char* const begin = at_;
        for (const char* at = begin; at != end_; ++at) {
            if (*at == quote) {
                at_ = at + 1;
                return std::string_view(begin, static_cast<size_t>(at - begin));
            }
            if (*at == '\\' && ++at == end_) break;
        }
        at_ = end_;
        return std::nullopt;
    }

    const char* at_;
    const char* end_;
};

// generic-param = token [EQUAL gen-value]; gen-value = token / host / quoted-string
struct Parameter {
    std::string_view name;
    std::string_view value; // without its quotes
    bool has_value = false;
};

enum class Read : uint8_t { found, none, broken };

// *(SEMI generic-param), one a call. An unquoted value may hold any visible character that cannot end it: registrars
// and proxies put URIs and addresses there. A parameter without a word is none: telephones leave a semicolon at the end,
// or write two. What else stands where a name should is left to the caller to meet.
inline Read parameter(Cursor& cursor, Parameter& out) {
    if (!cursor.separator(';')) return Read::none;
    while (cursor.separator(';')) {}
    out = {.name = cursor.token()};
    if (out.name.empty()) return Read::none;
    if (!cursor.separator('=')) return Read::found;
    out.has_value = true;
    if (cursor.peek() != '"') {
        out.value = cursor.take_all(text::value_char);
        return Read::found;
    }
    const auto quoted = cursor.quoted_string();
    if (!quoted) return Read::broken;
    out.value = *quoted;
    return Read::found;
}

} // namespace ringwall::sip

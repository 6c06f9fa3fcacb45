// SPDX-License-Identifier: Apache-2.0
// Bytes of the text protocols (SIP, SDP): character classes and decimal numbers. No locale, no errno; a number
// that does not fit is refused, never wrapped or clipped.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace ringwall::text {

enum Class : uint16_t {
    token_char = 1 << 0, // RFC 3261 25.1 token; RFC 8866 token differs in characters that we never meet
    blank_char = 1 << 1, // SP, HTAB
    lws_char = 1 << 2,   // SP, HTAB and the CR, LF of a fold
    digit_char = 1 << 3,
    alpha_char = 1 << 4,
    host_char = 1 << 5,  // alphanumeric, "-", "." and the "_" that container names bring
    value_char = 1 << 6, // an unquoted parameter value: anything visible but what ends or quotes one
    uri_char = 1 << 7,   // between angle brackets: anything visible but the brackets and quotes
    scheme_char = 1 << 8,
    user_char = 1 << 9,     // of a URI before "@" and ":"
    name_char = 1 << 10,    // a display name without quotes: nothing that may end it or begin a URI
    visible_char = 1 << 11, // neither white space nor a control; bytes of UTF-8 are
    field_char = 1 << 12,   // of a line in fields: anything but what parts them
};

namespace detail {

constexpr uint16_t classes_of(unsigned char c) {
    const bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    const bool is_visible = c > 0x20 && c != 0x7f;
    unsigned classes = 0;
    if (is_alpha || is_digit || std::string_view("-.!%*_+`'~").find(static_cast<char>(c)) != std::string_view::npos)
        classes |= token_char;
    if (c == ' ' || c == '\t') classes |= blank_char | lws_char;
    if (c == '\r' || c == '\n') classes |= lws_char;
    if (is_digit) classes |= digit_char;
    if (is_alpha) classes |= alpha_char;
    if (is_alpha || is_digit || c == '-' || c == '.' || c == '_') classes |= host_char;
    if (is_visible && c != ';' && c != ',' && c != '"' && c != '<' && c != '>') classes |= value_char;
    if (is_visible && c != '<' && c != '>' && c != '"') classes |= uri_char;
    if (is_alpha || is_digit || c == '+' || c == '-' || c == '.') classes |= scheme_char;
    if ((classes & uri_char) != 0 && c != '@' && c != ':') classes |= user_char;
    if ((classes & (value_char | lws_char)) != 0 && c != '@' && c != ':') classes |= name_char;
    if (is_visible) classes |= visible_char;
    if (c != ' ' && c != '\t') classes |= field_char;
    return static_cast<uint16_t>(classes);
}

inline constexpr std::array<uint16_t, 256> class_table = [] {
    std::array<uint16_t, 256> table{};
    for (unsigned c = 0; c < table.size(); ++c) table[c] = classes_of(static_cast<unsigned char>(c));
    return table;
}();

} // namespace detail

constexpr bool is(char c, unsigned classes) { return (detail::class_table[static_cast<uint8_t>(c)] & classes) != 0; }

// The first byte in [at, end) that is of none of the classes, or `end`. Four a step: most of what a parser does is this.
constexpr const char* skip(const char* at, const char* end, unsigned classes) {
    for (; end - at >= 4; at += 4) {
        if (!is(at[0], classes)) return at;
        if (!is(at[1], classes)) return at + 1;
        if (!is(at[2], classes)) return at + 2;
        if (!is(at[3], classes)) return at + 3;
    }
    while (at != end && is(*at, classes)) ++at;
    return at;
}

constexpr bool consists_of(std::string_view text, unsigned classes) {
    const char* const end = text.data() + text.size();
    return skip(text.data(), end, classes) == end;
}

// Where `c` is first in [at, end), or `end`.
inline const char* find(const char* at, const char* end, char c) {
    constexpr uint64_t every = 0x0101010101010101ULL;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        std::memcpy(&word, at, sizeof word);
        word ^= every * static_cast<uint8_t>(c);
        const uint64_t zero = (word - every) & ~word & (every * 0x80);
        if (zero != 0) return at + std::countr_zero(zero) / 8;
    }
    while (at != end && *at != c) ++at;
    return at;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// 1*DIGIT up to `most`; leading zeros count for nothing (RFC 4475 3.1.1.1: "CSeq: 0009").
constexpr std::optional<uint32_t> decimal(std::string_view digits, uint32_t most = UINT32_MAX) {
    if (digits.empty()) return std::nullopt;
    uint64_t value = 0;
    for (const char c : digits) {
        if (!is(c, digit_char)) return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
        if (value > most) return std::nullopt;
    }
    return static_cast<uint32_t>(value);
}

constexpr std::string_view trim(std::string_view text) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    while (begin != end && is(*begin, lws_char)) ++begin;
    while (begin != end && is(end[-1], lws_char)) --end;
    return {begin, static_cast<size_t>(end - begin)};
}

} // namespace ringwall::text

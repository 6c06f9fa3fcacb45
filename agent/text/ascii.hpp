// SPDX-License-Identifier: Apache-2.0
// Bytes of the text protocols (SIP, SDP): character classes and decimal numbers. No locale, no errno; a number
// that does not fit is refused, never wrapped or clipped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringwall::text {

enum Class : uint8_t {
    token_char = 1 << 0, // RFC 3261 25.1 token; RFC 8866 token differs in characters that we never meet
    blank_char = 1 << 1, // SP, HTAB
    lws_char = 1 << 2,   // SP, HTAB and the CR, LF of a fold
    digit_char = 1 << 3,
    alpha_char = 1 << 4,
    host_char = 1 << 5,  // alphanumeric, "-", "." and the "_" that container names bring
    value_char = 1 << 6, // an unquoted parameter value: anything visible but what ends or quotes one
    uri_char = 1 << 7,   // between angle brackets: anything visible but the brackets and quotes
};

namespace detail {

constexpr uint8_t classes_of(unsigned char c) {
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
    return static_cast<uint8_t>(classes);
}

inline constexpr std::array<uint8_t, 256> class_table = [] {
    std::array<uint8_t, 256> table{};
    for (unsigned c = 0; c < table.size(); ++c) table[c] = classes_of(static_cast<unsigned char>(c));
    return table;
}();

} // namespace detail

constexpr bool is(char c, unsigned classes) { return (detail::class_table[static_cast<uint8_t>(c)] & classes) != 0; }

constexpr bool consists_of(std::string_view text, unsigned classes) {
    for (const char c : text) {
        if (!is(c, classes)) return false;
    }
    return true;
}

// Neither white space nor a control; bytes of UTF-8 are.
constexpr bool is_visible(std::string_view text) {
    for (const char c : text) {
        if (static_cast<uint8_t>(c) <= ' ' || c == 0x7f) return false;
    }
    return true;
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
    while (!text.empty() && is(text.front(), lws_char)) text.remove_prefix(1);
    while (!text.empty() && is(text.back(), lws_char)) text.remove_suffix(1);
    return text;
}

} // namespace ringwall::text

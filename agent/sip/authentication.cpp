// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/authentication.hpp"

#include <algorithm>

#include "agent/sip/lexer.hpp"

namespace ringwall::sip {
namespace {

bool is_named(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, {}, [](char c) { return text::lower(c); });
}

} // namespace

std::optional<std::string_view> authentication_parameter(std::string_view value, std::string_view name) {
    Cursor cursor(value);
    if (cursor.token().empty() || !cursor.skip_lws()) return std::nullopt;
    do {
        const std::string_view key = cursor.token();
        if (key.empty() || !cursor.separator('=')) return std::nullopt;
        const bool is_quoted = cursor.peek() == '"';
        const auto read = is_quoted ? cursor.quoted_string() : cursor.take_all(text::value_char);
        if (!read) return std::nullopt;
        if (is_named(key, name)) return read;
    } while (cursor.separator(','));
    return std::nullopt;
}

} // namespace ringwall::sip

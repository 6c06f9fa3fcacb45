// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/cseq.hpp"

#include "agent/sip/lexer.hpp"

namespace ringwall::sip {

constexpr uint32_t max_cseq = 0x7fffffff;

std::optional<CSeq> cseq(std::string_view value) {
    Cursor cursor(value);
    const auto number = text::decimal(cursor.take_all(text::digit_char), max_cseq);
    if (!number || !cursor.skip_lws()) return std::nullopt;
    const std::string_view method = cursor.token();
    if (method.empty() || !cursor.at_end()) return std::nullopt;
    return CSeq{*number, method};
}

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/content_type.hpp"

#include "agent/sip/lexer.hpp"

namespace ringwall::sip {

bool ContentType::is_sdp() const {
    return text::equals_ignoring_case(type, "application") && text::equals_ignoring_case(subtype, "sdp");
}

bool ContentType::is_multipart() const { return text::equals_ignoring_case(type, "multipart"); }

// media-type = m-type SLASH m-subtype *(SEMI m-parameter); m-parameter = m-attribute EQUAL m-value
ContentType content_type(std::string_view value) {
    Cursor cursor(value);
    ContentType read{.type = cursor.token(), .subtype = {}, .boundary = {}};
    if (!cursor.separator('/')) return {};
    read.subtype = cursor.token();
    Parameter next;
    Read step;
    while ((step = parameter(cursor, next)) == Read::found) {
        if (!text::equals_ignoring_case(next.name, "boundary")) continue;
        if (!read.boundary.empty()) return {};
        read.boundary = next.value;
    }
    cursor.skip_lws();
    return step == Read::none && cursor.at_end() ? read : ContentType{};
}

}  // namespace ringwall::sip

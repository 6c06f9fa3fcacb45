// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/content_type.hpp"

#include "agent/sip/lexer.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sip {

bool ContentType::is_trickled() const {
    return text::is_word<"application">(type) && text::is_word<"trickle-ice-sdpfrag">(subtype);
}

bool ContentType::is_sdp() const { return text::is_word<"application">(type) && text::is_word<"sdp">(subtype); }

bool ContentType::is_multipart() const { return text::is_word<"multipart">(type); }

bool is_session(std::string_view disposition) {
    return disposition.empty() || text::is_word<"session">(Cursor(disposition).token());
}

// media-type = m-type SLASH m-subtype *(SEMI m-parameter); m-parameter = m-attribute EQUAL m-value
ContentType content_type(std::string_view value) {
    Cursor cursor(value);
    ContentType read{.type = cursor.token(), .subtype = {}, .boundary = {}};
    if (!cursor.separator('/')) return {};
    read.subtype = cursor.token();
    Parameter next;
    Read step;
    while ((step = parameter(cursor, next)) == Read::found) {
        if (!text::is_word<"boundary">(next.name)) continue;
        if (!read.boundary.empty()) return {};
        read.boundary = next.value;
    }
    cursor.skip_lws();
    return step == Read::none && cursor.at_end() ? read : ContentType{};
}

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/header_lines.hpp"

#include <cstring>

#include "agent/text/ascii.hpp"
#include "agent/text/line.hpp"

namespace ringwall::sip {
namespace {

using text::LineEnd;

// A header goes on while the next line begins with a blank (7.3.1). The byte after a line end must be there to know.
text::Line find_header_end(const char* at, const char* end) {
    text::Line line = text::find_line_end(at, end);
    while (line.kind == LineEnd::found && line.next != end && text::is(*line.next, text::blank_char))
        line = text::find_line_end(line.next, end);
    return line;
}

std::string_view without_blanks_behind(std::string_view name) {
    while (!name.empty() && text::is(name.back(), text::blank_char)) name.remove_suffix(1);
    return name;
}

} // namespace

// message-header = field-name HCOLON field-value; HCOLON = *(SP / HTAB) ":" SWS
HeaderLines::Step HeaderLines::next(HeaderLine& out) {
    const char* begin = at_;
    const text::Line line = find_header_end(begin, end_);
    if (line.kind == LineEnd::forbidden) return fail(Defect::bad_header, line.end);
    if (line.kind == LineEnd::missing) return fail(Defect::need_more, end_);
    if (line.end == begin) {
        at_ = line.next;
        return Step::end;
    }
    if (++count_ > max_headers) return fail(Defect::too_many, begin);
    if (static_cast<size_t>(line.end - begin) > max_header_bytes) return fail(Defect::too_long, begin);
    const size_t length = static_cast<size_t>(line.end - begin);
    const auto* colon = static_cast<const char*>(std::memchr(begin, ':', length));
    if (colon == nullptr) return fail(Defect::bad_header, begin);
    out.name = without_blanks_behind({begin, static_cast<size_t>(colon - begin)});
    if (out.name.empty()) return fail(Defect::bad_header, begin);
    out.value = text::trim({colon + 1, static_cast<size_t>(line.end - colon - 1)});
    at_ = line.next;
    return Step::header;
}

} // namespace ringwall::sip

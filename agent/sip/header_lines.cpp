// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/header_lines.hpp"

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

// message-header = field-name HCOLON field-value; HCOLON = *(SP / HTAB) ":" SWS
bool split(const char* begin, const char* end, HeaderLine& out) {
    const char* const colon = text::find(begin, end, ':');
    if (colon == end) return false;
    const char* name_end = colon;
    while (name_end != begin && text::is(name_end[-1], text::blank_char)) --name_end;
    out.name = {begin, static_cast<size_t>(name_end - begin)};
    out.value = text::trim({colon + 1, static_cast<size_t>(end - colon - 1)});
    return !out.name.empty();
}

} // namespace

HeaderLines::Step HeaderLines::next(HeaderLine& out) {
    const char* const begin = at_;
    const text::Line line = find_header_end(begin, end_);
    if (line.kind == LineEnd::forbidden) return fail(Defect::bad_header, line.end);
    if (line.kind == LineEnd::missing) return fail(Defect::need_more, end_);
    at_ = line.next;
    if (line.end == begin) return Step::end;
    if (++count_ > max_headers) return fail(Defect::too_many, begin);
    if (line.end - begin > static_cast<ptrdiff_t>(max_header_bytes)) return fail(Defect::too_long, begin);
    return split(begin, line.end, out) ? Step::header : fail(Defect::bad_header, begin);
}

} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/framing.hpp"

#include <algorithm>

#include "agent/sip/header_names.hpp"
#include "agent/sip/start_line.hpp"
#include "agent/text/ascii.hpp"

namespace ringwall::transport {
namespace {

constexpr size_t not_found = std::string_view::npos;

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view name_in(std::string_view header) { return text::trim(header.substr(0, header.find(':'))); }

bool is_content_length(std::string_view header) {
    return header.find(':') != not_found && sip::header_name_of(name_in(header)) == sip::HeaderName::content_length;
}

// Some stacks take a CR alone for a line end, others for text. Where both readings find the same end of the message it
// is none of our business; where the first would see an empty line or a Content-Length it is. In a header that the parser
// refuses anyhow nobody searches for that.
bool is_read_in_two_ways(std::string_view header) {
    if (header.starts_with('\r')) return true;
    for (size_t at = header.find('\r'); at != not_found; at = header.find('\r', at + 1)) {
        const std::string_view rest = header.substr(at + 1);
        if (rest.starts_with('\n')) continue; // a fold
        if (header.size() > sip::max_header_bytes || rest.empty() || rest.starts_with('\r') || is_content_length(rest))
            return true;
    }
    return false;
}

// The longest method is bounded by what the parser takes of a line.
bool may_become_message(std::string_view line) {
    const std::string_view start = line.substr(0, sip::max_header_bytes);
    const bool has_method = start.find(' ') != not_found || start.size() == line.size();
    return has_method && line.size() <= sip::max_message_bytes && sip::may_become_start_line(start);
}

size_t line_ends_before(std::string_view bytes) { return std::min(bytes.find_first_not_of("\r\n"), bytes.size()); }

bool begins_message(std::string_view bytes) {
    bytes.remove_prefix(line_ends_before(bytes));
    const size_t end = bytes.find('\n');
    if (end == not_found) return false;
    const std::string_view line = without_cr(bytes.substr(0, end));
    sip::Message ignored;
    return sip::has_sip_version(line) && sip::start_line(line, ignored);
}

} // namespace

Measure::Fit Measure::look(std::string_view bytes) {
    while (body_ == 0) {
        const Fit fit = line_ == 0 ? look_for_start_line(bytes) : look_for_header(bytes);
        if (fit != Fit::whole) return fit;
    }
    return bytes.size() < size() ? Fit::more : Fit::whole;
}

Measure::Fit Measure::look_for_start_line(std::string_view bytes) {
    const size_t end = bytes.find('\n', searched_);
    if (end == not_found) {
        searched_ = bytes.size();
        return may_become_message(bytes) ? Fit::more : Fit::broken;
    }
    const std::string_view line = without_cr(bytes.substr(0, end));
    if (line.find('\r') != not_found || !sip::has_sip_version(line)) return Fit::broken;
    line_ = searched_ = end + 1;
    return Fit::whole;
}

// A header goes on while the next line begins with a blank (7.3.1), so the byte behind its line end decides.
Measure::Fit Measure::look_for_header(std::string_view bytes) {
    const Fit unfinished = bytes.size() > sip::max_message_bytes ? Fit::broken : Fit::more;
    std::string_view header;
    do {
        const size_t end = std::min(bytes.find('\n', searched_), bytes.size());
        header = without_cr(bytes.substr(line_, end - line_));
        if (end < bytes.size() && header.empty()) return end_headers(end + 1);
        searched_ = end;
        if (end + 1 >= bytes.size()) return unfinished;
        ++searched_;
    } while (text::is(bytes[searched_], text::blank_char));
    if (!take_header(header)) return Fit::broken;
    line_ = searched_;
    return line_ <= sip::max_message_bytes ? Fit::whole : Fit::broken;
}

Measure::Fit Measure::end_headers(size_t body) {
    body_ = body;
    const bool is_bounded = length_ && *length_ <= sip::max_message_bytes && size() <= sip::max_message_bytes;
    return is_bounded ? Fit::whole : Fit::broken;
}

bool Measure::take_header(std::string_view header) {
    if (is_read_in_two_ways(header)) return false;
    return !is_content_length(header) || take_content_length(text::trim(header.substr(header.find(':') + 1)));
}

// Twice the same is one length to everybody, and the parser's to refuse.
bool Measure::take_content_length(std::string_view value) {
    const auto length = text::decimal(value);
    if (!length || (length_ && *length_ != *length)) return false;
    length_ = length;
    return true;
}

void Framing::feed(std::string_view bytes, Boundary boundary, const OnMessage& on_message, FramingCounters& counters) {
    find_place(bytes, boundary, counters);
    if (place_ == Place::lost) return;
    if (partial_.empty()) {
        bytes.remove_prefix(read(bytes, on_message, counters));
        partial_ = bytes;
        return;
    }
    partial_ += bytes;
    const size_t used = read(partial_, on_message, counters);
    partial_.erase(0, used);
}

void Framing::lose() {
    place_ = Place::lost;
    is_measuring_ = false;
    partial_ = {};
}

void Framing::find_place(std::string_view bytes, Boundary boundary, FramingCounters& counters) {
    const bool is_between = place_ == Place::lost || (place_ == Place::proving && partial_.empty());
    if (!is_between || boundary == Boundary::none || !begins_message(bytes)) return;
    if (boundary == Boundary::full_stop) {
        ++counters.resumed;
        place_ = Place::certain;
    } else if (place_ == Place::lost) {
        place_ = Place::proving;
        proven_ = 0;
    }
}

// Returns how many of the bytes it is done with; all of them where they make no sense.
size_t Framing::read(std::string_view bytes, const OnMessage& on_message, FramingCounters& counters) {
    size_t at = 0;
    while (at < bytes.size()) {
        if (!is_measuring_) {
            at += line_ends_before(bytes.substr(at));
            if (at == bytes.size()) break;
            measure_ = {};
            is_measuring_ = true;
        }
        switch (measure_.look(bytes.substr(at))) {
            case Measure::Fit::more: return at;
            case Measure::Fit::broken:
                counters.broken += place_ == Place::certain;
                lose();
                return bytes.size();
            case Measure::Fit::whole: break;
        }
        is_measuring_ = false;
        on_whole(bytes.substr(at, measure_.size()), on_message, counters);
        at += measure_.size();
    }
    return at;
}

void Framing::on_whole(std::string_view message, const OnMessage& on_message, FramingCounters& counters) {
    if (place_ == Place::certain) {
        ++counters.messages;
        on_message(message);
        return;
    }
    ++counters.unproven;
    proven_ += message.size();
    if (proven_ <= sip::max_message_bytes) return;
    ++counters.resumed;
    place_ = Place::certain;
}

} // namespace ringwall::transport

// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/stream.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace ringwall::transport {
namespace {

constexpr unsigned enough_in_a_row = 3;
constexpr auto most_away = static_cast<int64_t>(stream_window);

uint32_t size_of(std::string_view bytes) { return static_cast<uint32_t>(bytes.size()); }

// Where two runs of bytes overlap, do they say the same?
bool agree(std::string_view a, std::string_view b, int64_t b_behind_a) {
    if (b_behind_a < 0) return agree(b, a, -b_behind_a);
    const auto offset = static_cast<size_t>(b_behind_a);
    if (offset >= a.size()) return true;
    const size_t common = std::min(a.size() - offset, b.size());
    return a.substr(offset, common) == b.substr(0, common);
}

} // namespace

void Stream::on_segment(const Segment& segment, const OnMessage& on_message, StreamCounters& counters) {
    if (segment.syn) on_other_start(segment.sequence);
    if (!segment.bytes.empty() && is_at_other_start(segment.sequence)) step_aside(*other_start_, true);
    else if (goes_on_elsewhere(segment, counters)) return;
    // Nothing follows a true FIN or RST there.
    if (segment.sequence == next_ && !segment.bytes.empty() && std::exchange(is_over_, false)) end_.reset();
    if (is_over_) return;
    if (has_waited_enough(segment.time_ns)) skip_gap(segment.time_ns, on_message, counters);
    if (!segment.bytes.empty()) {
        on_bytes(segment.sequence, segment.bytes, segment.time_ns, on_message, counters);
        last_ns_ = segment.time_ns;
    }
    on_flags(segment);
}

// An answer that is repeated begins nothing anew: its first byte stands shortly before the next one.
void Stream::on_start(uint32_t sequence) {
    on_other_start(sequence);
    is_other_answered_ = other_start_ == sequence && (distance(sequence) > 0 || distance(sequence) < -most_away);
}

void Stream::on_other_start(uint32_t sequence) {
    if (is_over_) move_to(sequence, true);
    if (distance(sequence) == 0) return;
    other_start_ = sequence;
    is_other_answered_ = false;
}

bool Stream::is_at_other_start(uint32_t sequence) const {
    if (!other_start_) return false;
    const int64_t behind = transport::distance(*other_start_, sequence);
    return behind == 0 || (is_other_answered_ && behind > 0 && behind <= most_away);
}

// Segments may still be on their way to a receiver that has not acknowledged them. Who repeats a lost one does so sooner
// than after a full stop: what the receiver has not got by then was never its sender's.
void Stream::on_acknowledgement(uint32_t sequence, uint64_t now_ns, const OnMessage& on_message,
                                StreamCounters& counters) {
    acknowledged_ = sequence;
    const int64_t ahead = distance(sequence);
    if (has_gap() && ahead > 0 && ahead <= most_away) skip_gap(now_ns, on_message, counters);
    if (is_over_ || distance(sequence) == 0 || now_ns < last_ns_ + full_stop_ns) return;
    ++counters.jumps;
    step_aside(sequence, false);
}

void Stream::on_flags(const Segment& segment) {
    if (segment.fin) end_ = segment.sequence + size_of(segment.bytes);
    const bool is_reset = segment.rst && segment.sequence == next_; // RFC 5961 3.2: no other one is believed
    if (!is_reset && end_ != next_) return;
    close();
    last_ns_ = segment.time_ns;
}

void Stream::close() {
    const bool in_step = framing_.is_at_start();
    lose();
    framing_ = Framing(in_step);
    is_over_ = true;
}

bool Stream::goes_on_elsewhere(const Segment& segment, StreamCounters& counters) {
    const int64_t begin = distance(segment.sequence), end = begin + static_cast<int64_t>(segment.bytes.size());
    if (begin <= most_away && end >= -most_away) {
        in_a_row_ = 0;
        return false;
    }
    if (segment.bytes.empty() || !may_be_there(segment)) return true;
    ++counters.jumps;
    step_aside(segment.sequence, false);
    last_ns_ = segment.time_ns; // two have come there just before, or who knows how many
    return false;
}

bool Stream::may_be_there(const Segment& segment) {
    if (acknowledged_) return std::abs(transport::distance(*acknowledged_, segment.sequence)) <= most_away;
    in_a_row_ = segment.sequence == elsewhere_ ? in_a_row_ + 1 : 1;
    elsewhere_ = segment.sequence + size_of(segment.bytes);
    return in_a_row_ >= enough_in_a_row && segment.time_ns >= last_ns_ + full_stop_ns;
}

// It may come back to where it was, if that was the true place.
void Stream::step_aside(uint32_t sequence, bool in_step) {
    const uint32_t before = next_;
    const bool may_come_back = framing_.is_at_start() && !is_over_;
    move_to(sequence, in_step);
    if (may_come_back) other_start_ = before;
}

void Stream::move_to(uint32_t sequence, bool in_step) {
    lose();
    framing_ = Framing(in_step);
    next_ = sequence;
    end_.reset();
    other_start_.reset();
    is_other_answered_ = false;
    is_over_ = false;
    in_a_row_ = 0;
}

void Stream::lose() {
    framing_.lose();
    pieces_ = {};
    held_ = 0;
}

void Stream::on_bytes(uint32_t sequence, std::string_view bytes, uint64_t now_ns, const OnMessage& on_message,
                      StreamCounters& counters) {
    const int64_t ahead = distance(sequence);
    if (differs(sequence, bytes)) {
        ++counters.conflicts;
        lose();
        if (ahead + static_cast<int64_t>(bytes.size()) > 0) next_ = sequence + size_of(bytes);
        return;
    }
    if (ahead > 0 && !framing_.is_lost()) {
        keep(sequence, bytes, now_ns);
        if (pieces_.size() > most_pieces || held_ > most_behind_gap) skip_gap(now_ns, on_message, counters);
        return;
    }
    feed(sequence, bytes, now_ns, on_message, counters);
    feed_pieces(now_ns, on_message, counters);
}

// From what has been delivered already nothing can be told: its messages are read.
bool Stream::differs(uint32_t sequence, std::string_view bytes) const {
    const std::string_view unread = framing_.unread();
    if (!agree(unread, bytes, distance(sequence) + static_cast<int64_t>(unread.size()))) return true;
    return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
        return !agree(piece.bytes, bytes, static_cast<int32_t>(sequence - piece.sequence));
    });
}

void Stream::keep(uint32_t sequence, std::string_view bytes, uint64_t now_ns) {
    if (pieces_.empty()) gap_since_ns_ = now_ns;
    const auto later = std::find_if(pieces_.begin(), pieces_.end(),
                                    [&](const Piece& piece) { return distance(piece.sequence) > distance(sequence); });
    if (later != pieces_.begin() && std::prev(later)->sequence == sequence &&
        std::prev(later)->bytes.size() >= bytes.size())
        return;
    pieces_.insert(later, {sequence, std::string(bytes)});
    held_ += bytes.size();
}

// A lost stream is not waited for: every byte that comes is as good as the next.
void Stream::feed(uint32_t sequence, std::string_view bytes, uint64_t now_ns, const OnMessage& on_message,
                  StreamCounters& counters) {
    const int64_t ahead = distance(sequence);
    if (ahead + static_cast<int64_t>(bytes.size()) <= 0) return; // all of it has been read
    const bool is_after_stop = ahead == 0 && now_ns >= last_ns_ + full_stop_ns;
    const Boundary boundary = ahead < 0 ? Boundary::none : is_after_stop ? Boundary::full_stop : Boundary::segment;
    if (ahead < 0) bytes.remove_prefix(static_cast<size_t>(-ahead));
    else next_ = sequence;
    const size_t unread = framing_.unread().size();
    framing_.feed(bytes, boundary, on_message, counters.framing);
    next_ += size_of(bytes);
    if (unread == 0 || framing_.unread().size() < unread) last_message_ns_ = now_ns;
}

void Stream::feed_pieces(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters) {
    size_t fed = 0;
    for (; fed < pieces_.size(); ++fed) {
        const Piece& piece = pieces_[fed];
        if (distance(piece.sequence) > 0 && !framing_.is_lost()) break;
        last_ns_ = now_ns; // what was kept has not followed a full stop
        feed(piece.sequence, piece.bytes, now_ns, on_message, counters);
    }
    for (size_t i = 0; i < fed; ++i) held_ -= pieces_[i].bytes.size();
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(fed));
    if (fed > 0) gap_since_ns_ = now_ns;
    if (pieces_.empty()) pieces_ = {};
}

void Stream::skip_gap(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters) {
    ++counters.gaps;
    framing_.lose();
    next_ = pieces_.front().sequence;
    feed_pieces(now_ns, on_message, counters);
}

void Stream::tick(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters) {
    if (has_waited_enough(now_ns)) skip_gap(now_ns, on_message, counters);
    if (!framing_.unread().empty() && now_ns >= last_message_ns_ + message_patience_ns) lose();
    if (end_ == next_) close();
}

} // namespace ringwall::transport

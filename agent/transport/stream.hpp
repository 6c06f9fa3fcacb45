// SPDX-License-Identifier: Apache-2.0
// One direction of a TCP connection from mirrored segments (RFC 9293): out of order, repeated, overlapping, merged to
// 64 kB, joined midway.
//
// Bytes are read in order. A repetition of bytes that have not become a message yet must be the same bytes: where they
// differ, receivers differ in which they take, and the place in the stream is lost. A gap is waited for, as the receiver
// waits; it was ours alone (the ring was full), and the place is lost too, once the receiver acknowledges more, or after
// the stream's patience.
//
// Anybody may forge a segment from outside. Where the receiver's own acknowledgements are seen, they say where the
// stream is: nothing else moves it far, and what they disown is gone back upon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/transport/framing.hpp"
#include "agent/transport/segment.hpp"

namespace ringwall::transport {

inline constexpr uint64_t gap_patience_ns = 1'000'000'000; // the inside's segments are lost behind the wall, if at all
// What was lost on its way here comes again after 1 s (RFC 6298 2.4), and 2 and 4 s later if it is lost again.
inline constexpr uint64_t outside_gap_patience_ns = 8'000'000'000;
inline constexpr uint64_t message_patience_ns = 32'000'000'000; // 64*T1: nobody waits longer for the rest of a message
inline constexpr size_t stream_window = size_t{1} << 20;        // further from the next byte is elsewhere
inline constexpr size_t most_behind_gap = 65536;                // bytes, and pieces below, kept while a gap stands
inline constexpr size_t most_pieces = 64;

struct StreamCounters {
    FramingCounters framing;
    uint64_t gaps = 0;      // that were not filled
    uint64_t conflicts = 0; // repetitions that differed
    uint64_t jumps = 0;     // the stream went on elsewhere: far more was lost than a gap
};

class Stream {
public:
    // Of which the SYN was seen: `sequence` is that of its first byte.
    static Stream from_start(uint32_t sequence, uint64_t now_ns, uint64_t patience_ns = gap_patience_ns) {
        return Stream(sequence, true, now_ns, patience_ns);
    }
    // Met midway, quiet for all we know since `quiet_since_ns`.
    static Stream from_midway(uint32_t sequence, uint64_t quiet_since_ns, uint64_t patience_ns = gap_patience_ns) {
        return Stream(sequence, false, quiet_since_ns, patience_ns);
    }

    using OnMessage = Framing::OnMessage;
    void on_segment(const Segment& segment, const OnMessage& on_message, StreamCounters& counters);
    // The receiver has begun a connection whose first byte that is; its SYN was answered.
    void on_start(uint32_t sequence);
    // The receiver has all that stands before that, and it has no more.
    void on_acknowledgement(uint32_t sequence, uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters);
    // Gives up a gap, or a message, that has been waited for long enough.
    void tick(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters);
    // Gives up what is not read yet, to save its memory.
    void lose();
    void close(); // the other direction was reset

    bool has_gap() const { return !pieces_.empty(); }
    bool is_over() const { return is_over_; } // closed by FIN or RST
    size_t held() const { return framing_.unread().size() + held_; }
    uint64_t last_ns() const { return last_ns_; }

private:
    Stream(uint32_t sequence, bool in_step, uint64_t now_ns, uint64_t patience_ns)
        : framing_(in_step), next_(sequence), last_ns_(now_ns), last_message_ns_(now_ns), patience_ns_(patience_ns) {}

    struct Piece {
        uint32_t sequence;
        std::string bytes;
    };
    int64_t distance(uint32_t sequence) const { return transport::distance(next_, sequence); }
    void on_other_start(uint32_t sequence);
    bool is_at_other_start(uint32_t sequence) const;
    void on_flags(const Segment& segment);
    bool goes_on_elsewhere(const Segment& segment, StreamCounters& counters);
    bool may_be_there(const Segment& segment);
    void move_to(uint32_t sequence, bool in_step);
    void step_aside(uint32_t sequence, bool in_step);
    void on_bytes(uint32_t sequence, std::string_view bytes, uint64_t now_ns, const OnMessage& on_message,
                  StreamCounters& counters);
    bool has_waited_enough(uint64_t now_ns) const { return has_gap() && now_ns >= gap_since_ns_ + patience_ns_; }
    bool differs(uint32_t sequence, std::string_view bytes) const;
    void keep(uint32_t sequence, std::string_view bytes, uint64_t now_ns);
    void feed(uint32_t sequence, std::string_view bytes, uint64_t now_ns, const OnMessage& on_message,
              StreamCounters& counters);
    void feed_pieces(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters);
    void skip_gap(uint64_t now_ns, const OnMessage& on_message, StreamCounters& counters);

    Framing framing_;
    uint32_t next_;    // sequence of the next byte to read
    uint64_t last_ns_; // when bytes came last, or the end: a FIN or RST that is not believed does not break a silence
    uint64_t last_message_ns_;
    uint64_t patience_ns_, gap_since_ns_ = 0;
    std::vector<Piece> pieces_; // behind a gap, nearest first; they may overlap in the same bytes
    size_t held_ = 0;
    std::optional<uint32_t> end_; // where the FIN stands
    bool is_over_ = false;

    // Where it would go on if what stands far off is no forgery: exactly where a SYN began it anew or where it was
    // before, else near what the receiver has acknowledged last. Where nobody has seen it acknowledge anything, where
    // several segments in a row went on while nothing came here.
    std::optional<uint32_t> other_start_;
    bool is_other_answered_ = false; // the receiver has said so: what stands behind it is of that connection, too
    std::optional<uint32_t> acknowledged_;
    uint32_t elsewhere_ = 0;
    unsigned in_a_row_ = 0;
};

} // namespace ringwall::transport

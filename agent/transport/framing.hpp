// SPDX-License-Identifier: Apache-2.0
// Messages from the bytes of one direction of a TCP connection (RFC 3261 18.3): start line, headers, empty line, and as
// many bytes as Content-Length says. Empty lines between messages are keepalives (RFC 5626 3.5.1).
//
// Where a message ends is never guessed. A Content-Length that is absent, unreadable, contradicted, or past
// sip::max_message_bytes loses the place, and so do bytes missing from the stream. It is found again only at the first
// byte of a segment with a whole start line of SIP/2.0, and only
//  - after a full stop: the segment before it ended right there, at least `full_stop_ns` ago. Who pauses in the middle
//    of a message is repeating a lost segment, and does so sooner; or
//  - once more bytes than any message may have were nothing but messages, each beginning where the last one ended: no
//    body can hold them all. Till then they are measured, and not read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/sip/message.hpp"

namespace ringwall::transport {

inline constexpr uint64_t full_stop_ns = 2'000'000'000;

// How long the message is that begins with the first byte. The bytes grow from call to call, and line ends are searched
// for once. A line may be as long as a message: one that is too long for the parser is the parser's to refuse, and has an end.
class Measure {
public:
    enum class Fit : uint8_t { whole, more, broken };
    Fit look(std::string_view bytes);
    size_t size() const { return body_ + *length_; } // once whole

private:
    Fit look_for_start_line(std::string_view bytes);
    Fit look_for_header(std::string_view bytes);
    Fit end_headers(size_t body);
    bool take_header(std::string_view header);
    bool take_content_length(std::string_view value);

    size_t line_ = 0;     // where the first line that has not been read begins
    size_t searched_ = 0; // no line of it ends before that
    size_t body_ = 0;     // 0 until the empty line has come
    std::optional<uint32_t> length_;
};

// What is known of the bytes that are fed: that a segment begins with them, and that it followed a full stop.
enum class Boundary : uint8_t { none, segment, full_stop };

struct FramingCounters {
    uint64_t messages = 0; // delivered
    uint64_t unproven = 0; // measured while the place was not certain
    uint64_t broken = 0;   // times the place was lost for what the bytes said
    uint64_t resumed = 0;  // times it was found again
};

class Framing {
public:
    using OnMessage = std::function<void(std::string_view)>;

    // In step: the next byte fed is the first of a message.
    explicit Framing(bool in_step) : place_(in_step ? Place::certain : Place::lost) {}

    // Bytes that follow those fed before. A message lives as long as the call.
    void feed(std::string_view bytes, Boundary boundary, const OnMessage& on_message, FramingCounters& counters);
    void lose();

    bool is_lost() const { return place_ == Place::lost; }
    // In step and between two messages.
    bool is_at_start() const { return place_ == Place::certain && partial_.empty(); }
    std::string_view unread() const { return partial_; } // of a message that is not whole yet

private:
    enum class Place : uint8_t { certain, proving, lost };

    void find_place(std::string_view bytes, Boundary boundary, FramingCounters& counters);
    size_t read(std::string_view bytes, const OnMessage& on_message, FramingCounters& counters);
    void on_whole(std::string_view message, const OnMessage& on_message, FramingCounters& counters);

    Place place_;
    size_t proven_ = 0; // bytes, while proving
    Measure measure_;
    bool is_measuring_ = false;
    std::string partial_;
};

} // namespace ringwall::transport

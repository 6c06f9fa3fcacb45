// SPDX-License-Identifier: Apache-2.0
// The bytes of a capture, in order, and how far we are; and numbers of either byte order.
#pragma once

#include <bit>
#include <cstring>

#include "agent/capture/capture.hpp"

namespace ringwall::capture {

constexpr uint32_t longest_packet = 262144; // what libpcap and Wireshark write at most
constexpr uint64_t latest_ns = uint64_t{1}
                               << 62; // in the year 2116: what a pcap can say, and room to count on from there

template <class T>
T number(std::string_view bytes, size_t at, bool is_swapped) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    if (!is_swapped) return value;
    uint64_t left = value, swapped = 0;
    for (size_t i = 0; i < sizeof value; ++i, left >>= 8U) swapped = swapped << 8U | (left & 0xffU);
    return static_cast<T>(swapped);
}

class Input {
public:
    explicit Input(Read read) : read_(std::move(read)) {}

    // The next `count` bytes, until the next call; fewer only where the file ends.
    std::string_view take(size_t count) {
        if (buffer_.size() < count) buffer_.resize(count);
        const size_t got = count == 0 ? 0 : read_(buffer_.data(), count);
        offset_ += got;
        return {buffer_.data(), got};
    }
    // Fewer than `count` only where the file ends.
    uint64_t skip(uint64_t count) {
        uint64_t left = count;
        while (left > 0) {
            const size_t wanted = static_cast<size_t>(left < block ? left : block);
            const size_t got = take(wanted).size();
            left -= got;
            if (got < wanted) break;
        }
        return count - left;
    }
    uint64_t offset() const { return offset_; }

private:
    static constexpr uint64_t block = uint64_t{64} << 10;
    Read read_;
    std::string buffer_;
    uint64_t offset_ = 0;
};

class Format {
public:
    explicit Format(Input input) : input_(std::move(input)) {}
    Format(const Format&) = delete;
    Format& operator=(const Format&) = delete;
    virtual ~Format() = default;
    virtual Result<std::optional<Record>, Defect> next() = 0;
    uint64_t offset() const { return input_.offset(); }

protected:
    // Of what began at `began`: the file ends within it.
    static tl::unexpected<Defect> ends_within(const char* what, uint64_t began) {
        return tl::make_unexpected(Defect{std::string("the file ends in the middle of ") + what, began});
    }
    Input input_;
};

// After the four bytes that say which it is.
Result<std::unique_ptr<Format>, Defect> open_pcap(Input input, uint32_t magic);
Result<std::unique_ptr<Format>, Defect> open_pcapng(Input input);

} // namespace ringwall::capture

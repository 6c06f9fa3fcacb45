// SPDX-License-Identifier: Apache-2.0
// Captures written as they are read: numbers in either byte order, blocks that know their lengths.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <string>
#include <vector>

#include "agent/capture/capture.hpp"

namespace ringwall::capture::test {

enum class Order : uint8_t { big, little };

class Bytes {
public:
    explicit Bytes(Order order) : order_(order) {}
    template <std::integral T>
    Bytes& put(T value) {
        for (size_t i = 0; i < sizeof value; ++i) {
            const size_t byte = order_ == Order::little ? i : sizeof value - 1 - i;
            text_ += static_cast<char>(static_cast<uint64_t>(value) >> (8 * byte) & 0xffU);
        }
        return *this;
    }
    Bytes& put(const std::string& bytes) {
        text_ += bytes;
        return *this;
    }
    Bytes& pad() {
        text_.resize((text_.size() + 3) & ~size_t{3}, '\0');
        return *this;
    }
    const std::string& text() const { return text_; }
    Order order() const { return order_; }

private:
    Order order_;
    std::string text_;
};

inline std::string pcap_header(Order order, uint32_t magic = 0xa1b2c3d4, uint32_t link_type = 1) {
    return Bytes(order)
        .put(magic)
        .put(uint16_t{2})
        .put(uint16_t{4})
        .put(uint32_t{0})
        .put(uint32_t{0})
        .put(uint32_t{65535})
        .put(link_type)
        .text();
}
inline std::string pcap_packet(Order order, uint32_t seconds, uint32_t fraction, const std::string& bytes,
                               uint32_t cut = 0) {
    const auto length = static_cast<uint32_t>(bytes.size());
    return Bytes(order).put(seconds).put(fraction).put(length).put(length + cut).put(bytes).text();
}

inline std::string block(Order order, uint32_t type, std::string body) {
    body.resize((body.size() + 3) & ~size_t{3}, '\0');
    const auto length = static_cast<uint32_t>(body.size() + 12);
    return Bytes(order).put(type).put(length).put(body).put(length).text();
}
inline std::string option(Order order, uint16_t code, const std::string& value) {
    return Bytes(order).put(code).put(static_cast<uint16_t>(value.size())).put(value).pad().text();
}
inline std::string no_more_options(Order order) { return option(order, 0, ""); }
inline std::string section(Order order) {
    return block(order, 0x0a0d0d0a,
                 Bytes(order).put(0x1a2b3c4dU).put(uint16_t{1}).put(uint16_t{0}).put(~uint64_t{0}).text());
}
inline std::string interface(Order order, uint16_t link_type = 1, const std::string& options = {},
                             uint32_t snap_length = 0) {
    return block(order, 1, Bytes(order).put(link_type).put(uint16_t{0}).put(snap_length).put(options).text());
}
inline std::string packet(Order order, uint32_t number, uint64_t ticks, const std::string& bytes,
                          const std::string& options = {}, uint32_t cut = 0) {
    const auto length = static_cast<uint32_t>(bytes.size());
    return block(order, 6,
                 Bytes(order)
                     .put(number)
                     .put(static_cast<uint32_t>(ticks >> 32U))
                     .put(static_cast<uint32_t>(ticks))
                     .put(length)
                     .put(length + cut)
                     .put(bytes)
                     .pad()
                     .put(options)
                     .text());
}
inline std::string flags(Order order, uint32_t value) {
    return option(order, 2, Bytes(order).put(value).text()) + no_more_options(order);
}

struct Kept { // a Record that outlives the next call
    Record record;
    std::string bytes;
};
struct Outcome {
    std::vector<Kept> packets;
    std::optional<Defect> defect;
};

inline Read read_of(const std::string& file, size_t& at) {
    return [&file, &at](char* to, size_t most) {
        const size_t count = std::min(most, file.size() - at);
        std::memcpy(to, file.data() + at, count);
        at += count;
        return count;
    };
}

inline Outcome read_all(const std::string& file) {
    Outcome outcome;
    size_t at = 0;
    auto reader = Reader::open(read_of(file, at));
    if (!reader) return {{}, reader.error()};
    while (true) {
        auto record = reader->next();
        if (!record) outcome.defect = record.error();
        if (!record || !*record) return outcome;
        outcome.packets.push_back({**record, std::string((*record)->bytes)});
    }
}

} // namespace ringwall::capture::test

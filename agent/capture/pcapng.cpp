// SPDX-License-Identifier: Apache-2.0
// pcapng (draft-ietf-opsawg-pcapng): blocks, each with its length before and behind it. Read are the section's header,
// interfaces and the three kinds of packets; whatever else there is (names, statistics, keys) is stepped over.
#include <algorithm>
#include <array>
#include <vector>

#include "agent/capture/input.hpp"

namespace ringwall::capture {
namespace {

constexpr uint32_t section_block = 0x0a0d0d0a, interface_block = 1, old_packet_block = 2, simple_packet_block = 3,
                   packet_block = 6;
constexpr uint32_t order_magic = 0x1a2b3c4d, order_magic_swapped = 0x4d3c2b1a;
constexpr size_t block_head = 8, block_tail = 4;
constexpr size_t longest_block = longest_packet + (size_t{64} << 10); // of those that are read: a packet and options
constexpr size_t most_interfaces = 4096;
constexpr uint16_t option_end = 0, option_flags = 2, option_resolution = 9, option_offset = 14;
constexpr uint64_t ns_per_s = 1000000000;

struct Interface {
    uint16_t link_type = 0;
    uint32_t snap_length = 0; // 0: none
    uint8_t resolution = 6;   // digits after the point; with the top bit, binary ones
    int64_t offset_s = 0;
};

size_t padded(size_t length) { return (length + 3) & ~size_t{3}; }

// 10^digits; nothing where that is more than 64 bits hold.
std::optional<uint64_t> power_of_ten(unsigned digits) {
    if (digits > 19) return std::nullopt;
    uint64_t power = 1;
    for (unsigned i = 0; i < digits; ++i) power *= 10;
    return power;
}

// Ticks of 10^-digits s.
std::optional<uint64_t> decimal_ns(uint64_t ticks, unsigned digits) {
    if (digits > 9) {
        const auto divisor = power_of_ten(digits - 9);
        return divisor ? ticks / *divisor : 0;
    }
    const uint64_t factor = *power_of_ten(9 - digits);
    if (ticks > latest_ns / factor) return std::nullopt;
    return ticks * factor;
}

// Ticks of 2^-bits s. 32 bits of the fraction are finer than a nanosecond.
std::optional<uint64_t> binary_ns(uint64_t ticks, unsigned bits) {
    const uint64_t seconds = bits < 64 ? ticks >> bits : 0;
    uint64_t fraction = bits < 64 ? ticks - (seconds << bits) : ticks;
    if (bits > 32) fraction = bits - 32 < 64 ? fraction >> (bits - 32) : 0;
    else fraction <<= 32 - bits;
    if (seconds > latest_ns / ns_per_s) return std::nullopt;
    return seconds * ns_per_s + (fraction * ns_per_s >> 32U);
}

std::optional<uint64_t> time_of(uint64_t ticks, const Interface& interface) {
    const unsigned digits = interface.resolution & 0x7fU;
    const auto since = (interface.resolution & 0x80U) != 0 ? binary_ns(ticks, digits) : decimal_ns(ticks, digits);
    constexpr auto most_offset = static_cast<int64_t>(latest_ns / ns_per_s) - 2; // their sum has room
    if (!since || interface.offset_s > most_offset || interface.offset_s < -most_offset) return std::nullopt;
    const int64_t time = static_cast<int64_t>(*since) + interface.offset_s * static_cast<int64_t>(ns_per_s);
    if (time < 0 || static_cast<uint64_t>(time) >= latest_ns) return std::nullopt;
    return static_cast<uint64_t>(time);
}

class Pcapng : public Format {
public:
    explicit Pcapng(Input input) : Format(std::move(input)) {}

    // The first four bytes are read already.
    Result<void, Defect> open() {
        const std::string_view length = input_.take(sizeof(uint32_t));
        if (length.size() < sizeof(uint32_t)) return ends_within("its first block", 0);
        block_ = {.began = 0, .length_bytes = number<uint32_t>(length, 0, false)};
        return start_section();
    }

    Result<std::optional<Record>, Defect> next() override {
        while (true) {
            auto more = next_block();
            if (!more) return tl::make_unexpected(more.error());
            if (!*more) return std::nullopt;
            auto record = read_block();
            if (!record || *record) return record;
        }
    }

private:
    struct Block {
        uint64_t began = 0;
        uint32_t length_bytes = 0; // as it stood there: its byte order is known only in the section
        uint32_t type = 0;
    };

    tl::unexpected<Defect> defect(std::string what) const {
        return tl::make_unexpected(Defect{std::move(what), block_.began});
    }
    uint32_t swap(uint32_t value) const {
        return number<uint32_t>({reinterpret_cast<const char*>(&value), sizeof value}, 0, is_swapped_);
    }

    // False at the end of the file.
    Result<bool, Defect> next_block() {
        block_.began = input_.offset();
        const std::string_view head = input_.take(block_head);
        if (head.empty()) return false;
        if (head.size() < block_head) return ends_within("a block", block_.began);
        block_.type = number<uint32_t>(head, 0, is_swapped_);
        block_.length_bytes = number<uint32_t>(head, 4, false);
        return true;
    }

    Result<std::optional<Record>, Defect> read_block() {
        if (block_.type == section_block) return nothing_of(start_section());
        if (block_.type != interface_block && block_.type != packet_block && block_.type != simple_packet_block &&
            block_.type != old_packet_block)
            return nothing_of(skip_block());
        const auto body = take_body(swap(block_.length_bytes));
        if (!body) return tl::make_unexpected(body.error());
        switch (block_.type) {
            case interface_block: return nothing_of(read_interface(*body));
            case packet_block: return read_packet(*body, number<uint32_t>(*body, 0, is_swapped_));
            case old_packet_block: return read_packet(*body, number<uint16_t>(*body, 0, is_swapped_));
            default: return read_simple_packet(*body);
        }
    }

    static Result<std::optional<Record>, Defect> nothing_of(Result<void, Defect> done) {
        if (!done) return tl::make_unexpected(done.error());
        return std::nullopt;
    }

    Result<void, Defect> start_section() {
        const std::string_view magic = input_.take(sizeof(uint32_t));
        if (magic.size() < sizeof(uint32_t)) return ends_within("a section's header", block_.began);
        const auto order = number<uint32_t>(magic, 0, false);
        if (order != order_magic && order != order_magic_swapped) return defect("a section without byte order");
        is_swapped_ = order == order_magic_swapped;
        interfaces_.clear();
        const uint32_t length = swap(block_.length_bytes);
        constexpr uint32_t least = 28;
        if (length < least || length % 4 != 0 || length > longest_block)
            return defect("a section's header of impossible length");
        const size_t rest = length - block_head - sizeof(uint32_t);
        const std::string_view body = input_.take(rest);
        if (body.size() < rest) return ends_within("a section's header", block_.began);
        if (const auto major = number<uint16_t>(body, 0, is_swapped_); major != 1)
            return defect("pcapng of version " + std::to_string(major) + ", where 1 is read");
        return check_tail(body.substr(rest - block_tail), length);
    }

    Result<void, Defect> check_tail(std::string_view tail, uint32_t length) const {
        if (number<uint32_t>(tail, 0, is_swapped_) == length) return {};
        return defect("a block whose two lengths differ: the file is damaged here");
    }

    Result<void, Defect> skip_block() {
        const uint32_t length = swap(block_.length_bytes);
        if (length < block_head + block_tail || length % 4 != 0) return defect("a block of impossible length");
        const uint32_t rest = length - static_cast<uint32_t>(block_head + block_tail);
        if (input_.skip(rest) < rest) return ends_within("a block", block_.began);
        const std::string_view tail = input_.take(block_tail);
        if (tail.size() < block_tail) return ends_within("a block", block_.began);
        return check_tail(tail, length);
    }

    // Without its lengths; as long as the shortest of its kind.
    Result<std::string_view, Defect> take_body(uint32_t length) {
        constexpr std::array<uint32_t, 7> fixed{0, 8, 20, 4, 0, 0, 20}; // by block type
        const auto least = static_cast<uint32_t>(block_head + block_tail) + fixed.at(block_.type);
        if (length < least || length % 4 != 0 || length > longest_block) return defect("a block of impossible length");
        const size_t rest = length - block_head;
        const std::string_view body = input_.take(rest);
        if (body.size() < rest) return ends_within("a block", block_.began);
        if (auto good = check_tail(body.substr(rest - block_tail), length); !good)
            return tl::make_unexpected(good.error());
        return body.substr(0, rest - block_tail);
    }

    // Calls `on_option(code, value)` for each; false where they do not add up.
    template <class OnOption>
    bool read_options(std::string_view options, OnOption on_option) const {
        while (options.size() >= 4) {
            const auto code = number<uint16_t>(options, 0, is_swapped_);
            const size_t length = number<uint16_t>(options, 2, is_swapped_);
            if (code == option_end) return true;
            if (padded(length) > options.size() - 4) return false;
            on_option(code, options.substr(4, length));
            options.remove_prefix(4 + padded(length));
        }
        return options.empty();
    }

    Result<void, Defect> read_interface(std::string_view body) {
        if (interfaces_.size() == most_interfaces) return defect("more than 4,096 interfaces");
        Interface interface{.link_type = number<uint16_t>(body, 0, is_swapped_),
                            .snap_length = number<uint32_t>(body, 4, is_swapped_)};
        const bool good = read_options(body.substr(8), [&](uint16_t code, std::string_view value) {
            if (code == option_resolution && value.size() == 1) interface.resolution = number<uint8_t>(value, 0, false);
            if (code == option_offset && value.size() == 8)
                interface.offset_s = static_cast<int64_t>(number<uint64_t>(value, 0, is_swapped_));
        });
        if (!good) return defect("options that do not fit into their block");
        interfaces_.push_back(interface);
        return {};
    }

    // The enhanced packet block, and its forerunner, which differ in their first four bytes.
    Result<std::optional<Record>, Defect> read_packet(std::string_view body, uint32_t interface) {
        if (interface >= interfaces_.size())
            return defect("a packet of interface " + std::to_string(interface) + ", which nothing describes");
        const uint64_t ticks =
            uint64_t{number<uint32_t>(body, 4, is_swapped_)} << 32U | number<uint32_t>(body, 8, is_swapped_);
        const auto captured = number<uint32_t>(body, 12, is_swapped_),
                   on_wire = number<uint32_t>(body, 16, is_swapped_);
        const std::string_view rest = body.substr(20);
        if (captured > longest_packet || padded(captured) > rest.size())
            return defect("a packet of " + std::to_string(captured) + " bytes, more than its block holds");
        const auto time = time_of(ticks, interfaces_[interface]);
        if (!time) return defect("a time stamp before 1970 or after 2116");
        Record record{.time_ns = last_ns_ = *time,
                      .link_type = interfaces_[interface].link_type,
                      .length = on_wire < captured ? captured : on_wire,
                      .bytes = rest.substr(0, captured)};
        const bool good = read_options(rest.substr(padded(captured)), [&](uint16_t code, std::string_view value) {
            if (code == option_flags && value.size() == 4)
                record.direction = direction_of(number<uint32_t>(value, 0, is_swapped_));
        });
        if (!good) return defect("options that do not fit into their block");
        return record;
    }

    static Direction direction_of(uint32_t flags) {
        if ((flags & 3U) == 1) return Direction::in;
        return (flags & 3U) == 2 ? Direction::out : Direction::unsaid;
    }

    // It has no time, and no interface but the first.
    Result<std::optional<Record>, Defect> read_simple_packet(std::string_view body) {
        if (interfaces_.empty()) return defect("a packet of interface 0, which nothing describes");
        const auto on_wire = number<uint32_t>(body, 0, is_swapped_);
        const uint32_t snapped =
            interfaces_[0].snap_length == 0 ? on_wire : std::min(on_wire, interfaces_[0].snap_length);
        const std::string_view rest = body.substr(4);
        if (padded(snapped) > rest.size())
            return defect("a packet of " + std::to_string(snapped) + " bytes, more than its block holds");
        return Record{.time_ns = last_ns_,
                      .has_time = false,
                      .link_type = interfaces_[0].link_type,
                      .length = on_wire,
                      .bytes = rest.substr(0, snapped)};
    }

    Block block_;
    bool is_swapped_ = false;
    std::vector<Interface> interfaces_;
    uint64_t last_ns_ = 0;
};

} // namespace

Result<std::unique_ptr<Format>, Defect> open_pcapng(Input input) {
    auto format = std::make_unique<Pcapng>(std::move(input));
    if (auto opened = format->open(); !opened) return tl::make_unexpected(opened.error());
    return format;
}

} // namespace ringwall::capture

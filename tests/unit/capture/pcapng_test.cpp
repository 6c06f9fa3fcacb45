// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/capture/files.hpp"

namespace ringwall::capture::test {
namespace {

class Pcapng : public testing::TestWithParam<Order> {
protected:
    const Order order = GetParam();
    const std::string begin = section(order) + interface(order);

    std::string what(const std::string& file) const { return read_all(file).defect.value_or(Defect{}).what; }
    // The time of a packet of `ticks` on an interface with these options.
    uint64_t time_of(uint64_t ticks, const std::string& options) const {
        const auto read = read_all(section(order) + interface(order, 1, options + no_more_options(order)) +
                                   packet(order, 0, ticks, "x"));
        EXPECT_FALSE(read.defect) << read.defect->what;
        return read.packets.empty() ? 0 : read.packets[0].record.time_ns;
    }
    std::string resolution(uint8_t value) const { return option(order, 9, std::string(1, static_cast<char>(value))); }
    std::string offset(int64_t seconds) const { return option(order, 14, Bytes(order).put(seconds).text()); }
};
INSTANTIATE_TEST_SUITE_P(either_byte_order, Pcapng, testing::Values(Order::little, Order::big));

TEST_P(Pcapng, gives_packets_of_several_interfaces_with_their_directions) {
    const auto read =
        read_all(section(order) + interface(order, 1) + interface(order, 276) +
                 packet(order, 0, 5, "in", flags(order, 1)) + packet(order, 1, 6, "outwards", flags(order, 2)) +
                 packet(order, 0, 7, "unsaid", flags(order, 0)) + packet(order, 0, 8, "none", "", 100));
    ASSERT_FALSE(read.defect) << read.defect->what;
    ASSERT_EQ(read.packets.size(), 4U);
    EXPECT_EQ(read.packets[0].bytes, "in");
    EXPECT_EQ(read.packets[0].record.direction, Direction::in);
    EXPECT_EQ(read.packets[0].record.time_ns, 5000U);
    EXPECT_EQ(read.packets[1].bytes, "outwards");
    EXPECT_EQ(read.packets[1].record.direction, Direction::out);
    EXPECT_EQ(read.packets[1].record.link_type, 276U);
    EXPECT_EQ(read.packets[2].record.direction, Direction::unsaid);
    EXPECT_EQ(read.packets[3].record.direction, Direction::unsaid);
    EXPECT_EQ(read.packets[3].record.length, 104U);
}

TEST_P(Pcapng, reads_every_resolution_of_time) {
    EXPECT_EQ(time_of(7, ""), 7000U); // microseconds unless said
    EXPECT_EQ(time_of(7, resolution(9)), 7U);
    EXPECT_EQ(time_of(7, resolution(3)), 7000000U);
    EXPECT_EQ(time_of(7, resolution(0)), 7000000000U);
    EXPECT_EQ(time_of(7999, resolution(12)), 7U);
    EXPECT_EQ(time_of(~0ULL, resolution(127)), 0U);
    EXPECT_EQ(time_of(3, resolution(0x80 | 1)), 1500000000U);
    EXPECT_EQ(time_of(5ULL << 32 | 1ULL << 31, resolution(0x80 | 32)), 5500000000U);
    EXPECT_EQ(time_of(1ULL << 63, resolution(0x80 | 63)), 1000000000U);
    EXPECT_EQ(time_of(1ULL << 63, resolution(0x80 | 64)), 500000000U);
    EXPECT_EQ(time_of(~0ULL, resolution(0x80 | 127)), 0U);
    EXPECT_EQ(time_of(7, offset(100)), 100000007000U);
    EXPECT_EQ(time_of(200000007, offset(-100)), 100000007000U);
}

TEST_P(Pcapng, refuses_times_that_no_clock_has) {
    for (const std::string& options :
         {resolution(0), offset(-1), offset(INT64_MAX), offset(INT64_MIN), resolution(0x80)})
        EXPECT_EQ(what(section(order) + interface(order, 1, options + no_more_options(order)) +
                       packet(order, 0, options == offset(-1) ? 5 : uint64_t{1} << 63, "x")),
                  "a time stamp before 1970 or after 2116");
}

TEST_P(Pcapng, steps_over_blocks_it_does_not_know) {
    const auto read = read_all(begin + block(order, 4, std::string(200000, 'n')) + packet(order, 0, 1, "x") +
                               block(order, 0x80000001, ""));
    EXPECT_FALSE(read.defect);
    EXPECT_EQ(read.packets.size(), 1U);
}

TEST_P(Pcapng, begins_anew_with_each_section) {
    const Order other = order == Order::big ? Order::little : Order::big;
    const auto read = read_all(begin + packet(order, 0, 1, "one") + section(other) + interface(other, 101) +
                               packet(other, 0, 2, "two"));
    ASSERT_EQ(read.packets.size(), 2U);
    EXPECT_EQ(read.packets[1].record.link_type, 101U);
    EXPECT_EQ(read.packets[1].record.time_ns, 2000U);
    EXPECT_EQ(what(begin + section(other) + packet(other, 0, 1, "x")),
              "a packet of interface 0, which nothing describes");
}

TEST_P(Pcapng, says_that_simple_packets_have_no_time) {
    const auto simple = [&](uint32_t length, const std::string& bytes) {
        return block(order, 3, Bytes(order).put(length).put(bytes).text());
    };
    const auto read = read_all(section(order) + interface(order, 1, "", 6) + packet(order, 0, 9, "x") +
                               simple(5, "bytes") + simple(100, "cut it"));
    ASSERT_FALSE(read.defect) << read.defect->what;
    ASSERT_EQ(read.packets.size(), 3U);
    EXPECT_EQ(read.packets[1].bytes, "bytes");
    EXPECT_TRUE(read.packets[0].record.has_time);
    EXPECT_FALSE(read.packets[1].record.has_time);
    EXPECT_EQ(read.packets[1].record.time_ns, 9000U); // of the one before
    EXPECT_EQ(read.packets[2].bytes, "cut it");
    EXPECT_EQ(read.packets[2].record.length, 100U);
    EXPECT_EQ(what(begin + simple(100, "fewer")), "a packet of 100 bytes, more than its block holds");
    EXPECT_EQ(what(section(order) + simple(1, "x")), "a packet of interface 0, which nothing describes");
}

TEST_P(Pcapng, reads_the_obsolete_packet_block) {
    const auto read = read_all(begin + block(order, 2,
                                             Bytes(order)
                                                 .put(uint16_t{0})
                                                 .put(uint16_t{3})
                                                 .put(uint32_t{0})
                                                 .put(uint32_t{8})
                                                 .put(uint32_t{3})
                                                 .put(uint32_t{3})
                                                 .put("old")
                                                 .pad()
                                                 .put(flags(order, 2))
                                                 .text()));
    ASSERT_EQ(read.packets.size(), 1U);
    EXPECT_EQ(read.packets[0].bytes, "old");
    EXPECT_EQ(read.packets[0].record.direction, Direction::out);
}

TEST_P(Pcapng, that_ends_too_early_says_where_the_broken_block_began) {
    const std::string one = packet(order, 0, 1, "bytes", flags(order, 1)), file = begin + one + one;
    for (size_t length = 4; length < file.size(); ++length) {
        const auto read = read_all(file.substr(0, length));
        const size_t section_end = section(order).size();
        const bool is_between = length == section_end || length == begin.size() || length == begin.size() + one.size();
        ASSERT_EQ(read.defect.has_value(), !is_between) << length;
        if (!read.defect) continue;
        const uint64_t began = length < section_end                 ? 0
                               : length < begin.size()              ? section_end
                               : length < begin.size() + one.size() ? begin.size()
                                                                    : begin.size() + one.size();
        EXPECT_EQ(read.defect->offset, began) << length;
    }
}

TEST_P(Pcapng, with_lengths_that_contradict_each_other_is_damaged_there) {
    std::string broken = packet(order, 0, 1, "bytes");
    broken[broken.size() - (order == Order::little ? 4 : 1)] ^= 4;
    const auto read = read_all(begin + broken);
    ASSERT_TRUE(read.defect);
    EXPECT_EQ(read.defect->what, "a block whose two lengths differ: the file is damaged here");
    EXPECT_EQ(read.defect->offset, begin.size());
}

TEST_P(Pcapng, with_impossible_lengths_is_damaged_there) {
    const auto head = [&](uint32_t type, uint32_t length) { return Bytes(order).put(type).put(length).text(); };
    for (const uint32_t type : {1U, 2U, 3U, 6U})
        for (const uint32_t length : {0U, 8U, 12U, 14U, 0x7ffffffcU, ~0U})
            EXPECT_EQ(what(begin + head(type, length) + std::string(64, 'x')), "a block of impossible length");
    for (const uint32_t length : {0U, 11U, 13U})
        EXPECT_EQ(what(begin + head(5, length) + std::string(64, 'x')), "a block of impossible length");
    EXPECT_EQ(what(begin + head(5, 0xfffffffcU) + std::string(64, 'x')), "the file ends in the middle of a block");
    EXPECT_EQ(what(begin + head(0x0a0d0d0a, 24) + Bytes(order).put(0x1a2b3c4dU).text() + std::string(64, 'x')),
              "a section's header of impossible length");
    EXPECT_EQ(what(begin + block(order, 0x0a0d0d0a, std::string(16, 'x'))), "a section without byte order");
}

TEST_P(Pcapng, with_more_bytes_or_options_than_its_block_holds_is_damaged_there) {
    std::string body = Bytes(order).put(0U).put(0U).put(1U).put(9U).put(9U).put("four").text();
    EXPECT_EQ(what(begin + block(order, 6, body)), "a packet of 9 bytes, more than its block holds");
    body = Bytes(order).put(0U).put(0U).put(1U).put(~0U).put(9U).put("four").text();
    EXPECT_EQ(what(begin + block(order, 6, body)), "a packet of 4294967295 bytes, more than its block holds");
    const std::string bad_option = Bytes(order).put(uint16_t{2}).put(uint16_t{400}).put("four").text();
    EXPECT_EQ(what(begin + packet(order, 0, 1, "x", bad_option)), "options that do not fit into their block");
    EXPECT_EQ(what(section(order) + interface(order, 1, bad_option)), "options that do not fit into their block");
    EXPECT_EQ(what(begin + packet(order, 1, 1, "x")), "a packet of interface 1, which nothing describes");
}

} // namespace
} // namespace ringwall::capture::test

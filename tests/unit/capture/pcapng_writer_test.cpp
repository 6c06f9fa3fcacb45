// SPDX-License-Identifier: Apache-2.0
// What is written is read back by our own reader; that Wireshark reads it too is shown in tests/netns/capture_drops_test.py.
#include "agent/capture/pcapng_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace ringwall::capture {
namespace {

struct Read {
    Record record;
    std::string bytes;
};

std::vector<Read> read_back(std::string file) {
    size_t at = 0;
    auto reader = Reader::open([&file, &at](char* to, size_t most) {
        const size_t count = file.copy(to, most, at);
        at += count;
        return count;
    });
    EXPECT_TRUE(reader);
    std::vector<Read> all;
    while (reader) {
        auto record = reader->next();
        EXPECT_TRUE(record) << record.error().what << " at " << record.error().offset;
        if (!record || !*record) break;
        all.push_back({**record, std::string((*record)->bytes)});
    }
    return all;
}

size_t count_of(const std::string& in, std::string_view what) {
    size_t count = 0;
    for (size_t at = in.find(what); at != in.npos; at = in.find(what, at + 1)) ++count;
    return count;
}

TEST(PcapngWriter, writes_what_the_reader_reads) {
    PcapngWriter writer("ringwall test");
    const Record first{.time_ns = 1'800'000'001'234'567'891,
                       .link_type = 1,
                       .length = 1500,
                       .direction = Direction::in,
                       .bytes = "odd length"};
    const Record second{.time_ns = 1, .link_type = 101, .length = 3, .direction = Direction::out, .bytes = "abc"};
    const Record third{.time_ns = 2, .link_type = 1, .length = 0, .direction = Direction::unsaid, .bytes = ""};
    std::string file = writer.begin();
    file += writer.packet(first, "outer", "drop banned: why");
    file += writer.packet(second, "wg0", "");
    file += writer.packet(third, "outer", "x");
    const auto read = read_back(file);
    ASSERT_EQ(read.size(), 3U);
    EXPECT_EQ(read[0].record.time_ns, first.time_ns);
    EXPECT_EQ(read[0].record.length, 1500U);
    EXPECT_EQ(read[0].bytes, "odd length");
    EXPECT_EQ(read[0].record.direction, Direction::in);
    EXPECT_EQ(read[1].record.link_type, 101U);
    EXPECT_EQ(read[1].record.direction, Direction::out);
    EXPECT_EQ(read[2].record.time_ns, 2U);
    EXPECT_EQ(read[2].record.direction, Direction::unsaid);
    EXPECT_EQ(count_of(file, "outer"), 1U); // each interface is described once
    EXPECT_EQ(count_of(file, "drop banned: why"), 1U);
    EXPECT_EQ(file.size() % 4, 0U);
}

TEST(PcapngWriter, cuts_a_comment_that_no_option_holds_between_two_characters) {
    PcapngWriter writer("test");
    std::string comment(65534, 'x');
    comment += "\xc3\xa4tail"; // 65,535 bytes would end within the letter
    const std::string file = writer.begin() + writer.packet({.time_ns = 1, .link_type = 1, .bytes = "a"}, "", comment);
    ASSERT_EQ(read_back(file).size(), 1U);
    EXPECT_EQ(count_of(file, "\xc3"), 0U);
    EXPECT_EQ(static_cast<size_t>(std::ranges::count(file, 'x')), 65534U);
}

TEST(PcapngWriter, takes_the_longest_packet_that_readers_take) {
    PcapngWriter writer("test");
    const std::string bytes(300000, 'y');
    const auto read = read_back(
        writer.begin() + writer.packet({.time_ns = 1, .link_type = 1, .length = 300000, .bytes = bytes}, "outer", "z"));
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].bytes.size(), 262144U);
    EXPECT_EQ(read[0].record.length, 300000U);
}

} // namespace
} // namespace ringwall::capture

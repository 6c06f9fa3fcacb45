// SPDX-License-Identifier: Apache-2.0
// Mirror records to datagrams: whole ones, chunks, chunks of several CPUs between each other, and what is no record.
#include "agent/kernel/reassembly.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace ringwall::kernel {
namespace {

using testing::ElementsAre;

struct Seen {
    std::string payload;
    bool outbound, is_whole;
    uint64_t time_ns;
    bool operator==(const Seen&) const = default;
};

class Reassembling : public testing::Test {
protected:
    std::vector<Seen> seen;
    Reassembly reassembly{transport::Standing::known, [this](const transport::Packet& packet) {
                              EXPECT_EQ(packet.standing, transport::Standing::known);
                              seen.push_back({std::string(packet.bytes), transport::is_outbound(packet),
                                              transport::is_whole(packet), packet.head.time_ns});
                          }};

    static struct mirror_record record(uint64_t time_ns, uint32_t length, uint32_t offset, uint16_t flags = 0) {
        struct mirror_record made{};
        made.time_ns = time_ns;
        made.length = length;
        made.offset = offset;
        made.flags = flags;
        made.protocol = 17;
        made.source = Endpoint{IpAddress::v4(0xc0000201), Port{5060}}.abi();
        made.destination = Endpoint{IpAddress::v4(0xc6336402), Port{5060}}.abi();
        return made;
    }
    // Rings reserve in classes of sizes: the sample is longer than what was captured.
    void feed(struct mirror_record head, std::string_view bytes, size_t spare = 8) {
        head.captured = static_cast<uint32_t>(bytes.size());
        std::string sample(reinterpret_cast<const char*>(&head), sizeof head);
        sample += bytes;
        sample.append(spare, '\xaa');
        reassembly.on_record(sample);
    }
};

TEST_F(Reassembling, one_record_is_one_datagram) {
    feed(record(7, 5, 0, RECORD_OUTBOUND), "hello");
    EXPECT_THAT(seen, ElementsAre(Seen{"hello", true, true, 7}));
}

TEST_F(Reassembling, an_empty_datagram_is_whole) {
    feed(record(7, 0, 0), "");
    EXPECT_THAT(seen, ElementsAre(Seen{"", false, true, 7}));
}

TEST_F(Reassembling, chunks_are_joined_and_delivered_once) {
    feed(record(7, 10, 0, RECORD_MORE), "0123");
    feed(record(7, 10, 4, RECORD_MORE), "4567");
    EXPECT_TRUE(seen.empty());
    feed(record(7, 10, 8), "89");
    EXPECT_THAT(seen, ElementsAre(Seen{"0123456789", false, true, 7}));
}

TEST_F(Reassembling, chunks_of_two_cpus_may_stand_between_each_other) {
    feed(record(7, 8, 0, RECORD_MORE), "aaaa");
    feed(record(9, 8, 0, RECORD_MORE), "bbbb");
    feed(record(8, 2, 0), "cc");
    feed(record(9, 8, 4), "BBBB");
    feed(record(7, 8, 4), "AAAA");
    EXPECT_THAT(seen, ElementsAre(Seen{"cc", false, true, 8}, Seen{"bbbbBBBB", false, true, 9},
                                  Seen{"aaaaAAAA", false, true, 7}));
}

TEST_F(Reassembling, a_hundred_cpus_may_be_in_the_middle_of_one_each) {
    constexpr uint64_t cpus = 100;
    for (uint64_t cpu = 0; cpu < cpus; ++cpu) feed(record(cpu, 8, 0, RECORD_MORE), "aaaa");
    EXPECT_TRUE(seen.empty());
    for (uint64_t cpu = 0; cpu < cpus; ++cpu) feed(record(cpu, 8, 4), "AAAA");
    ASSERT_EQ(seen.size(), cpus);
    for (const Seen& each : seen) EXPECT_TRUE(each.is_whole) << each.time_ns;
}

TEST_F(Reassembling, a_lost_chunk_makes_it_not_whole) {
    feed(record(7, 12, 0, RECORD_MORE), "0123");
    feed(record(7, 12, 8), "89ab");
    EXPECT_THAT(seen, ElementsAre(Seen{"0123", false, false, 7}));
}

TEST_F(Reassembling, a_segment_that_carries_nothing_is_handed_on) {
    auto syn = record(7, 0, 0, RECORD_TCP_SYN);
    syn.protocol = 6;
    feed(syn, "");
    EXPECT_THAT(seen, ElementsAre(Seen{"", false, true, 7}));
}

TEST_F(Reassembling, fewer_bytes_than_the_datagram_are_not_whole) {
    feed(record(7, 6, 0), "hello");
    EXPECT_THAT(seen, ElementsAre(Seen{"hello", false, false, 7}));
}

TEST_F(Reassembling, unfinished_datagrams_are_bounded_and_the_oldest_goes_first) {
    for (uint64_t time = 1; time <= 129; ++time) feed(record(time, 8, 0, RECORD_MORE), "0123");
    EXPECT_THAT(seen, ElementsAre(Seen{"0123", false, false, 1}));
}

TEST_F(Reassembling, what_is_no_record_is_counted) {
    reassembly.on_record(std::string_view("short"));
    feed(record(7, 70000, 0), "longer than UDP can be");
    feed(record(7, 4, 3), "past its own end");
    feed(record(7, 8, 4), "tail"); // of a datagram whose head was lost
    auto over = record(7, 100, 0);
    over.captured = 100;
    reassembly.on_record(std::string_view(reinterpret_cast<const char*>(&over), sizeof over)); // captured but not there
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(reassembly.unreadable(), 5U);
}

} // namespace
} // namespace ringwall::kernel

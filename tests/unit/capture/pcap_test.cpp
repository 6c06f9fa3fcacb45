// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/capture/files.hpp"

namespace ringwall::capture::test {
namespace {

struct Form {
    Order order;
    uint32_t magic;
    uint64_t expected_ns; // of 7 s and a fraction of 5
};

class Pcap : public testing::TestWithParam<Form> {};
INSTANTIATE_TEST_SUITE_P(every_form, Pcap,
                         testing::Values(Form{Order::little, 0xa1b2c3d4, 7000005000},
                                         Form{Order::big, 0xa1b2c3d4, 7000005000},
                                         Form{Order::little, 0xa1b23c4d, 7000000005},
                                         Form{Order::big, 0xa1b23c4d, 7000000005}));

TEST_P(Pcap, gives_its_packets_in_order) {
    const auto [order, magic, expected_ns] = GetParam();
    const auto read = read_all(pcap_header(order, magic, 113) + pcap_packet(order, 7, 5, "first") +
                               pcap_packet(order, 4294967295, 0, "second", 9));
    ASSERT_FALSE(read.defect);
    ASSERT_EQ(read.packets.size(), 2U);
    EXPECT_EQ(read.packets[0].bytes, "first");
    EXPECT_EQ(read.packets[0].record.time_ns, expected_ns);
    EXPECT_EQ(read.packets[0].record.link_type, 113U);
    EXPECT_EQ(read.packets[0].record.length, 5U);
    EXPECT_EQ(read.packets[0].record.direction, Direction::unsaid);
    EXPECT_EQ(read.packets[1].record.length, 15U);
    EXPECT_EQ(read.packets[1].record.time_ns, 4294967295000000000U);
}

TEST_P(Pcap, that_ends_too_early_says_where_the_broken_packet_began) {
    const Order order = GetParam().order;
    const std::string head = pcap_header(order, GetParam().magic), one = pcap_packet(order, 1, 0, "bytes");
    const std::string file = head + one + one;
    for (size_t length = 0; length < file.size(); ++length) {
        const auto read = read_all(file.substr(0, length));
        const bool is_between = length == head.size() || length == head.size() + one.size();
        ASSERT_EQ(read.defect.has_value(), !is_between) << length;
        const uint64_t began = length < head.size()                ? 0
                               : length < head.size() + one.size() ? head.size()
                                                                   : head.size() + one.size();
        EXPECT_EQ(read.packets.size(), length < head.size() + one.size() ? 0U : 1U);
        if (!read.defect) continue;
        EXPECT_EQ(read.defect->offset, began) << length;
    }
}

TEST(PcapFile, without_packets_is_good) {
    const auto read = read_all(pcap_header(Order::little));
    EXPECT_FALSE(read.defect);
    EXPECT_TRUE(read.packets.empty());
}

TEST(PcapFile, with_a_frame_check_sequence_noted_beside_the_link_type_is_read) {
    const auto read =
        read_all(pcap_header(Order::little, 0xa1b2c3d4, 0x44000001) + pcap_packet(Order::little, 1, 0, "x"));
    ASSERT_EQ(read.packets.size(), 1U);
    EXPECT_EQ(read.packets[0].record.link_type, 1U);
}

TEST(PcapFile, with_a_packet_longer_than_any_is_damaged_there) {
    const std::string file = pcap_header(Order::little) + pcap_packet(Order::little, 1, 0, "good");
    const auto read = read_all(file + Bytes(Order::little).put(1U).put(0U).put(262145U).put(262145U).text());
    EXPECT_EQ(read.packets.size(), 1U);
    ASSERT_TRUE(read.defect);
    EXPECT_EQ(read.defect->offset, file.size());
    EXPECT_EQ(read.defect->what, "a packet of 262145 bytes: the file is damaged here");
}

TEST(PcapFile, that_claims_fewer_bytes_on_the_wire_than_it_has_counts_what_it_has) {
    const auto read = read_all(pcap_header(Order::little) + pcap_packet(Order::little, 1, 0, "bytes", ~0U));
    ASSERT_EQ(read.packets.size(), 1U);
    EXPECT_EQ(read.packets[0].record.length, 5U);
}

TEST(PcapFile, of_another_version_is_refused) {
    std::string file = pcap_header(Order::little);
    file[4] = 3;
    EXPECT_EQ(read_all(file).defect.value_or(Defect{}).what, "pcap of version 3, where 2 is read");
}

TEST(CaptureFile, that_is_none_says_what_to_do) {
    EXPECT_EQ(read_all("").defect.value_or(Defect{}).what, "the file is empty");
    EXPECT_EQ(read_all("\n\r").defect.value_or(Defect{}).what, "neither pcap nor pcapng");
    EXPECT_NE(read_all("text of some length").defect.value_or(Defect{}).what.find("editcap"), std::string::npos);
    EXPECT_NE(read_all("\x1f\x8b\x08 and more").defect.value_or(Defect{}).what.find("gunzip"), std::string::npos);
}

} // namespace
} // namespace ringwall::capture::test

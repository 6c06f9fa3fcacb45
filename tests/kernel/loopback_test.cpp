// SPDX-License-Identifier: Apache-2.0
// What TEST_RUN cannot make: datagrams of up to 64 KiB as the stack builds them, at a real TC hook. The program sits on
// the egress of the loopback of a network namespace of the test's own.
#include "tests/kernel/loopback.hpp"

namespace ringwall::test {
namespace {

class Loopback : public LoopbackWall {
protected:
    void SetUp() override {
        LoopbackWall::SetUp();
        attach(BPF_TC_EGRESS, egress_program());
    }
    void send(const Bytes& message) { LoopbackWall::send(message, 5070); }
};

TEST_F(Loopback, mirrors_datagrams_longer_than_a_record_in_pieces_that_follow_each_other) {
    for (size_t length : {4095U, 4096U, 4097U, 8192U, 20000U, 65507U}) {
        std::string sip = "MESSAGE sip:alice@example.com SIP/2.0\r\n";
        for (size_t i = sip.size(); i < length; ++i) sip += static_cast<char>('a' + i * 7 % 26);
        send(text(sip).bytes);
        auto records = ring("ring_inside");
        ASSERT_EQ(records.size(), (length + RECORD_BYTES - 1) / RECORD_BYTES) << length;
        size_t offset = 0;
        for (const auto& [header, bytes] : records) {
            EXPECT_EQ(header.length, length);
            EXPECT_EQ(header.offset, offset);
            EXPECT_EQ(header.ifindex, 1U);
            EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), sip.begin() + static_cast<long>(offset)));
            offset += bytes.size();
            EXPECT_EQ((header.flags & RECORD_MORE) != 0, offset < length);
        }
        EXPECT_EQ(offset, length);
    }
    EXPECT_EQ(event(EVENT_mirrored), 6U);
}

TEST_F(Loopback, wakes_a_sleeping_agent_for_urgent_records_only) {
    auto invite = text("INVITE sip:a SIP/2.0\r\n\r\nv=0\r\n").bytes;
    auto bodiless = text("INVITE sip:a SIP/2.0\r\n\r\n").bytes;
    auto options = text("OPTIONS sip:a SIP/2.0\r\n\r\n").bytes;
    (void)is_woken("ring_inside"); // begins to watch
    heartbeat(0s, true);
    send(options);
    EXPECT_FALSE(is_woken("ring_inside"));
    send(bodiless);
    EXPECT_FALSE(is_woken("ring_inside"));
    send(invite);
    EXPECT_TRUE(is_woken("ring_inside"));
    EXPECT_EQ(ring("ring_inside").size(), 3U);
    heartbeat(0s, false);
    send(invite);
    EXPECT_FALSE(is_woken("ring_inside"));
    EXPECT_EQ(ring("ring_inside").size(), 1U);
}

} // namespace
} // namespace ringwall::test

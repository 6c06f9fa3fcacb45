// SPDX-License-Identifier: Apache-2.0
// Buffers of many datagrams at a real TC ingress (UDP_SEGMENT through the loopback of a network namespace): each is judged
// and mirrored by itself, and where one is refused none arrives.
#include <netinet/udp.h>

#include "tests/kernel/loopback.hpp"

namespace ringwall::test {
namespace {

class Datagrams : public LoopbackWall {
protected:
    void SetUp() override {
        LoopbackWall::SetUp();
        settings().flags = WALL_ADMIT_ALL | WALL_ALLOW_HAIRPIN;
        apply_settings();
        attach(BPF_TC_INGRESS, tc_ingress_program());
    }
    // One buffer; all but the last as long as the first.
    void send(const std::vector<raw>& datagrams, uint16_t port) {
        Bytes all;
        for (const auto& each : datagrams) all.insert(all.end(), each.bytes.begin(), each.bytes.end());
        const int size = static_cast<int>(datagrams[0].bytes.size());
        ASSERT_EQ(setsockopt(socket_, SOL_UDP, UDP_SEGMENT, &size, sizeof size), 0);
        LoopbackWall::send(all, port);
    }
    static size_t arrived(int receiver) {
        char bytes[2048];
        size_t count = 0;
        while (recv(receiver, bytes, sizeof bytes, 0) >= 0) ++count;
        return count;
    }
    static Hole media() {
        return {.local = "127.0.0.1",
                .port = 40000,
                .flags = PINHOLE_CHECK_MEDIA,
                .peer = "127.0.0.1",
                .peer_port = sender_port};
    }
};

TEST_F(Datagrams, of_one_buffer_are_counted_each) {
    open(media());
    const int receiver = bound(40000);
    send({rtp(1), rtp(1), rtp(1), rtp(1, 20)}, 40000);
    EXPECT_EQ(arrived(receiver), 4U);
    EXPECT_EQ(hole(media()).packets, 4U);
    EXPECT_EQ(hole(media()).bytes, 3 * 172U + 20);
    EXPECT_EQ(event(EVENT_refused_together), 0U);
    ::close(receiver);
}

TEST_F(Datagrams, fall_together_where_one_is_refused) {
    open(media());
    const int receiver = bound(40000);
    send({rtp(1), filled(172, 0xff), rtp(1)}, 40000);
    EXPECT_EQ(arrived(receiver), 0U);
    EXPECT_EQ(event(EVENT_refused_together), 2U);
    send({rtp(1), rtp(1), filled(50, 0xff)}, 40000);
    EXPECT_EQ(arrived(receiver), 0U);
    EXPECT_EQ(event(EVENT_refused_together), 4U);
    ::close(receiver);
}

TEST_F(Datagrams, of_sip_are_mirrored_each) {
    const std::string first = "OPTIONS sip:one@example.com SIP/2.0\r\n",
                      second = "OPTIONS sip:two@example.com SIP/2.0\r\n";
    send({text(first), text(second), text("\r\n\r\n")}, 5060);
    const auto records = ring("ring_strangers");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].bytes, text(first).bytes);
    EXPECT_EQ(records[1].bytes, text(second).bytes);
    EXPECT_EQ(records[1].header.length, second.size());
}

// Outwards, from 127.0.0.1 to 127.0.0.2, which is nobody's but where a test says whose.
class DatagramsOut : public Datagrams {
protected:
    void SetUp() override {
        LoopbackWall::SetUp();
        settings().flags = WALL_OUTBOUND_ADMITTED;
        apply_settings();
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        attach(BPF_TC_EGRESS, egress_program());
        to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
        receiver_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ASSERT_EQ(bind(receiver_, reinterpret_cast<sockaddr*>(&to_), sizeof to_), 0);
        ASSERT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to_), sizeof to_), 0);
    }
    void TearDown() override {
        ::close(receiver_);
        Datagrams::TearDown();
    }
    // One buffer.
    size_t arrive(const std::string& each, size_t count) {
        std::string all;
        for (size_t i = 0; i < count; ++i) all += each;
        const int size = static_cast<int>(each.size());
        EXPECT_EQ(setsockopt(socket_, SOL_UDP, UDP_SEGMENT, &size, sizeof size), 0);
        EXPECT_EQ(::send(socket_, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
        return arrived(receiver_);
    }
    sockaddr_in to_ = at(5070);
    int receiver_ = -1;
    const std::string request = "OPTIONS sip:one@example.com SIP/2.0\r\n";
};

TEST_F(DatagramsOut, fall_together_where_the_inside_may_not_talk_sip) {
    EXPECT_EQ(arrive(request, 3), 0U);
    EXPECT_EQ(event(EVENT_refused_together), 2U);
    EXPECT_TRUE(ring("ring_inside").empty());
    EXPECT_EQ(arrive("no SIP at all", 3), 3U);
    network("127.0.0.2/32", zone_provider);
    EXPECT_EQ(arrive(request, 3), 3U);
    EXPECT_EQ(ring("ring_inside").size(), 3U);
    EXPECT_EQ(arrive(request, 64), 64U);
}

} // namespace
} // namespace ringwall::test

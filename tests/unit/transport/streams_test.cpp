// SPDX-License-Identifier: Apache-2.0
// Many connections: the bounds, whose room they take, and what is forgotten.
#include "agent/transport/streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

using testing::ElementsAre;

constexpr uint8_t strangers_zone = 9;

class ManyConnections : public testing::Test {
protected:
    Line line;
    std::vector<std::string> messages;
    Streams streams{{1, 2},
                    [this](const Datagram& datagram, uint64_t) { messages.emplace_back(datagram.payload); },
                    [](const Packet& packet) { return packet.head.zone == strangers_zone; }};

    void segment(uint32_t sequence, std::string_view bytes, unsigned flags = 0) {
        streams.on_segment(line.packet(6, sequence, bytes, flags));
    }
    void to_stranger(uint32_t sequence, std::string_view bytes, unsigned flags = 0) {
        Packet packet = line.packet(6, sequence, bytes, flags);
        packet.head.zone = strangers_zone;
        streams.on_segment(packet);
    }
    size_t items(Standing standing) const { return streams.budget(standing).items(); }
    // A flood: each from another address.
    void flood(size_t count, std::string_view bytes) {
        for (uint32_t i = 0; i < count; ++i) {
            line.from.address = IpAddress::v4(0x0b000000 + i);
            segment(100, bytes);
        }
        line.from = outside;
    }
};

TEST_F(ManyConnections, of_strangers_leave_the_room_of_the_known_and_of_the_inside_alone) {
    line.standing = Standing::stranger;
    flood(2 * stream_room[2].items, "OPTIONS ");
    EXPECT_EQ(items(Standing::stranger), stream_room[2].items);
    EXPECT_EQ(streams.counters().full, stream_room[2].items);
    line.now += full_stop_ns;
    line.standing = Standing::known;
    segment(1, message("1"));
    EXPECT_THAT(messages, ElementsAre(message("1")));
}

TEST_F(ManyConnections, of_one_stranger_leave_room_for_others) {
    line.standing = Standing::stranger;
    line.from.address = *IpAddress::parse("2001:db8::1");
    for (uint16_t port = 1; port <= 1000; ++port) {
        line.from.port = Port{port};
        if (port == 500) line.from.address = *IpAddress::parse("2001:db8::2"); // the same /64
        segment(1, "OPTIONS ");
    }
    EXPECT_EQ(items(Standing::stranger), stream_room[2].items_of_source);
}

TEST_F(ManyConnections, of_the_hosts_behind_a_nat64_are_each_ones_own) {
    line.standing = Standing::stranger;
    for (uint16_t host = 1; host <= 200; ++host) {
        line.from.address = *IpAddress::parse("64:ff9b::203.0.113." + std::to_string(host));
        segment(1, "OPTIONS ");
    }
    EXPECT_EQ(items(Standing::stranger), 200U);
}

TEST_F(ManyConnections, of_strangers_take_their_room_for_the_answers_of_the_inside_too) {
    line.standing = Standing::stranger;
    segment(1, "OPTIONS ");
    line.turn();
    line.standing = Standing::inside;
    segment(1, "SIP/2.0 ");
    EXPECT_EQ(items(Standing::stranger), 2U);
    EXPECT_EQ(items(Standing::inside), 0U);
}

TEST_F(ManyConnections, of_strangers_take_no_other_room_for_the_answers_of_the_inside_when_their_own_is_full) {
    for (const bool is_syn_remembered : {true, false}) {
        line.standing = Standing::stranger;
        flood(stream_room[2].items, "OPTIONS ");
        if (is_syn_remembered) segment(99, "", RECORD_TCP_SYN);
        segment(100, "OPTIONS ");
        line.turn();
        line.standing = Standing::inside;
        line.acknowledges = 100;
        if (is_syn_remembered) to_stranger(499, "", RECORD_TCP_SYN);
        to_stranger(500, "SIP/2.0 ");
        EXPECT_EQ(items(Standing::stranger), stream_room[2].items);
        EXPECT_EQ(items(Standing::known), 0U);
        EXPECT_EQ(items(Standing::inside), 0U);
        line.turn();
        line.acknowledges = {};
    }
}

TEST_F(ManyConnections, of_the_inside_to_whom_nobody_knows_are_its_own) {
    line.standing = Standing::stranger;
    flood(stream_room[2].items, "OPTIONS ");
    line.turn();
    line.standing = Standing::inside;
    to_stranger(99, "", RECORD_TCP_SYN);
    to_stranger(100, message("1"));
    EXPECT_THAT(messages, ElementsAre(message("1")));
    EXPECT_EQ(items(Standing::inside), 1U);
    line.turn();
    line.standing = Standing::stranger;
    line.acknowledges = 100 + static_cast<uint32_t>(message("1").size());
    segment(500, "SIP/2.0 ");
    EXPECT_EQ(items(Standing::inside), 2U);
}

TEST_F(ManyConnections, of_which_only_the_answers_are_kept_end_by_an_exact_reset) {
    line.turn();
    line.standing = Standing::inside;
    line.acknowledges = 200;
    segment(500, "SIP/2.0 ");
    line.turn();
    line.standing = Standing::known;
    line.acknowledges = 508;
    for (const uint32_t sequence : {199U, 201U, 200U}) {
        segment(sequence, "", RECORD_TCP_RST);
        streams.tick(line.now += stream_closed_ns + sweep_interval_ns);
        EXPECT_EQ(items(Standing::known), sequence == 200 ? 0U : 1U) << sequence;
    }
}

TEST_F(ManyConnections, take_no_room_before_they_carry_something) {
    line.standing = Standing::stranger;
    for (uint32_t i = 0; i < 10000; ++i) {
        line.from.address = IpAddress::v4(0x0b000000 + i);
        segment(99, "", RECORD_TCP_SYN);
        segment(100, "", RECORD_TCP_FIN);
    }
    EXPECT_EQ(items(Standing::stranger), 0U);
    segment(100 + 20, message("1").substr(20)); // the last one's start is still remembered
    segment(100, message("1").substr(0, 20));
    EXPECT_THAT(messages, ElementsAre(message("1")));
}

TEST_F(ManyConnections, begin_where_their_SYN_said_though_their_party_has_become_known_since) {
    for (const auto& [then, now] :
         {std::pair(Standing::stranger, Standing::known), {Standing::known, Standing::stranger}}) {
        messages.clear();
        line.from.port = Port{static_cast<uint16_t>(line.from.port.value + 1)};
        line.standing = then;
        segment(99, "", RECORD_TCP_SYN);
        line.standing = now;
        segment(100, message("1"));
        EXPECT_THAT(messages, ElementsAre(message("1")));
    }
}

TEST_F(ManyConnections, hold_no_more_bytes_than_their_room) {
    line.standing = Standing::stranger;
    const std::string start = "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\nl: 60000\r\n\r\n" + std::string(50000, 'x');
    for (uint32_t i = 0; i < 200; ++i) {
        line.from.address = IpAddress::v4(0x0b000000 + i);
        segment(99, "", RECORD_TCP_SYN);
        segment(100, start);
    }
    EXPECT_EQ(streams.budget(Standing::stranger).bytes(), stream_room[2].bytes / start.size() * start.size());
    EXPECT_EQ(streams.counters().memory_full, 200 - stream_room[2].bytes / start.size());
    line.from.address = IpAddress::v4(1);
    segment(99, "", RECORD_TCP_SYN);
    segment(100, message("1")); // what needs no memory is read
    EXPECT_THAT(messages, ElementsAre(message("1")));
}

TEST_F(ManyConnections, are_forgotten_when_idle_and_sooner_when_closed) {
    segment(99, "", RECORD_TCP_SYN);
    segment(100, message("1").substr(0, 50));
    line.from.port = Port{1};
    segment(99, "", RECORD_TCP_SYN);
    segment(100, message("2"), RECORD_TCP_FIN);
    streams.tick(line.now + stream_closed_ns - 1);
    EXPECT_EQ(items(Standing::known), 2U);
    streams.tick(line.now + stream_closed_ns + sweep_interval_ns);
    EXPECT_EQ(items(Standing::known), 1U);
    streams.tick(line.now + stream_idle_ns + 2 * sweep_interval_ns);
    EXPECT_EQ(items(Standing::known), 0U);
    EXPECT_EQ(streams.budget(Standing::known).bytes(), 0U);
    line.from = outside;
    line.now += stream_idle_ns + 2 * sweep_interval_ns;
    segment(150, message("3")); // forgotten, but silent since then: at a full stop
    EXPECT_THAT(messages, ElementsAre(message("2"), message("3")));
}

TEST_F(ManyConnections, that_the_inside_knows_nothing_of_take_no_room) {
    for (uint32_t i = 0; i < 2 * stream_room[1].items_of_source; ++i) {
        line.from.port = Port{static_cast<uint16_t>(1000 + i)}; // forged, in a peer's name
        segment(100, "OPTIONS ");
        line.turn();
        segment(0, "", RECORD_TCP_RST);
        line.turn();
    }
    EXPECT_EQ(items(Standing::known), 0U);
    EXPECT_EQ(streams.counters().full, 0U);
    segment(99, "", RECORD_TCP_SYN);
    segment(100, message("1"));
    EXPECT_THAT(messages, ElementsAre(message("1")));
}

TEST_F(ManyConnections, are_not_reset_by_the_outside_for_the_inside) {
    line.turn();
    segment(99, "", RECORD_TCP_SYN);
    segment(100, message("1").substr(0, 20));
    line.turn();
    segment(0, "", RECORD_TCP_RST);
    line.turn();
    segment(120, message("1").substr(20));
    EXPECT_THAT(messages, ElementsAre(message("1")));
}

TEST_F(ManyConnections, have_been_silent_since_somebody_looks) {
    streams.tick(line.now);
    line.now += full_stop_ns - 1;
    segment(1, message("1"));
    line.from.port = Port{1};
    line.now += 1;
    segment(1, message("2"));
    EXPECT_THAT(messages, ElementsAre(message("2")));
}

TEST_F(ManyConnections, that_found_no_room_are_not_taken_for_silent_ones) {
    line.standing = Standing::stranger;
    streams.tick(line.now);
    flood(stream_room[2].items, "OPTIONS ");
    line.now += stream_idle_ns;
    segment(1, "OPTIONS "); // no room for its first half
    streams.tick(line.now); // now there is
    ASSERT_EQ(items(Standing::stranger), 0U);
    line.now += full_stop_ns - 1;
    segment(9, message("1"));
    EXPECT_TRUE(messages.empty());
    EXPECT_EQ(items(Standing::stranger), 1U);
}

} // namespace
} // namespace ringwall::transport::test

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint32_t near_the_wrap = 0xffffff80;

class Connection : public testing::Test {
protected:
    Line line;
    const std::string one = message("1", "body"), two = message("2"), three = message("3", "x");
    uint32_t start = near_the_wrap, at = start;

    void begin() { line.syn(start); }
    void send(std::string_view bytes) {
        line.segment(at, bytes);
        at += static_cast<uint32_t>(bytes.size());
    }
    void part(std::string_view bytes, size_t from, size_t to) {
        line.segment(start + static_cast<uint32_t>(from), bytes.substr(from, to - from));
    }
    // The ring had no room for it.
    void lose(std::string_view bytes) { at += static_cast<uint32_t>(bytes.size()); }
};

TEST_F(Connection, gives_each_message_with_ends_and_direction_at_the_time_of_its_last_segment) {
    begin();
    send(one.substr(0, 30));
    line.now += 7;
    send(one.substr(30) + two);
    ASSERT_THAT(line.messages, ElementsAre(one, two));
    const auto& [datagram, time_ns] = line.datagrams[0];
    EXPECT_EQ(time_ns, line.now);
    EXPECT_EQ(datagram.source, outside);
    EXPECT_EQ(datagram.destination, inside);
    EXPECT_EQ(datagram.protocol, Protocol::tcp);
    EXPECT_TRUE(datagram.is_whole && !datagram.outbound);
}

TEST_F(Connection, has_two_directions_that_do_not_touch_each_other) {
    begin();
    send(one.substr(0, 30));
    line.turn();
    line.syn(start);
    line.segment(start, two);
    line.turn();
    send(one.substr(30));
    ASSERT_THAT(line.messages, ElementsAre(two, one));
    EXPECT_TRUE(line.datagrams[0].first.outbound);
    EXPECT_EQ(line.datagrams[0].first.source, inside);
}

TEST_F(Connection, orders_repeats_and_overlaps_over_the_wrap_of_its_sequence) {
    const std::string text = one + two + three;
    begin();
    part(text, 200, text.size());
    part(text, 90, 210);
    part(text, 90, 210);
    EXPECT_THAT(line.messages, IsEmpty());
    part(text, 0, 100);
    part(text, 0, text.size());
    EXPECT_THAT(line.messages, ElementsAre(one, two, three));
}

TEST_F(Connection, takes_merged_segments_of_64_kilobytes) {
    std::string text;
    while (text.size() < 65000) text += one;
    begin();
    send(text.substr(0, 65000));
    send(text.substr(65000));
    EXPECT_EQ(line.messages.size(), text.size() / one.size());
}

TEST_F(Connection, gives_up_where_a_repetition_differs_until_a_full_stop) {
    begin();
    send(one.substr(0, 100));
    line.segment(start + 50, std::string(20, 'x'));
    send(one.substr(100));
    send(two);
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("stream_conflicts"), 1U);
    line.wait(full_stop_ns);
    send(three);
    EXPECT_THAT(line.messages, ElementsAre(three));
}

TEST_F(Connection, gives_up_where_copies_behind_a_gap_differ) {
    begin();
    part(one, 100, 150);
    line.segment(start + 140, "not the same");
    part(one, 0, one.size());
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("stream_conflicts"), 1U);
}

TEST_F(Connection, waits_for_a_gap_as_long_as_the_receiver_may) {
    begin();
    lose(one);
    send(two);
    line.wait(outside_gap_patience_ns - 1);
    EXPECT_THAT(line.messages, IsEmpty());
    line.segment(start, one);
    EXPECT_THAT(line.messages, ElementsAre(one, two));
}

TEST_F(Connection, waits_less_for_a_gap_of_the_inside) {
    line.turn();
    begin();
    lose(one);
    send(two);
    line.wait(gap_patience_ns - 1);
    EXPECT_EQ(line.counter("stream_gaps"), 0U);
    line.wait(1);
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
}

TEST_F(Connection, skips_a_gap_that_nobody_fills_and_reads_on_after_a_full_stop) {
    begin();
    lose(one);
    send(two);
    line.wait(outside_gap_patience_ns);
    send(three);
    EXPECT_THAT(line.messages, IsEmpty()); // they may be what the body of the lost one holds
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
    line.wait(full_stop_ns);
    send(one);
    send(two);
    EXPECT_THAT(line.messages, ElementsAre(one, two));
}

TEST_F(Connection, keeps_only_so_much_behind_a_gap) {
    const std::string large(30000, 'x');
    begin();
    at += 1;
    for (int i = 0; i < 3; ++i) send(large);
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
    line.from.port = Port{1};
    line.syn(start);
    for (uint32_t i = 0; i <= most_pieces; ++i) line.segment(start + 1 + 2 * i, "x");
    EXPECT_EQ(line.counter("stream_gaps"), 2U);
}

TEST_F(Connection, joined_midway_reads_from_the_first_full_stop) {
    send(one.substr(20)); // the wall has just been put up: what came before is unknown
    send(two);
    EXPECT_THAT(line.messages, IsEmpty());
    line.now += full_stop_ns - 1;
    send(two);
    EXPECT_THAT(line.messages, IsEmpty());
    line.now += full_stop_ns;
    send(three.substr(0, 50)); // a whole start line at least
    send(three.substr(50));
    EXPECT_THAT(line.messages, ElementsAre(three));
}

TEST_F(Connection, that_was_silent_since_the_wall_stands_is_at_a_full_stop) {
    send("x");
    line.now += full_stop_ns;
    line.from.port = Port{1};
    line.segment(5, one);
    EXPECT_THAT(line.messages, ElementsAre(one));
    line.from.port = Port{2};
    line.segment(5, "body\r\n" + one);
    line.segment(5 + 6 + static_cast<uint32_t>(one.size()), two);
    EXPECT_EQ(line.messages.size(), 1U);
}

TEST_F(Connection, that_is_busy_is_joined_after_more_messages_than_a_body_can_hold) {
    send("rest");
    size_t sent = 0;
    for (; sent <= sip::max_message_bytes; sent += one.size()) send(one);
    EXPECT_THAT(line.messages, IsEmpty());
    send(two);
    EXPECT_THAT(line.messages, ElementsAre(two));
}

TEST_F(Connection, ends_with_fin_and_begins_anew_with_syn) {
    begin();
    line.segment(start, one, RECORD_TCP_FIN);
    line.segment(start, one, RECORD_TCP_FIN); // again
    EXPECT_THAT(line.messages, ElementsAre(one));
    start = at = 0x40000000;
    begin();
    part(two, 40, two.size());
    part(two, 0, 40);
    EXPECT_THAT(line.messages, ElementsAre(one, two));
}

TEST_F(Connection, reads_what_came_before_its_fin_in_whatever_order) {
    begin();
    line.segment(start + static_cast<uint32_t>(one.size()), "", RECORD_TCP_FIN);
    send(one);
    EXPECT_THAT(line.messages, ElementsAre(one));
}

TEST_F(Connection, ends_both_ways_with_a_reset_that_stands_exactly_at_its_end) {
    begin();
    send(one.substr(0, 30));
    line.turn();
    line.syn(7);
    line.segment(7, two.substr(0, 30));
    line.turn();
    line.segment(at + 1, "", RECORD_TCP_RST);
    send(one.substr(30, 10));
    line.segment(at, "", RECORD_TCP_RST);
    send(one.substr(40));
    line.turn();
    line.segment(37, two.substr(30));
    EXPECT_THAT(line.messages, IsEmpty());
}

TEST_F(Connection, is_not_ended_by_a_forged_fin_or_reset_between_messages) {
    begin();
    send(one);
    line.segment(at, "", RECORD_TCP_FIN);
    send(two);
    line.segment(at, "", RECORD_TCP_RST);
    send(three);
    EXPECT_THAT(line.messages, ElementsAre(one, two, three));
}

TEST_F(Connection, is_not_moved_by_forged_segments_far_away) {
    begin();
    send(one);
    line.segment(at + 0x20000000, two);
    line.segment(at + 0x20000000 + static_cast<uint32_t>(two.size()), two);
    line.segment(at + 0x40000000, "", RECORD_TCP_SYN);
    line.now += full_stop_ns; // idle: now several in a row move it
    for (uint32_t i = 0, far = at + 0x20000000; i < 3; ++i, far += static_cast<uint32_t>(two.size()))
        line.segment(far, two);
    send(three); // and it comes back to where it was
    EXPECT_THAT(line.messages, testing::Contains(three));
    EXPECT_EQ(line.counter("stream_jumps"), 1U);
}

TEST_F(Connection, goes_on_where_far_more_than_a_gap_was_lost) {
    begin();
    send(one.substr(0, 30));
    at += 0x10000000;
    line.now += full_stop_ns;
    for (int i = 0; i < 4; ++i) send(two);
    line.now += full_stop_ns;
    send(three);
    EXPECT_THAT(line.messages, ElementsAre(three));
}

TEST_F(Connection, takes_the_start_of_a_reused_pair_of_ports) {
    begin();
    send(one.substr(0, 30)); // its client died without a word
    start = at = 0x40000000;
    begin();
    send(two);
    EXPECT_THAT(line.messages, ElementsAre(two));
}

TEST_F(Connection, takes_bytes_that_come_with_the_syn) {
    line.segment(start - 1, one, RECORD_TCP_SYN);
    at += static_cast<uint32_t>(one.size());
    send(two);
    EXPECT_THAT(line.messages, ElementsAre(one, two));
}

TEST_F(Connection, reads_no_further_than_the_records_go) {
    begin();
    Packet cut = line.packet(6, start, std::string_view(one).substr(0, 30), RECORD_TCP_FIN);
    cut.head.length = static_cast<uint32_t>(one.size()); // its other records were lost
    line.send(cut);
    part(one, 30, one.size()); // repeated
    EXPECT_THAT(line.messages, ElementsAre(one));
}

TEST_F(Connection, does_not_hold_a_message_that_never_becomes_whole) {
    begin();
    send(one.substr(0, one.size() - 1));
    line.wait(message_patience_ns + sweep_interval_ns);
    send("y");
    EXPECT_THAT(line.messages, IsEmpty());
    send(two);
    line.wait(full_stop_ns);
    send(three);
    EXPECT_THAT(line.messages, ElementsAre(three));
}

} // namespace
} // namespace ringwall::transport::test

// SPDX-License-Identifier: Apache-2.0
// An outsider who knows both ends of a connection, and none of its numbers, forges the outside's segments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ForgedSegments : public testing::Test {
protected:
    Line line;
    const std::string one = message("1"), two = message("2"), three = message("3");
    uint32_t theirs = 0xffffff00, ours = 0x10000000; // the next byte of either side

    void from_outside(std::string_view bytes, unsigned flags = 0) {
        line.acknowledges = ours;
        line.segment(theirs, bytes, flags);
        theirs += static_cast<uint32_t>(bytes.size());
    }
    void from_inside(std::string_view bytes) {
        inside_segment(ours, bytes, theirs);
        ours += static_cast<uint32_t>(bytes.size());
    }
    void inside_segment(uint32_t sequence, std::string_view bytes, std::optional<uint32_t> acknowledges,
                        unsigned flags = 0) {
        line.turn();
        const Standing then = std::exchange(line.standing, Standing::inside);
        line.acknowledges = acknowledges;
        line.segment(sequence, bytes, flags);
        line.standing = then;
        line.turn();
    }
    void forge(uint32_t sequence, std::string_view bytes, std::optional<uint32_t> acknowledges, unsigned flags = 0) {
        line.acknowledges = acknowledges;
        line.segment(sequence, bytes, flags);
    }
    void handshake() {
        line.acknowledges = {};
        line.segment(theirs - 1, "", RECORD_TCP_SYN);
        inside_segment(ours - 1, "", theirs, RECORD_TCP_SYN);
    }
    void establish() {
        handshake();
        from_outside(one);
        from_inside("SIP/2.0 200 OK\r\nl: 0\r\n\r\n");
        line.messages.clear();
    }
    // All over the numbers, each as if it acknowledged that much of the inside.
    void flood(std::optional<uint32_t> acknowledges) {
        for (uint32_t i = 0; i < 8192; ++i) forge(theirs + 1 + (i << 19), "x", acknowledges);
    }
    void expect_read_on() {
        line.messages.clear();
        from_outside(two);
        EXPECT_THAT(line.messages, ElementsAre(two));
    }
};

TEST_F(ForgedSegments, all_over_the_numbers_do_not_blind_a_connection) {
    establish();
    flood(ours + 0x20000000);
    flood(ours - 0x20000000);
    flood({});
    expect_read_on();
    EXPECT_EQ(line.counter("stream_gaps"), 0U);
    EXPECT_EQ(line.counter("stream_forged"), 3 * 8192U);
}

TEST_F(ForgedSegments, with_a_syn_begin_nothing_anew_that_the_inside_has_not_answered) {
    establish();
    forge(theirs + 0x30000000, "", {}, RECORD_TCP_SYN);
    forge(theirs + 0x30000001, two, ours);
    forge(theirs + 0x40000000, "", ours, RECORD_TCP_SYN);
    forge(theirs + 0x40000001, two, ours);
    forge(theirs + 0x50000000, two, {}, RECORD_TCP_SYN);
    EXPECT_THAT(line.messages, IsEmpty());
    expect_read_on();
}

TEST_F(ForgedSegments, far_away_move_nothing_though_they_acknowledge_the_right_bytes) {
    establish();
    line.now += full_stop_ns;
    for (uint32_t i = 0, far = theirs + 0x20000000; i < 5; ++i, far += static_cast<uint32_t>(two.size()))
        forge(far, two, ours);
    EXPECT_EQ(line.counter("stream_jumps"), 0U);
    expect_read_on();
}

TEST_F(ForgedSegments, of_a_connection_whose_bytes_are_not_known_yet_meet_what_the_inside_has_said) {
    from_inside("SIP/2.0 200 OK\r\nl: 0\r\n\r\n"); // the agent has just begun
    line.now += full_stop_ns;
    forge(5, three, ours + 0x20000000);
    EXPECT_THAT(line.messages, IsEmpty());
    expect_read_on();
}

TEST_F(ForgedSegments, after_a_handshake_meet_what_its_syn_has_said) {
    handshake();
    forge(theirs + 100, "", {}, RECORD_TCP_SYN);
    forge(theirs, three, ours + 0x20000000);
    EXPECT_THAT(line.messages, IsEmpty());
    expect_read_on();
}

TEST_F(ForgedSegments, that_hit_by_chance_are_gone_back_upon_when_the_inside_disowns_them) {
    establish();
    forge(theirs + 1000, "x", ours);
    line.wait(outside_gap_patience_ns);
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
    line.wait(full_stop_ns);
    from_inside("OPTIONS sip:b@198.51.100.1 SIP/2.0\r\nl: 0\r\n\r\n");
    line.wait(full_stop_ns);
    expect_read_on();
}

TEST_F(ForgedSegments, that_came_first_give_way_to_where_the_inside_is) {
    forge(0x30000000, "x", 7); // nothing is known yet
    from_inside("SIP/2.0 200 OK\r\nl: 0\r\n\r\n");
    from_outside(one);
    line.wait(full_stop_ns);
    expect_read_on();
}

TEST_F(ForgedSegments, with_a_reset_bring_no_bytes) {
    establish();
    forge(theirs, "OPTIONS ", ours + 0x20000000, RECORD_TCP_RST);
    line.wait(full_stop_ns);
    expect_read_on();
}

TEST_F(ForgedSegments, that_only_end_a_connection_do_not_keep_it_from_a_full_stop) {
    from_outside("the rest of a body"); // the agent has just begun
    from_inside("SIP/2.0 200 OK\r\nl: 0\r\n\r\n");
    for (uint32_t i = 1; i <= 10; ++i) {
        line.wait(full_stop_ns / 5);
        forge(theirs + i, "", 12345, RECORD_TCP_RST);
        forge(theirs + i, "", ours, RECORD_TCP_FIN);
    }
    expect_read_on();
}

TEST_F(ForgedSegments, are_told_from_those_that_acknowledge_what_is_under_way) {
    establish();
    const uint32_t before = ours;
    for (int i = 0; i < 40; ++i) from_inside(std::string(50000, 'x'));
    forge(theirs, one, before);
    theirs += static_cast<uint32_t>(one.size());
    forge(theirs, two, before + 500000);
    theirs += static_cast<uint32_t>(two.size());
    forge(theirs, three, ours);
    EXPECT_THAT(line.messages, ElementsAre(one, two, three));
}

TEST_F(ForgedSegments, are_told_from_those_that_acknowledge_what_the_ring_had_no_room_for) {
    establish();
    ours += 60000;
    expect_read_on();
}

TEST_F(ForgedSegments, are_not_what_a_reused_pair_of_ports_brings) {
    establish();
    theirs += 0x30000000;
    ours += 0x30000000;
    handshake();
    expect_read_on();
}

TEST_F(ForgedSegments, are_not_what_a_reused_pair_of_ports_brings_in_whatever_order) {
    for (const uint32_t further : {100000U, 0x30000000U, 0xd0000000U}) {
        establish();
        theirs += further;
        ours += further;
        handshake();
        forge(theirs + 40, two.substr(40), ours);
        forge(theirs, two.substr(0, 40), ours);
        EXPECT_THAT(line.messages, ElementsAre(two)) << further;
        theirs += static_cast<uint32_t>(two.size()) + further;
        ours += further;
    }
}

TEST_F(ForgedSegments, are_told_from_the_true_ones_though_the_inside_repeats_its_syn) {
    handshake();
    const uint32_t start = theirs;
    from_outside(one + two.substr(0, 40));
    inside_segment(ours - 1, "", start, RECORD_TCP_SYN);
    from_outside(two.substr(40));
    EXPECT_THAT(line.messages, ElementsAre(one, two));
}

TEST_F(ForgedSegments, are_not_what_a_server_sends_whom_the_inside_has_called) {
    inside_segment(ours - 1, "", {}, RECORD_TCP_SYN);
    forge(0x50000000, "", ours + 0x20000000, RECORD_TCP_SYN); // a server's answer, forged
    line.acknowledges = ours;
    line.segment(theirs - 1, "", RECORD_TCP_SYN);
    from_inside("OPTIONS sip:b@198.51.100.1 SIP/2.0\r\nl: 0\r\n\r\n");
    expect_read_on();
}

TEST_F(ForgedSegments, are_not_what_comes_where_the_inside_has_never_said_a_word) {
    handshake();
    from_outside(one);
    line.wait(stream_idle_ns + 2 * sweep_interval_ns); // forgotten
    expect_read_on();
}

TEST_F(ForgedSegments, are_not_what_a_gap_of_ours_leaves_behind) {
    establish();
    theirs += 0x200000; // the rings had no room
    from_inside("SIP/2.0 200 OK\r\nl: 0\r\n\r\n");
    from_outside(one);
    line.wait(full_stop_ns);
    expect_read_on();
}

TEST_F(ForgedSegments, are_not_what_the_inside_acknowledges_behind_a_gap) {
    establish();
    const uint32_t lost = theirs;
    theirs += static_cast<uint32_t>(one.size());
    from_outside(two);
    inside_segment(ours, "\r\n", lost); // it waits too
    ours += 2;
    EXPECT_EQ(line.counter("stream_gaps"), 0U);
    from_inside("\r\n"); // the ring had no room for what it has
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
    EXPECT_THAT(line.messages, IsEmpty());
    line.wait(full_stop_ns);
    expect_read_on();
}

// What was lost behind the wall, the inside acknowledges as soon as it has been repeated.
TEST_F(ForgedSegments, are_not_what_is_repeated_because_it_was_lost_behind_the_wall) {
    establish();
    const uint32_t lost = theirs;
    from_outside(two);
    line.now += full_stop_ns;
    inside_segment(ours, "OPTIONS sip:b@198.51.100.1 SIP/2.0\r\nl: 0\r\n\r\n", lost);
    forge(lost, two, ours);
    from_outside(three);
    EXPECT_EQ(line.messages.back(), three);
}

TEST_F(ForgedSegments, of_a_wall_that_sees_no_answers_are_as_they_were) {
    line.acknowledges = {};
    line.segment(theirs - 1, "", RECORD_TCP_SYN);
    expect_read_on();
    forge(theirs + 1, "x", 99);
    line.wait(outside_gap_patience_ns);
    EXPECT_EQ(line.counter("stream_gaps"), 1U);
}

} // namespace
} // namespace ringwall::transport::test

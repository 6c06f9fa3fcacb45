// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Fragmented : public testing::Test {
protected:
    Line line;
    const std::string text = std::string(1000, 'a') + std::string(1000, 'b') + "end";
    const std::string ip = udp(text, 5062, 5064);

    std::string_view part(size_t begin, size_t end) const { return std::string_view(ip).substr(begin, end - begin); }
    void send(size_t begin, size_t end, uint32_t identification = 7) {
        line.fragment(identification, static_cast<uint32_t>(begin), part(begin, end), end == ip.size());
    }
};

TEST_F(Fragmented, comes_out_whole_with_the_ports_of_the_first_at_the_time_of_the_last) {
    send(0, 800);
    send(800, 1600);
    line.now += 5;
    send(1600, ip.size());
    ASSERT_THAT(line.messages, ElementsAre(text));
    const auto& [datagram, time_ns] = line.datagrams[0];
    EXPECT_EQ(time_ns, line.now);
    EXPECT_TRUE(datagram.is_whole);
    EXPECT_EQ(datagram.protocol, Protocol::udp);
    EXPECT_EQ(datagram.source, (Endpoint{outside.address, Port{5062}}));
    EXPECT_EQ(datagram.destination, (Endpoint{inside.address, Port{5064}}));
}

TEST_F(Fragmented, of_ipv6_likewise_and_outwards) {
    line.from = {*IpAddress::parse("2001:db8:1::1"), Port{5060}};
    line.to = {*IpAddress::parse("2001:db8:2::1"), Port{5060}};
    line.outbound = true;
    send(0, 800, 0xdeadbeef);
    send(800, ip.size(), 0xdeadbeef);
    ASSERT_THAT(line.messages, ElementsAre(text));
    EXPECT_TRUE(line.datagrams[0].first.outbound);
    EXPECT_EQ(line.datagrams[0].first.source.address, line.from.address);
}

TEST_F(Fragmented, comes_out_once_in_every_order_with_every_copy) {
    std::vector<std::pair<size_t, size_t>> parts{{0, 400}, {400, 800}, {800, 1600}, {1600, ip.size()}};
    std::ranges::sort(parts);
    do {
        Line fresh;
        std::swap(fresh.messages, line.messages);
        for (const auto& [begin, end] : parts) {
            const bool is_final = &begin == &parts.back().first;
            for (int copy = 0; copy < (is_final ? 1 : 2); ++copy)
                fresh.fragment(1, static_cast<uint32_t>(begin), part(begin, end), end == ip.size());
        }
        EXPECT_THAT(fresh.messages, ElementsAre(text));
    } while (std::ranges::next_permutation(parts).found);
}

TEST_F(Fragmented, is_refused_for_good_where_any_byte_comes_twice_in_another_fragment) {
    for (const size_t begin : {792U, 8U, 0U}) {
        send(0, 800);
        send(begin, begin + 16);
        send(800, ip.size());
        send(0, 800); // what comes of it again does not begin it anew
        EXPECT_THAT(line.messages, IsEmpty());
        line.wait(6 * second_ns);
    }
    EXPECT_EQ(line.counter("fragments_overlapped"), 3U);
}

TEST_F(Fragmented, is_refused_where_a_copy_differs) {
    send(0, 800);
    line.fragment(7, 0, std::string(800, 'x'), false);
    send(800, ip.size());
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("fragments_overlapped"), 1U);
}

TEST_F(Fragmented, is_refused_where_its_end_contradicts) {
    send(800, ip.size());
    line.fragment(7, 4000, "past the end", true);
    send(0, 800);
    line.fragment(8, 1600, part(1600, ip.size()), true);
    line.fragment(8, 4000, "12345678", false);
    send(0, 1600, 8);
    line.fragment(9, 1600, part(1600, 1608), false);
    line.fragment(9, 800, part(800, 1600), true); // the last, before another one
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("fragments_malformed"), 3U);
}

TEST_F(Fragmented, must_be_as_long_as_its_udp_header_says) {
    for (const int difference : {-1, 1}) {
        std::string wrong = ip;
        wrong[5] = static_cast<char>(wrong[5] + difference);
        line.fragment(1, 0, std::string_view(wrong).substr(0, 800), false);
        line.fragment(1, 800, std::string_view(wrong).substr(800), true);
    }
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("fragments_malformed"), 2U);
}

TEST_F(Fragmented, takes_no_fragment_that_cannot_be_one) {
    line.fragment(1, 0, part(0, 801), false);   // not of eights
    line.fragment(1, 4, part(4, 804), false);   // nor at one
    line.fragment(1, 0, part(0, 4), true);      // no UDP header
    line.fragment(1, 8, "", true);              // nothing
    line.fragment(1, 65528, part(0, 16), true); // past what IP can say
    line.fragment(1, 0xfffffff8, part(0, 16), true);
    Packet lost = line.packet(17, 1, part(0, 800), RECORD_FRAGMENT);
    lost.head.length = 1600; // its other record was lost
    line.send(lost);
    line.send(line.packet(6, 1, part(0, 800), RECORD_FRAGMENT)); // a fragment of TCP
    EXPECT_EQ(line.counter("fragments_malformed"), 8U);
    EXPECT_EQ(line.counter("fragments_no_room"), 0U);
}

TEST_F(Fragmented, waits_five_seconds) {
    send(0, 800);
    line.now += fragment_life_ns - 1;
    send(800, ip.size());
    EXPECT_THAT(line.messages, ElementsAre(text));
    send(0, 800);
    line.now += fragment_life_ns;
    send(800, ip.size());
    EXPECT_EQ(line.messages.size(), 1U);
    EXPECT_EQ(line.counter("fragments_expired"), 1U);
}

TEST_F(Fragmented, differ_by_direction_addresses_and_identification) {
    send(0, 800);
    line.turn();
    send(800, ip.size());
    line.turn();
    line.from.address = IpAddress::v4(0xc6336402);
    send(800, ip.size());
    line.from = outside;
    send(800, ip.size(), 8);
    EXPECT_THAT(line.messages, IsEmpty());
    send(800, ip.size());
    EXPECT_THAT(line.messages, ElementsAre(text));
}

TEST_F(Fragmented, of_strangers_find_their_own_room_full_and_never_that_of_others) {
    line.standing = Standing::stranger;
    for (uint32_t i = 0; i < 4 * fragment_room[2].items; ++i) {
        line.from.address = IpAddress::v4(i);
        send(0, 800, i);
    }
    EXPECT_EQ(line.counter("fragments_no_room"), 3 * fragment_room[2].items);
    line.standing = Standing::known;
    line.from = outside;
    send(0, 800);
    line.standing = Standing::stranger; // its later fragments have no ports: their ring is the strangers'
    send(800, ip.size());
    EXPECT_THAT(line.messages, ElementsAre(text));
    line.wait(fragment_life_ns);
    send(0, 800);
    send(800, ip.size());
    EXPECT_EQ(line.messages.size(), 2U);
}

TEST_F(Fragmented, of_one_source_leave_room_for_the_others) {
    line.standing = Standing::stranger;
    for (uint32_t i = 0; i < fragment_room[2].items; ++i) send(0, 800, i);
    EXPECT_EQ(line.counter("fragments_no_room"), fragment_room[2].items - fragment_room[2].items_of_source);
    line.from.address = IpAddress::v4(1);
    send(0, 800);
    send(800, ip.size());
    EXPECT_THAT(line.messages, ElementsAre(text));
}

TEST_F(Fragmented, takes_the_room_of_its_first_fragment) {
    Fragments fragments;
    line.standing = Standing::stranger;
    Packet later = line.packet(17, 7, part(800, 1600), RECORD_FRAGMENT);
    later.head.fragment_offset = 800;
    fragments.on_fragment(later);
    EXPECT_EQ(fragments.budget(Standing::stranger).bytes(), 800U);
    line.standing = Standing::known;
    fragments.on_fragment(line.packet(17, 7, part(0, 800), RECORD_FRAGMENT));
    EXPECT_EQ(fragments.budget(Standing::stranger).bytes() + fragments.budget(Standing::stranger).items(), 0U);
    EXPECT_EQ(fragments.budget(Standing::known).bytes(), 1600U);
    fragments.expire(line.now + fragment_life_ns);
    EXPECT_EQ(fragments.budget(Standing::known).bytes() + fragments.budget(Standing::known).items(), 0U);
}

TEST_F(Fragmented, keeps_no_more_bytes_than_its_room) {
    line.standing = Standing::stranger;
    const std::string large(60000, 'x');
    for (uint32_t i = 0; i < 100; ++i) {
        line.from.address = IpAddress::v4(i);
        line.fragment(1, 0, large, false);
    }
    EXPECT_EQ(line.counter("fragments_no_room"), 100 - fragment_room[2].bytes / large.size());
}

TEST_F(Fragmented, has_at_most_so_many_fragments) {
    const std::string long_ip = udp(std::string(4000, 'x'));
    for (size_t at = 0; at < long_ip.size(); at += 8)
        line.fragment(1, static_cast<uint32_t>(at), std::string_view(long_ip).substr(at, 8), at + 8 >= long_ip.size());
    EXPECT_THAT(line.messages, IsEmpty());
    EXPECT_EQ(line.counter("fragments_no_room"), long_ip.size() / 8 - most_fragments);
}

} // namespace
} // namespace ringwall::transport::test

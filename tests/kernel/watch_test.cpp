// SPDX-License-Identifier: Apache-2.0
// A watched interface: SIP is mirrored by the way its addresses say, media keeps its hole awake, nothing is refused.
#include "tests/kernel/fragments.hpp"
#include "tests/kernel/tcp_wall.hpp"

namespace ringwall::test {
namespace {

constexpr const char* seen = "pass watched";

class Watch : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        open({.last_in = 10s});
        open({.local = "2001:db8:1::10", .peer = "2001:db8:99::7", .last_in = 10s});
    }
    static Duration since(uint64_t time_ns) { return Duration(now_ns() - time_ns); }
};

TEST_F(Watch, refuses_nothing_that_the_wall_would) {
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 40002} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.9"} / udp{.dport = 40002} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{.length_error = 1} / udp{} / rtp()), seen);
    EXPECT_EQ(watched(eth / ip4{} / tcp{}), seen);
    EXPECT_EQ(watched(eth / ip6{} / udp{.dport = 40002} / rtp()), seen);
}

TEST_F(Watch, mirrors_sip_by_the_way_that_its_addresses_say) {
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 5060} / text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 5070} /
                      text("SIP/2.0 200 OK\r\n")),
              seen);
    auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].header.flags & RECORD_OUTBOUND);
    EXPECT_EQ(watched(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 5060} /
                      text("OPTIONS sip:a SIP/2.0\r\n")),
              seen);
    EXPECT_EQ(ring("ring_inside").size(), 1U);
}

class WatchTcp : public TcpWall {};
INSTANTIATE_TEST_SUITE_P(Over, WatchTcp, every_shape, shape_name);

TEST_P(WatchTcp, mirrors_connections_to_a_sip_port_inside) {
    const auto seen_from = [&](const Party& who, const tcp& segment, const raw& bytes = text("")) {
        return watched(shaped(ip4{.src = who.v4}, ip6{.src = who.v6}) / segment / bytes);
    };
    const auto seen_to = [&](const Party& who, const tcp& segment, const raw& bytes) {
        return watched(shaped(ip4{.src = inside.v4, .dst = who.v4}, ip6{.src = inside.v6, .dst = who.v6}) / segment /
                       bytes);
    };
    EXPECT_EQ(seen_from(phone, {.flags = syn}), seen);
    EXPECT_EQ(seen_from(phone, {.flags = ack}), seen); // says nothing of the bytes
    EXPECT_EQ(seen_from(phone, {.flags = ack}, text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(seen_from(phone, {.dport = 5062, .flags = ack}, text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(ring("ring_strangers").size(), 2U);
    EXPECT_EQ(seen_to(phone, {.sport = 5060, .dport = 30000, .flags = ack}, text("SIP/2.0 200 OK\r\n")), seen);
    const auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].header.flags & RECORD_OUTBOUND);
    EXPECT_EQ(records[0].header.protocol, 6U);
    EXPECT_EQ(seen_to(phone, {.sport = 30000, .dport = 5060, .flags = ack}, text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_TRUE(ring("ring_inside").empty()); // of which nobody knows that the inside opened it
}

class WatchFragments : public FragmentWall {
protected:
    std::string watched_piece(const Bytes& datagram, const Piece& piece) { return watched(frame(datagram, piece)); }
};
INSTANTIATE_TEST_SUITE_P(Over, WatchFragments, testing::ValuesIn(paths), name_of);

TEST_P(WatchFragments, of_sip_are_mirrored_either_way_and_those_of_media_are_not) {
    for (const bool is_outbound : {false, true}) {
        const auto piece = [&](size_t from, size_t to, uint32_t id) {
            return Piece{from, to, id, is_outbound ? inside() : outside(), is_outbound ? outside() : inside()};
        };
        const auto datagram = is_outbound ? sip(2992, 5060, 5071) : sip();
        EXPECT_EQ(watched_piece(datagram, piece(0, 1480, 7)), seen);
        EXPECT_EQ(watched_piece(datagram, piece(1480, 3000, 7)), seen);
        const auto records = ring(is_outbound ? "ring_inside" : "ring_strangers");
        ASSERT_EQ(records.size(), 2U) << is_outbound;
        for (const auto& record : records) EXPECT_TRUE(record.header.flags & RECORD_FRAGMENT);
        EXPECT_TRUE(records[1].header.flags & RECORD_LAST_FRAGMENT);
        EXPECT_EQ(watched_piece(media(), piece(0, 1480, 8)), seen);
        EXPECT_EQ(watched_piece(media(), piece(1480, 3000, 8)), seen);
        EXPECT_TRUE(ring("ring_inside").empty() && ring("ring_strangers").empty());
    }
}

TEST_P(WatchFragments, are_no_second_first_to_the_wall_that_the_datagram_crosses_too) {
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    const auto datagram = sip();
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass sip");
    EXPECT_EQ(watched_piece(datagram, {0, 1480}), seen);
    EXPECT_EQ(in_piece(datagram, {1480, 3000}), "pass later_fragment");
    EXPECT_EQ(watched_piece(datagram, {1480, 3000}), seen);
    EXPECT_EQ(watched_piece(datagram, {0, 1480, 9}), seen);
    EXPECT_EQ(in_piece(datagram, {0, 1480, 9}), "pass sip");
    EXPECT_EQ(ring("ring_strangers").size(), 6U);
}

TEST_F(Watch, mirrors_nothing_that_no_protected_address_has_part_in) {
    EXPECT_EQ(watched(eth / ip4{.dst = "203.0.113.9"} / udp{.dport = 5060} / text("INVITE sip:a SIP/2.0\r\n")), seen);
    EXPECT_EQ(watched(eth / ip4{} / udp{.dport = 5060} / text("\r\n\r\n")), seen);
    for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) EXPECT_TRUE(ring(name).empty()) << name;
}

TEST_F(Watch, media_either_way_keeps_its_hole_awake_and_counts_nothing_on_it) {
    EXPECT_EQ(watched(eth / ip4{.src = "10.0.0.9"} / udp{} / rtp()), seen);
    EXPECT_LT(since(hole().last_in_ns), 1s);
    EXPECT_EQ(hole().packets, 0U);
    EXPECT_EQ(hole().last_out_ns, 0U);
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "10.0.0.9"} / udp{.sport = 40000} / rtp()), seen);
    EXPECT_NE(hole().last_out_ns, 0U);
    const Hole six{.local = "2001:db8:1::10"};
    EXPECT_EQ(watched(eth / ip6{.src = "fd00::9"} / udp{} / rtp()), seen);
    EXPECT_LT(since(hole(six).last_in_ns), 1s);
}

TEST_F(Watch, a_closed_hole_stays_as_it_is) {
    close({});
    open({.phase = PHASE_CLOSED, .last_in = 10s});
    const auto before = hole().last_in_ns;
    EXPECT_EQ(watched(eth / ip4{} / udp{} / rtp()), seen);
    EXPECT_EQ(hole().last_in_ns, before);
}

TEST_F(Watch, opens_no_way_back) {
    EXPECT_EQ(watched(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.9"} / udp{.sport = 12000} / filled(20, 200)),
              seen);
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.9"} / udp{.sport = 30000, .dport = 12000} / rtp()), "drop no_pinhole");
}

} // namespace
} // namespace ringwall::test

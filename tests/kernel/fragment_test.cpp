// SPDX-License-Identifier: Apache-2.0
// Step 4: what a fragment may do by its place in the datagram, on both sides of every edge, over every path.
#include "tests/kernel/fragments.hpp"

namespace ringwall::test {
namespace {

class Fragment : public FragmentWall {};
INSTANTIATE_TEST_SUITE_P(Over, Fragment, testing::ValuesIn(paths), name_of);

constexpr uint8_t icmp = 1, tcp_number = 6, esp = 50;

TEST_P(Fragment, later_ones_follow_a_first_that_passed) {
    auto datagram = media();
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
    EXPECT_EQ(in_piece(datagram, {2960, 3000}), "pass later_fragment");
    EXPECT_EQ(hole({.local = inside()}).packets, 1U);
}

TEST_P(Fragment, later_ones_of_a_first_that_was_dropped_have_none) {
    auto datagram = media(40002);
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop no_pinhole");
    EXPECT_TRUE(table().empty());
    EXPECT_EQ(in_piece(datagram, {1480, 3000}), "pass fragment_unpaired");
    EXPECT_TRUE(firsts().empty());
}

TEST_P(Fragment, later_ones_may_come_before_their_first) {
    auto datagram = media();
    EXPECT_EQ(in_piece(datagram, {2960, 3000}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
}

TEST_P(Fragment, a_datagram_is_known_by_its_ends_and_its_identification) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {1480, 2960, 8}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .source = stranger()}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .destination = is_v4() ? "192.0.2.11" : "2001:db8:1::11"}),
              "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
    if (is_v4()) return;
    EXPECT_EQ(in_piece(datagram, {1480, 2960, 0x10007}), "pass fragment_unpaired"); // 32 bits of identification
}

TEST_P(Fragment, ipv4_tells_protocols_apart_and_ipv6_does_not) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .protocol = tcp_number}),
              is_v4() ? "pass fragment_unpaired" : "pass later_fragment");
    EXPECT_EQ(in_piece(datagram, {.from = 1472, .to = 2960, .protocol = esp}),
              is_v4() ? "pass later_fragment" : "drop fragment_overlap");
}

TEST_P(Fragment, of_ipv4_that_has_no_ports_is_left_alone) {
    if (!is_v4()) return;
    for (uint8_t protocol : {icmp, esp}) {
        EXPECT_EQ(in_piece(media(), {.from = 0, .to = 8, .protocol = protocol}), "pass not_guarded");
        EXPECT_EQ(in_piece(media(), {.from = 8, .to = 24, .protocol = protocol}), "pass later_fragment");
        EXPECT_EQ(in_piece(media(), {.from = 8, .to = 17, .protocol = protocol}), "pass later_fragment");
    }
    EXPECT_TRUE(table().empty());
}

TEST_P(Fragment, of_ipv6_is_paired_whatever_it_carries) {
    if (is_v4()) return;
    EXPECT_EQ(in_piece(media(), {.from = 0, .to = 1232, .protocol = 58}), "pass not_guarded");
    EXPECT_EQ(in_piece(media(), {.from = 1232, .to = 3000, .protocol = 58}), "pass later_fragment");
    EXPECT_EQ(in_piece(media(), {.from = 8, .to = 48, .protocol = 58}), "drop fragment_overlap");
}

TEST_P(Fragment, none_may_lie_over_the_first) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {1472, 2952}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(datagram, {40, 48}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
}

TEST_P(Fragment, no_first_may_lie_over_what_passed_before_it) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {1480, 2960}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(datagram, {800, 1480}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(datagram, {2960, 3000}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(datagram, {0, 808}), "drop fragment_overlap");
    EXPECT_TRUE(firsts().empty());
    EXPECT_EQ(in_piece(datagram, {0, 800}), "pass pinhole_rtp");
}

TEST_P(Fragment, there_is_one_first) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    auto before = firsts();
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(datagram, {0, 40}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(media(9000), {0, 800}), "drop fragment_overlap"); // another verdict that passes
    EXPECT_EQ(in_piece(media(40002), {0, 800}), "drop no_pinhole");      // one that does not
    EXPECT_EQ(firsts(), before);
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
}

TEST_P(Fragment, none_may_lie_where_a_verdict_reads_with_memory_or_without) {
    auto datagram = media();
    for (size_t from : {8U, 16U, 24U, 32U}) {
        EXPECT_EQ(in_piece(datagram, {from, 2000}), "drop fragment_overlap") << from;
        EXPECT_EQ(in_piece(datagram, {.from = from, .to = 2000, .destination = elsewhere()}), "drop fragment_overlap");
        EXPECT_EQ(in_piece(datagram, {.from = from, .to = 2000, .protocol = tcp_number}), "drop fragment_overlap");
    }
    EXPECT_TRUE(table().empty());
    EXPECT_EQ(in_piece(datagram, {40, 2000}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {.from = 40, .to = 2000, .destination = elsewhere()}), "pass later_fragment");
}

TEST_P(Fragment, a_first_brings_forty_bytes_or_nothing) {
    for (size_t to : {8U, 24U, 32U}) {
        EXPECT_EQ(in_piece(media(), {.from = 0, .to = to}), "drop fragment_tiny") << to;
        EXPECT_EQ(in_piece(sip(), {.from = 0, .to = to, .destination = elsewhere()}), "drop fragment_tiny") << to;
        EXPECT_EQ(in_piece(sip(), {.from = 0, .to = to, .protocol = tcp_number}), "drop fragment_tiny") << to;
    }
    EXPECT_EQ(in_piece(media(), {0, 40}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(media(), {40, 48}), "pass later_fragment");
    EXPECT_EQ(in_piece(media(), {.from = 0, .to = 40, .id = 8, .destination = elsewhere()}), "pass out_of_scope");
}

TEST_P(Fragment, a_first_of_tcp_brings_its_whole_header) {
    auto first = [&](uint8_t doff) {
        auto segment = (eth / ip4{} / tcp{.dport = 5060, .doff = doff} / filled(100)).bytes();
        return in_piece({segment.begin() + 34, segment.end()},
                        {.from = 0, .to = 40, .id = doff, .protocol = tcp_number});
    };
    EXPECT_EQ(first(10), "drop not_a_peer");
    EXPECT_EQ(first(11), "drop malformed"); // else its ports would be judged by nobody
}

TEST_P(Fragment, lengths_that_no_fragment_has_are_refused) {
    auto datagram = media();
    EXPECT_EQ(in_piece(datagram, {0, 1479}), "drop fragment_tiny");
    EXPECT_EQ(in_piece(datagram, {1480, 2959}), "drop fragment_tiny");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 1480}), "drop fragment_tiny");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 1480, .more = false}), "drop fragment_tiny");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2959, .more = false}), "pass fragment_unpaired");
    Bytes longest(65536);
    EXPECT_EQ(in_piece(longest, {.from = 65528, .to = 65536, .more = false}), "drop fragment_tiny");
    EXPECT_EQ(in_piece(longest, {.from = 65528, .to = 65535, .id = 8, .more = false}), "pass fragment_unpaired");
}

TEST_P(Fragment, inside_addresses_from_outside_stay_spoofed) {
    auto spoofed = is_v4() ? "192.0.2.99" : "2001:db8:1::99";
    for (auto piece : {Piece{0, 1480}, Piece{0, 8}, Piece{1480, 2960}, Piece{8, 2960}}) {
        piece.source = spoofed;
        EXPECT_EQ(in_piece(media(), piece), "drop spoofed_inside");
    }
}

TEST_P(Fragment, the_last_one_of_media_frees_the_identification) {
    auto datagram = media();
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
        EXPECT_EQ(in_piece(datagram, {2960, 3000}), "pass later_fragment");
        EXPECT_TRUE(table().empty());
    }
}

TEST_P(Fragment, of_sip_keep_the_identification_until_it_expires) {
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    auto datagram = sip();
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass sip");
    ASSERT_EQ(in_piece(datagram, {1480, 3000}), "pass later_fragment");
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop fragment_overlap");
    age_table(FRAGMENT_LIFE - 25); // 1.7 s for the clock that runs meanwhile
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop fragment_overlap");
    age_table(25);
    EXPECT_EQ(in_piece(datagram, {1480, 3000}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass sip");
    EXPECT_EQ(in_piece(datagram, {1480, 3000}), "pass later_fragment");
}

TEST_P(Fragment, before_its_first_expires_too) {
    auto datagram = media();
    ASSERT_EQ(in_piece(datagram, {800, 1480}), "pass fragment_unpaired");
    age_table(FRAGMENT_LIFE - 25);
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop fragment_overlap");
    age_table(25);
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "pass pinhole_rtp");
    EXPECT_EQ(table().size(), 1U); // in the way that was free again
}

TEST_P(Fragment, to_others_are_neither_kept_nor_counted) {
    auto datagram = media();
    for (uint32_t id = 0; id < 300; ++id)
        ASSERT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .id = id, .destination = elsewhere()}),
                  "pass later_fragment");
    EXPECT_EQ(in_piece(datagram, {.from = 0, .to = 1480, .destination = elsewhere()}), "pass out_of_scope");
    EXPECT_TRUE(table().empty());
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(in_piece(sip(), {.from = 0, .to = 1480, .destination = elsewhere()}), "pass sip"); // a SIP port is ours
    EXPECT_EQ(in_piece(sip(), {.from = 1472, .to = 2960, .destination = elsewhere()}), "drop fragment_overlap");
    EXPECT_EQ(in_piece(sip(), {.from = 1480, .to = 2960, .destination = elsewhere()}), "pass later_fragment");
    EXPECT_EQ(ring("ring_strangers").size(), 2U);
}

TEST_P(Fragment, admission_and_limits_hold_for_sip_in_fragments) {
    auto datagram = sip();
    EXPECT_EQ(in_piece(datagram, {0, 1480}), "drop not_a_peer");
    EXPECT_EQ(in_piece(datagram, {1480, 3000}), "pass fragment_unpaired");
    EXPECT_TRUE(firsts().empty());
    zone(zone_phones, ZONE_SIP, {{CLASS_INVITE, hourly(1)}});
    network(outside() + (is_v4() ? "/32" : "/128"), zone_phones);
    EXPECT_EQ(in_piece(datagram, {0, 1480, 8}), "pass sip");
    EXPECT_EQ(in_piece(datagram, {0, 1480, 9}), "drop rate_limited");
    EXPECT_EQ(in_piece(datagram, {0, 40, 10}), "drop rate_limited");
    EXPECT_EQ(in_piece(datagram, {1480, 3000, 9}), "pass fragment_unpaired");
    EXPECT_EQ(firsts().size(), 1U);
}

TEST_P(Fragment, denied_sources_pass_no_first) {
    network(outside() + (is_v4() ? "/32" : "/128"), 0, NETWORK_DENIED);
    EXPECT_EQ(in_piece(media(40002), {0, 1480}), "drop denied");
    EXPECT_EQ(in_piece(sip(), {0, 1480}), "drop denied");
    EXPECT_TRUE(table().empty());
}

TEST_P(Fragment, monitor_mode_counts_each_and_drops_none) {
    settings().flags = WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(in_piece(media(), {0, 32}), "pass fragment_tiny");
    EXPECT_EQ(in_piece(media(), {8, 800}), "pass fragment_overlap");
    EXPECT_EQ(in_piece(media(), {800, 1480}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(media(), {0, 1480}), "pass fragment_overlap");
    EXPECT_EQ(in_piece(media(40002), {0, 800}), "pass no_pinhole");
    EXPECT_TRUE(firsts().empty()); // as an enforcing wall would remember it
    EXPECT_EQ(event(EVENT_monitored), 4U);
    EXPECT_EQ(in_piece(sip(), {0, 1480, 8}), "pass not_a_peer");
    EXPECT_EQ(in_piece(sip(), {1480, 3000, 8}), "pass fragment_unpaired");
    EXPECT_EQ(ring("ring_strangers").size(), 3U); // the inside will answer it
}

class Fragment6 : public FragmentWall {
protected:
    Path path() const override { return {6, 0}; }
    static auto chain() { return eth / ip6{}; }
};

TEST_F(Fragment6, alone_is_a_whole_packet) {
    EXPECT_EQ(in(chain() / fragment6{.more = false} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(chain() / fragment6{.more = false} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
    EXPECT_EQ(in(chain() / fragment6{.more = false} / udp{} / filled(1)), "pass pinhole_rtp"); // no fragment, not tiny
    EXPECT_EQ(in(chain() / fragment6{.more = false} / udp{} / rtp()), "pass pinhole_rtp");     // again, and no overlap
    EXPECT_EQ(in(chain() / fragment6{.more = false} / extension{60} / udp{} / rtp()), "drop malformed");
    EXPECT_EQ(in(chain() / fragment6{.more = false} / fragment6{.more = false} / udp{} / rtp()), "drop malformed");
    EXPECT_TRUE(table().empty());
}

TEST_F(Fragment6, headers_before_the_fragment_header_are_stepped_over) {
    auto before = chain() / extension{0} / extension{60, 1};
    EXPECT_EQ(in(before / fragment6{.id = 5} / udp{.length_error = 800} / filled(792, 0x80)), "pass pinhole_rtp");
    EXPECT_EQ(in(before / fragment6{.offset = 100, .more = false, .next = 17, .id = 5} / filled(800)),
              "pass later_fragment");
}

TEST_F(Fragment6, headers_behind_the_header_of_a_first_are_refused) {
    auto first = chain() / fragment6{};
    EXPECT_EQ(in(first / extension{60} / udp{.length_error = 800} / rtp()), "drop fragment_tiny");
    EXPECT_EQ(in(first / extension{51, 2} / udp{.length_error = 800} / rtp()), "drop fragment_tiny");
    EXPECT_EQ(in(first / fragment6{.more = false} / udp{.length_error = 800} / rtp()), "drop fragment_tiny");
    EXPECT_EQ(in(first / extension{60, 4} / raw{}), "drop fragment_tiny"); // and the UDP header in the next one
    EXPECT_EQ(in(eth / ip6{.dst = elsewhere()} / fragment6{} / extension{60, 4} / raw{}), "drop fragment_tiny");
}

} // namespace
} // namespace ringwall::test

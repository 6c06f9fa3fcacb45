// SPDX-License-Identifier: Apache-2.0
// What the agent is given of SIP that comes or leaves in fragments: every byte, each fragment's place and end, in the
// right ring. A message is put together from the records alone.
#include <algorithm>

#include "tests/kernel/fragments.hpp"

namespace ringwall::test {
namespace {

class FragmentMirror : public FragmentWall {
protected:
    void SetUp() override {
        FragmentWall::SetUp();
        settings().flags = WALL_ADMIT_ALL;
        apply_settings();
        zone(zone_provider, ZONE_PEER);
        network(outside() + (is_v4() ? "/32" : "/128"), zone_provider);
    }
    // The IP payload that records of one datagram make, each at its place; empty where the last one is missing.
    static Bytes whole(const std::vector<Mirrored>& records) {
        size_t end = 0;
        for (const auto& [header, bytes] : records)
            if (header.flags & RECORD_LAST_FRAGMENT) end = header.fragment_offset + header.length;
        Bytes all(end);
        for (const auto& [header, bytes] : records) {
            EXPECT_TRUE(header.flags & RECORD_FRAGMENT);
            if (header.fragment_offset + header.offset + bytes.size() > end) return {};
            std::copy(bytes.begin(), bytes.end(), all.begin() + header.fragment_offset + header.offset);
        }
        return all;
    }
    static std::string endpoints(const mirror_record& header) {
        return Endpoint::from(header.source).to_string() + " " + Endpoint::from(header.destination).to_string();
    }
    std::string ends(const std::string& sport, const std::string& dport) const {
        auto at = [&](const std::string& address) { return is_v4() ? address + ":" : "[" + address + "]:"; };
        return at(outside()) + sport + " " + at(inside()) + dport;
    }
};
INSTANTIATE_TEST_SUITE_P(Over, FragmentMirror, testing::ValuesIn(paths), name_of);

TEST_P(FragmentMirror, says_of_each_whose_it_is_and_where_it_stands) {
    auto datagram = sip(3392);
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass sip");
    ASSERT_EQ(in_piece(datagram, {1480, 2960}), "pass later_fragment");
    ASSERT_EQ(in_piece(datagram, {2960, 3400}), "pass later_fragment");
    auto records = ring("ring_known");
    ASSERT_EQ(records.size(), 3U);
    const uint32_t offsets[] = {0, 1480, 2960}, lengths[] = {1480, 1480, 440};
    for (size_t i = 0; i < 3; ++i) {
        const auto& header = records[i].header;
        EXPECT_EQ(header.fragment_offset, offsets[i]);
        EXPECT_EQ(header.length, lengths[i]);
        EXPECT_EQ(header.captured, lengths[i]);
        EXPECT_EQ(header.offset, 0U);
        EXPECT_EQ(header.sequence, 7U);
        EXPECT_EQ(header.protocol, 17U);
        EXPECT_EQ(header.zone, static_cast<uint32_t>(zone_provider));
        EXPECT_EQ(header.flags, i == 2 ? RECORD_FRAGMENT | RECORD_LAST_FRAGMENT : RECORD_FRAGMENT + 0);
        EXPECT_EQ(endpoints(header), i == 0 ? ends("5071", "5060") : ends("0", "0"));
    }
    EXPECT_EQ(whole(records), datagram);
    EXPECT_EQ(event(EVENT_mirrored), 1U);
}

TEST_P(FragmentMirror, hands_on_what_comes_before_its_first) {
    auto datagram = sip();
    ASSERT_EQ(in_piece(datagram, {1480, 2960}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(datagram, {2960, 3000}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(datagram, {0, 1480}), "pass sip");
    EXPECT_EQ(whole(ring("ring_known")), datagram);
}

TEST_P(FragmentMirror, keeps_all_of_a_datagram_in_the_ring_of_its_first) {
    auto datagram = sip();
    ASSERT_EQ(in_piece(datagram, {.from = 0, .to = 1480, .source = stranger()}), "pass sip");
    ASSERT_EQ(in_piece(datagram, {.from = 1480, .to = 3000, .source = stranger()}), "pass later_fragment");
    EXPECT_EQ(whole(ring("ring_strangers")), datagram);
    known(stranger(2), 5071, KNOWN_PARTY); // by its port, which a later fragment does not have
    ASSERT_EQ(in_piece(datagram, {.from = 0, .to = 1480, .source = stranger(2)}), "pass sip");
    ASSERT_EQ(in_piece(datagram, {.from = 1480, .to = 3000, .source = stranger(2)}), "pass later_fragment");
    EXPECT_EQ(whole(ring("ring_known")), datagram);
    EXPECT_TRUE(ring("ring_strangers").empty());
}

TEST_P(FragmentMirror, puts_what_has_no_first_into_the_ring_of_its_address) {
    known(stranger(3), 0, KNOWN_REGISTRAR);
    known(stranger(4), 5071, KNOWN_PARTY);
    for (int number : {3, 4})
        ASSERT_EQ(in_piece(sip(), {.from = 1480, .to = 3000, .source = stranger(number)}), "pass fragment_unpaired");
    EXPECT_EQ(ring("ring_known").size(), 1U);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
}

TEST_P(FragmentMirror, leaves_media_keepalives_and_tcp_alone) {
    ASSERT_EQ(in_piece(media(), {0, 1480}), "pass pinhole_rtp");
    ASSERT_EQ(in_piece(media(), {1480, 3000}), "pass later_fragment");
    auto keepalive =
        (eth / ip4{} / udp{.sport = 5071, .dport = 5060} / bytes_of({0, 1, 11, 156, 0x21, 0x12, 0xa4, 0x42}, 2992))
            .bytes();
    Bytes datagram{keepalive.begin() + 34, keepalive.end()};
    ASSERT_EQ(in_piece(datagram, {0, 1480, 8}), "pass sip");
    ASSERT_EQ(in_piece(datagram, {1480, 3000, 8}), "pass later_fragment");
    ASSERT_EQ(in_piece(datagram, {.from = 1480, .to = 3000, .id = 9, .protocol = 6}), "pass fragment_unpaired");
    EXPECT_TRUE(ring("ring_known").empty());
}

TEST_P(FragmentMirror, copies_nothing_of_what_it_dropped) {
    ASSERT_EQ(in_piece(sip(), {0, 32}), "drop fragment_tiny");
    ASSERT_EQ(in_piece(sip(), {32, 3000}), "drop fragment_overlap");
    ASSERT_EQ(in_piece(sip(), {1472, 3000}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(sip(), {0, 1480}), "drop fragment_overlap");
    EXPECT_EQ(ring("ring_known").size(), 1U);
}

TEST_P(FragmentMirror, wakes_the_agent_for_the_last_as_for_the_first) {
    auto datagram = sip();
    for (auto piece : {Piece{0, 1480}, Piece{1480, 3000}, Piece{1480, 3000, 8}}) {
        is_woken("ring_known");
        heartbeat(0s, true);
        in_piece(datagram, piece);
        EXPECT_TRUE(is_woken("ring_known")) << piece.from;
        ring("ring_known");
        heartbeat(0s, false);
    }
}

TEST_P(FragmentMirror, hands_on_what_leaves) {
    auto datagram = sip(3392, 5060, 5071);
    EXPECT_EQ(out_piece(datagram, {0, 1480}), "pass out_sip");
    EXPECT_EQ(out_piece(datagram, {1480, 2960}), "pass out_fragment");
    EXPECT_EQ(out_piece(datagram, {2960, 3400}), "pass out_fragment");
    auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].header.flags, RECORD_OUTBOUND | RECORD_FRAGMENT);
    EXPECT_EQ(records[2].header.flags, RECORD_OUTBOUND | RECORD_FRAGMENT | RECORD_LAST_FRAGMENT);
    EXPECT_EQ(records[1].header.sequence, 7U);
    EXPECT_EQ(records[1].header.zone, static_cast<uint32_t>(zone_provider));
    EXPECT_EQ(records[1].header.source.port, 0U);
    EXPECT_EQ(whole(records), datagram);

    EXPECT_EQ(out_piece(datagram, {1480, 3400, 8}), "pass out_fragment"); // the other way round
    EXPECT_EQ(out_piece(datagram, {0, 1480, 8}), "pass out_sip");
    EXPECT_EQ(whole(ring("ring_inside")), datagram);
}

TEST_P(FragmentMirror, leaves_alone_what_leaves_and_is_no_sip) {
    EXPECT_EQ(out_piece(media(30000, 2992, 40000), {0, 1480}), "pass out_media");
    EXPECT_EQ(out_piece(media(30000, 2992, 40000), {1480, 3000}), "pass out_fragment");
    EXPECT_EQ(out_piece(sip(), {.from = 1480, .to = 3000, .protocol = is_v4() ? uint8_t{50} : uint8_t{6}}),
              is_v4() ? "pass out_other" : "pass out_fragment");
    EXPECT_EQ(out_piece(sip(), {.from = 1480, .to = 3000, .source = elsewhere()}), "pass out_other");
    EXPECT_EQ(out_piece(sip(), {0, 24}), "pass out_unparsable");
    EXPECT_TRUE(ring("ring_inside").empty());
}

TEST_P(FragmentMirror, takes_the_newest_first_that_leaves_for_the_identification) {
    EXPECT_EQ(out_piece(media(30000, 2992, 40000), {0, 1480}), "pass out_media");
    EXPECT_EQ(out_piece(sip(2992, 5060), {0, 1480}), "pass out_sip");
    EXPECT_EQ(out_piece(sip(2992, 5060), {1480, 3000}), "pass out_fragment");
    EXPECT_EQ(whole(ring("ring_inside")), sip(2992, 5060));
    EXPECT_EQ(in_piece(media(), {.from = 1480, .to = 3000}), "pass fragment_unpaired"); // the directions are apart
}

} // namespace
} // namespace ringwall::test

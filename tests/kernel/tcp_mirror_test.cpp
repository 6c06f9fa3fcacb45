// SPDX-License-Identifier: Apache-2.0
// SIP over TCP: what the agent is given of it. Everything in IPv4, IPv6 and behind a VLAN tag.
#include "tests/kernel/sip_stream.hpp"

namespace ringwall::test {
namespace {

class MirroredStream : public SipStream {};
INSTANTIATE_TEST_SUITE_P(Over, MirroredStream, every_shape, shape_name);

TEST_P(MirroredStream, is_mirrored_with_its_sequence_and_its_flags) {
    EXPECT_EQ(from(provider, tcp{.sport = 49152, .flags = syn, .sequence = 0xfffffff0}, text("")), "pass sip_stream");
    EXPECT_EQ(from(provider,
                   tcp{.sport = 49152,
                       .flags = ack | push,
                       .sequence = 0xfffffff1,
                       .acknowledgement = 0x80000001,
                       .option_words = 3},
                   invite),
              "pass sip_stream");
    EXPECT_EQ(from(provider, tcp{.sport = 49152, .flags = ack | fin, .sequence = 20}, ok), "pass sip_stream");
    EXPECT_EQ(from(provider, tcp{.sport = 49152, .flags = rst, .sequence = 50, .acknowledgement = 77}, text("")),
              "pass sip_stream");
    auto records = ring("ring_known");
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0].header.flags, static_cast<uint32_t>(RECORD_TCP_SYN));
    EXPECT_EQ(records[0].header.sequence, 0xfffffff0U);
    EXPECT_EQ(records[0].header.length, 0U);
    EXPECT_EQ(records[0].header.captured, 0U);
    EXPECT_EQ(records[0].header.acknowledgement, 0U);
    EXPECT_EQ(records[1].header.flags, static_cast<uint32_t>(RECORD_TCP_ACK));
    EXPECT_EQ(records[1].header.sequence, 0xfffffff1U);
    EXPECT_EQ(records[1].header.acknowledgement, 0x80000001U);
    EXPECT_EQ(records[1].bytes, invite.bytes);
    EXPECT_EQ(records[2].header.flags, static_cast<uint32_t>(RECORD_TCP_FIN | RECORD_TCP_ACK));
    EXPECT_EQ(records[2].header.sequence, 20U);
    EXPECT_EQ(records[2].bytes, ok.bytes);
    EXPECT_EQ(records[3].header.flags, static_cast<uint32_t>(RECORD_TCP_RST));
    EXPECT_EQ(records[3].header.acknowledgement, 0U); // it acknowledges nothing
    for (const auto& [header, bytes] : records) {
        EXPECT_EQ(header.protocol, 6U);
        EXPECT_EQ(header.zone, static_cast<uint32_t>(zone_provider));
        EXPECT_EQ(Endpoint::from(header.source), (Endpoint{*IpAddress::parse(address(provider)), Port{49152}}));
        EXPECT_EQ(Endpoint::from(header.destination).port.value, 5060);
        EXPECT_EQ(header.length, bytes.size());
    }
    EXPECT_EQ(event(EVENT_mirrored), 4U);
}

TEST_P(MirroredStream, is_mirrored_on_its_way_out_too) {
    EXPECT_EQ(to(phone, tcp{.sport = 5060, .dport = 49152, .flags = syn | ack, .sequence = 7, .acknowledgement = 5},
                 text("")),
              "pass out_stream");
    EXPECT_EQ(to(phone, tcp{.sport = 5060, .dport = 49152, .flags = ack, .sequence = 8}, ok), "pass out_stream");
    EXPECT_EQ(to(phone, tcp{.sport = 5060, .dport = 49152, .flags = ack, .sequence = 9}, text("")), "pass out_stream");
    EXPECT_EQ(to(phone, tcp{.sport = 5059, .dport = 49152, .flags = ack}, ok), "pass out_other");
    auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].header.flags, static_cast<uint32_t>(RECORD_OUTBOUND | RECORD_TCP_SYN | RECORD_TCP_ACK));
    EXPECT_EQ(records[0].header.acknowledgement, 5U);
    EXPECT_EQ(records[1].header.flags, static_cast<uint32_t>(RECORD_OUTBOUND | RECORD_TCP_ACK));
    EXPECT_EQ(records[1].header.sequence, 8U);
    EXPECT_EQ(records[1].header.zone, static_cast<uint32_t>(zone_phones));
    EXPECT_EQ(records[1].bytes, ok.bytes);
}

TEST_P(MirroredStream, is_mirrored_byte_by_byte_whatever_it_carries_but_bare_acknowledgements) {
    for (const raw& bytes :
         {text("\r\n\r\n"), text("x"), stun(), filled(5, 0xff), text("ntent-Length: 0\r\n\r\nBYE ")}) {
        EXPECT_EQ(say(provider, bytes), "pass sip_stream");
        auto records = ring("ring_known");
        ASSERT_EQ(records.size(), 1U);
        EXPECT_EQ(records[0].bytes, bytes.bytes);
    }
    EXPECT_EQ(connect(provider, 5060, ack), "pass sip_stream");
    EXPECT_EQ(ring("ring_known").size(), 0U);
}

TEST_P(MirroredStream, is_mirrored_in_chunks_where_it_is_long) {
    for (size_t length : {703U, 704U, 705U, 1535U, 1536U, 1537U, 3400U}) {
        auto bytes = filled(length, static_cast<uint8_t>('a' + length % 26));
        ASSERT_EQ(say(phone, bytes), "pass sip_stream");
        Bytes joined;
        for (const auto& [header, part] : ring("ring_strangers")) {
            EXPECT_EQ(header.offset, joined.size());
            EXPECT_EQ(header.length, length);
            EXPECT_EQ(header.sequence, 1U);
            joined.insert(joined.end(), part.begin(), part.end());
            EXPECT_EQ((header.flags & RECORD_MORE) != 0, joined.size() < length);
        }
        EXPECT_EQ(joined, bytes.bytes) << length;
    }
}

TEST_P(MirroredStream, goes_into_the_ring_of_its_party) {
    say(provider, invite);
    EXPECT_EQ(ring("ring_known").size(), 1U);
    say(phone, invite);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    known(address(phone), 30000, KNOWN_PARTY);
    say(phone, invite);
    EXPECT_EQ(ring("ring_known").size(), 1U);
}

TEST_P(MirroredStream, wakes_the_agent_for_bytes_and_for_nothing_else) {
    heartbeat(0s, true);
    is_woken("ring_known");
    connect(provider);
    connect(provider, 5060, ack | fin);
    EXPECT_FALSE(is_woken("ring_known"));
    say(provider, text("x"));
    EXPECT_TRUE(is_woken("ring_known"));
    heartbeat(0s, false);
    ring("ring_known");
    say(provider, invite);
    EXPECT_FALSE(is_woken("ring_known"));
}

} // namespace
} // namespace ringwall::test

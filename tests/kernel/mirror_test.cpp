// SPDX-License-Identifier: Apache-2.0
// What the agent is given: every byte, in the right ring, marked for what it is; and what is counted when it is not.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Mirror : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags = WALL_ADMIT_ALL;
        apply_settings();
        zone(zone_provider, ZONE_PEER);
        network("198.51.100.0/28", zone_provider);
    }
    static raw message(size_t length) {
        std::string sip = "INVITE sip:alice@example.com SIP/2.0\r\n";
        for (size_t i = sip.size(); i < length; ++i) sip += static_cast<char>('a' + i * 7 % 26);
        return text(sip.substr(0, length));
    }
    std::string receive(const raw& sip, const std::string& source = "198.51.100.7") {
        return in(eth / ip4{.src = source} / udp{.sport = 5071, .dport = 5060} / sip);
    }
    static Bytes joined(const std::vector<Mirrored>& records) {
        Bytes all;
        for (const auto& record : records) all.insert(all.end(), record.bytes.begin(), record.bytes.end());
        return all;
    }
};

TEST_F(Mirror, copies_every_byte_and_says_whose_they_are) {
    auto sip = message(300);
    auto before = exact_now_ns();
    ASSERT_EQ(receive(sip), "pass sip");
    auto records = ring("ring_known");
    ASSERT_EQ(records.size(), 1U);
    const auto& [header, bytes] = records[0];
    EXPECT_EQ(bytes, sip.bytes);
    EXPECT_EQ(header.length, 300U);
    EXPECT_EQ(header.offset, 0U);
    EXPECT_EQ(header.captured, 300U);
    EXPECT_EQ(header.flags, 0U);
    EXPECT_EQ(header.protocol, 17U);
    EXPECT_EQ(header.zone, static_cast<uint32_t>(zone_provider));
    EXPECT_EQ(Endpoint::from(header.source).to_string(), "198.51.100.7:5071");
    EXPECT_EQ(Endpoint::from(header.destination).to_string(), "192.0.2.10:5060");
    EXPECT_GE(header.time_ns, before);
    EXPECT_LE(header.time_ns, exact_now_ns());
    EXPECT_EQ(event(EVENT_mirrored), 1U);
}

TEST_F(Mirror, copies_from_inside_with_the_zone_of_the_party_outside) {
    auto sip = message(300);
    ASSERT_EQ(
        out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 5060, .dport = 5071} / sip),
        "pass out_sip");
    ASSERT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 5060, .dport = 5071} / sip),
              "pass out_sip");
    auto records = ring("ring_inside");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].bytes, sip.bytes);
    EXPECT_EQ(Endpoint::from(records[0].header.source).to_string(), "[2001:db8:1::10]:5060");
    EXPECT_EQ(records[0].header.zone, 0U);
    EXPECT_EQ(records[1].header.zone, static_cast<uint32_t>(zone_provider));
    EXPECT_EQ(records[1].header.flags, static_cast<uint32_t>(RECORD_OUTBOUND));
}

TEST_F(Mirror, keeps_strangers_out_of_the_ring_of_those_we_know) {
    receive(message(100));
    EXPECT_EQ(ring("ring_known").size(), 1U);
    receive(message(100), "203.0.113.5");
    EXPECT_EQ(ring("ring_known").size(), 0U);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    known("203.0.113.5", 5071, KNOWN_PARTY);
    known("203.0.113.6", 0, KNOWN_REGISTRAR);
    known("203.0.113.7", 5072, KNOWN_PARTY);
    for (const char* source : {"203.0.113.5", "203.0.113.6", "203.0.113.7"}) receive(message(100), source);
    EXPECT_EQ(ring("ring_known").size(), 2U);
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
}

TEST_F(Mirror, copies_sizes_on_both_sides_of_every_record_size) {
    for (size_t length : {1U, 31U, 32U, 33U, 703U, 704U, 705U, 1535U, 1536U, 1537U, 3400U}) {
        auto sip = message(length);
        ASSERT_EQ(receive(sip), "pass sip") << length;
        EXPECT_EQ(joined(ring("ring_known")), sip.bytes) << length;
        ASSERT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 5060} / sip),
                  "pass out_sip");
        EXPECT_EQ(joined(ring("ring_inside")), sip.bytes) << length;
    }
}

TEST_F(Mirror, leaves_keepalives_alone) {
    EXPECT_EQ(receive(text("\r\n\r\n")), "pass sip");
    EXPECT_EQ(receive(stun()), "pass sip");
    EXPECT_EQ(receive(text("")), "pass sip");
    EXPECT_EQ(receive(filled(5, 0xff)), "pass sip"); // unreadable: the agent shall name the defect
    EXPECT_EQ(ring("ring_known").size(), 1U);
}

TEST_F(Mirror, copies_nothing_of_what_it_dropped) {
    settings().flags = 0;
    apply_settings();
    EXPECT_EQ(receive(message(100), "203.0.113.5"), "drop not_a_peer");
    EXPECT_EQ(ring("ring_strangers").size(), 0U);
    EXPECT_EQ(event(EVENT_mirrored), 0U);
}

TEST_F(Mirror, counts_what_a_full_ring_lost_and_still_passes_it) {
    int sent = 0;
    while (event(EVENT_lost_strangers) == 0 && sent < 5000) {
        ASSERT_EQ(receive(message(1500), "203.0.113.5"), "pass sip");
        ++sent;
    }
    EXPECT_EQ(event(EVENT_lost_strangers), 1U);
    EXPECT_EQ(event(EVENT_mirrored), static_cast<uint64_t>(sent - 1));
    ASSERT_EQ(receive(message(1500)), "pass sip"); // the flood cost those we know nothing
    EXPECT_EQ(event(EVENT_lost_known), 0U);
    EXPECT_EQ(ring("ring_known").size(), 1U);
    EXPECT_EQ(ring("ring_strangers").size(), static_cast<size_t>(sent - 1));
}

} // namespace
} // namespace ringwall::test

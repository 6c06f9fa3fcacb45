// SPDX-License-Identifier: Apache-2.0
// What a call earns its party: its own dialog's requests pass over every limit, from a bucket of their own, and nothing else
// does. And whose excess is counted.
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/parties.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr int burst = 400; // bpf/in_dialog.bpf.h: and 200 a second

raw request(const std::string& method, bool in_dialog) {
    static int number = 0;
    return text(method + " sip:bob@h SIP/2.0\r\nCall-ID: " + std::to_string(++number) + "\r\nTo: <sip:bob@h>" +
                (in_dialog ? ";tag=y" : "") + "\r\n\r\n");
}

class LiveCall : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        for (const char* phones : {"203.0.113.0/24", "2001:db8:77::/48"}) network(phones, zone_phones);
        limited(ZONE_SIP);
    }
    // One packet an hour of each class.
    void limited(uint32_t flags) {
        std::map<uint32_t, limit> all;
        for (uint32_t sip_class = 0; sip_class < CLASS_COUNT; ++sip_class) all[sip_class] = hourly(1);
        zone(zone_phones, flags, all);
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string address(const Party& party) const { return is_v4() ? party.v4 : party.v6; }
    std::string send(const Party& from, const raw& message, uint16_t sport = 5060, uint8_t protocol = 17) {
        const udp ports{.sport = sport, .dport = 5060};
        if (protocol == 6) {
            const tcp segment{.sport = sport, .dport = 5060, .flags = ack};
            if (is_v4()) return in(eth / ip4{.src = from.v4, .dst = inside.v4} / segment / message);
            return in(eth / ip6{.src = from.v6, .dst = inside.v6} / segment / message);
        }
        if (is_v4()) return in(eth / ip4{.src = from.v4, .dst = inside.v4} / ports / message);
        return in(eth / ip6{.src = from.v6, .dst = inside.v6} / ports / message);
    }
    int passed_of(int count, const std::string& method, bool in_dialog, uint16_t sport = 5060) {
        int passed = 0;
        for (int i = 0; i < count; ++i) passed += send(phone, request(method, in_dialog), sport) == "pass sip";
        return passed;
    }
    uint32_t excess_of(const Party& party, uint16_t port) const {
        const known_key key{.address = IpAddress::parse(address(party)).value().abi(), .port = port};
        return look_up<::known>(map("known"), key).excess;
    }
};

TEST_P(LiveCall, earns_its_own_requests_and_nothing_else) {
    for (const char* method : {"INVITE", "NOTIFY", "REFER", "MESSAGE", "OPTIONS", "SUBSCRIBE"})
        EXPECT_EQ(passed_of(3, method, true), 1) << method;
    known(address(phone), 5060, KNOWN_PARTY);
    for (const char* method : {"INVITE", "NOTIFY", "REFER", "MESSAGE", "OPTIONS", "SUBSCRIBE"}) {
        EXPECT_EQ(passed_of(20, method, true), 20) << method;
        EXPECT_EQ(passed_of(20, method, false), 0) << method;
        EXPECT_EQ(passed_of(20, method, true, 5061), 0) << method; // a neighbour of its
    }
    EXPECT_EQ(passed_of(20, "REGISTER", false), 1); // its address's
    known(address(phone), 5060, KNOWN_PARTY, -1s);
    EXPECT_EQ(passed_of(3, "INVITE", true), 0);
}

TEST_P(LiveCall, is_no_way_in_for_a_flood) {
    known(address(phone), 5060, KNOWN_PARTY);
    passed_of(1, "BYE", false);
    for (const char* method : {"BYE", "INFO"}) {
        const auto began = now_ns();
        const int passed = passed_of(3 * burst, method, true);
        const auto more = static_cast<int>((now_ns() - began) / 5000000) + 2; // 200 a second
        EXPECT_GE(passed, burst) << method;
        EXPECT_LE(passed, burst + more) << method;
    }
    EXPECT_EQ(send(phone, request("ACK", true)), "pass sip"); // each class has its own
    known(address(phone), 5060, KNOWN_PARTY | KNOWN_REGISTERED);
    EXPECT_EQ(passed_of(3 * burst, "BYE", true), 3 * burst);
    known(address(phone), 5060, KNOWN_PARTY);
    limited(ZONE_SIP | ZONE_PEER);
    EXPECT_EQ(passed_of(3 * burst, "INFO", true), 3 * burst);
}

TEST_P(LiveCall, outlives_the_total_of_its_zone) {
    zone(zone_phones, ZONE_SIP);
    for (const uint32_t sip_class : {CLASS_INVITE, CLASS_BYE}) total(zone_phones, sip_class, hourly(1));
    EXPECT_EQ(send(another_phone, request("INVITE", false)), "pass sip");
    EXPECT_EQ(send(another_phone, request("BYE", false)), "pass sip");
    known(address(phone), 5060, KNOWN_PARTY);
    EXPECT_EQ(send(phone, request("INVITE", true)), "pass sip");
    EXPECT_EQ(send(phone, request("BYE", true)), "pass sip");
    EXPECT_EQ(send(phone, request("INVITE", false)), "drop total_limited");
}

TEST_P(LiveCall, of_a_source_that_is_not_admitted_lets_its_own_dialog_through) {
    network(address(phone), zone_none);
    known(address(phone), 5060, KNOWN_PARTY);
    EXPECT_EQ(send(phone, request("INVITE", true)), "pass sip_return_path");
    EXPECT_EQ(send(phone, request("BYE", true)), "pass sip_return_path");
    EXPECT_EQ(send(phone, text("SIP/2.0 200 OK\r\n\r\n")), "pass sip_return_path");
    for (const char* method : {"INVITE", "REGISTER", "OPTIONS", "MESSAGE"})
        EXPECT_EQ(send(phone, request(method, false)), "drop not_a_peer") << method;
}

TEST_P(LiveCall, reads_no_stranger_out_of_their_ring_by_a_ceiling_or_a_proof) {
    known(address(phone), 5060, KNOWN_PROVEN | KNOWN_CALLS_FULL);
    ring("ring_strangers");
    send(phone, request("BYE", true));
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    EXPECT_EQ(passed_of(3, "OPTIONS", false), 1);
}

TEST_P(LiveCall, excess_of_who_is_proven_is_counted_where_the_zone_bans_for_it) {
    known(address(phone), 5060, KNOWN_PROVEN);
    EXPECT_EQ(passed_of(5, "OPTIONS", false), 1);
    EXPECT_EQ(excess_of(phone, 5060), 0U);
    limited(ZONE_SIP | ZONE_COUNTS_EXCESS);
    EXPECT_EQ(passed_of(5, "OPTIONS", false), 0);
    EXPECT_EQ(excess_of(phone, 5060), 5U);
    EXPECT_EQ(passed_of(5, "OPTIONS", false, 5061), 0);
    EXPECT_EQ(excess_of(phone, 5060), 5U); // of exactly that port
    EXPECT_EQ(send(phone, request("REGISTER", false)), "pass sip");
    EXPECT_EQ(excess_of(phone, 5060), 5U);
    for (int i = 0; i < 3; ++i) send(phone, request("INVITE", false), 5060, 6);
    EXPECT_EQ(excess_of(phone, 5060), 7U); // over TCP it passes, and counts
    known(address(phone), 5060, KNOWN_PARTY);
    EXPECT_EQ(passed_of(5, "MESSAGE", false), 1);
    EXPECT_EQ(excess_of(phone, 5060), 0U);
    known(address(phone), 5060, KNOWN_PROVEN, -1s);
    EXPECT_EQ(passed_of(5, "MESSAGE", false), 0);
    EXPECT_EQ(excess_of(phone, 5060), 0U);
}

INSTANTIATE_TEST_SUITE_P(OfBothFamilies, LiveCall, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test

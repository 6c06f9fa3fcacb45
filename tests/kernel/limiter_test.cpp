// SPDX-License-Identifier: Apache-2.0
// Step 5c: GCRA exactly, by class, source and prefix; who is never dropped for it; and what happens when there is no room.
// Periods are hours: the clock that runs meanwhile pays nothing back.
#include <bpf/bpf.h>

#include <algorithm>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

// No two alike: a copy of what passed would be free.
raw numbered(const std::string& message) {
    static int number = 0;
    return text(message + " " + std::to_string(++number));
}
raw request(const std::string& method) { return numbered(method + " sip:alice@example.com SIP/2.0\r\n\r\n"); }
const raw ok = text("SIP/2.0 200 OK\r\n\r\n");

class Limiter : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:77::/48", zone_phones);
    }
    void limits(std::map<uint32_t, limit> limits, uint32_t flags = ZONE_SIP) { zone(zone_phones, flags, limits); }
    std::string send(const raw& message, const std::string& source = "203.0.113.5", uint16_t sport = 5060) {
        if (source.find(':') != std::string::npos)
            return in(eth / ip6{.src = source} / udp{.sport = sport, .dport = 5060} / message);
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = 5060} / message);
    }
    int passed_of(int count, const raw& message, const std::string& source = "203.0.113.5") {
        int passed = 0;
        for (int i = 0; i < count; ++i) passed += send(message, source) == "pass sip";
        return passed;
    }
    int passed_of(int count, const std::string& method, const std::string& source = "203.0.113.5") {
        int passed = 0;
        for (int i = 0; i < count; ++i) passed += send(request(method), source) == "pass sip";
        return passed;
    }
};

TEST_F(Limiter, passes_the_burst_and_not_one_more) {
    limits({{CLASS_REGISTER, hourly(4)}});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(send(request("REGISTER")), "pass sip") << i;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(send(request("REGISTER")), "drop rate_limited") << i;
    limits({{CLASS_OPTIONS, hourly(1)}});
    EXPECT_EQ(passed_of(5, "OPTIONS"), 1);
    EXPECT_EQ(passed_of(5, "REGISTER"), 5); // period 0: unlimited
}

TEST_F(Limiter, pays_back_one_packet_a_period) {
    constexpr int burst = 20;
    limits({{CLASS_REGISTER, limit_of(40000000, burst)}});
    auto first = now_ns();
    auto periods = [first] { return static_cast<int>((now_ns() - first) / 40000000); };
    int passed = passed_of(burst, "REGISTER");
    while (periods() < 10) passed += send(request("REGISTER")) == "pass sip";
    auto earned = std::min(periods(), burst); // a machine that stands still for a burst earns no more
    passed += passed_of(burst, "REGISTER");
    EXPECT_GE(passed, burst + earned - 1);
    EXPECT_LE(passed, burst + periods() + 1);
}

TEST_F(Limiter, keeps_sources_apart_by_address_and_not_by_port) {
    limits({{CLASS_REGISTER, hourly(3)}});
    for (int host = 1; host <= 50; ++host)
        EXPECT_EQ(passed_of(4, "REGISTER", "203.0.113." + std::to_string(host)), 3) << host;
    EXPECT_EQ(send(request("REGISTER"), "203.0.113.1", 9), "drop rate_limited");
}

TEST_F(Limiter, takes_an_ipv6_64_for_one_source) {
    limits({{CLASS_REGISTER, hourly(3)}});
    EXPECT_EQ(passed_of(2, "REGISTER", "2001:db8:77:1::1"), 2);
    EXPECT_EQ(passed_of(2, "REGISTER", "2001:db8:77:1:ffff::9"), 1);
    EXPECT_EQ(passed_of(4, "REGISTER", "2001:db8:77:2::1"), 3);
}

// 64:ff9b::/96 (RFC 6052): what stands behind it is all of IPv4, not one customer.
TEST_F(Limiter, keeps_apart_the_ipv4_hosts_that_a_nat64_shows) {
    network("64:ff9b::/96", zone_phones);
    limits({{CLASS_REGISTER, hourly(2)}});
    EXPECT_EQ(passed_of(4, "REGISTER", "64:ff9b::203.0.113.5"), 2);
    EXPECT_EQ(passed_of(4, "REGISTER", "64:ff9b::203.0.113.6"), 2);
    network("64:ff9b:1::/48", zone_phones);
    EXPECT_EQ(passed_of(4, "REGISTER", "64:ff9b:1::1"), 2); // beside it, a /64 is one as everywhere
    EXPECT_EQ(passed_of(4, "REGISTER", "64:ff9b:1::2"), 0);
}

TEST_F(Limiter, gives_each_class_its_own_bucket) {
    const std::map<uint32_t, std::string> methods = {
        {CLASS_INVITE, "INVITE"},       {CLASS_ACK, "ACK"},           {CLASS_BYE, "BYE"},
        {CLASS_CANCEL, "CANCEL"},       {CLASS_REGISTER, "REGISTER"}, {CLASS_OPTIONS, "OPTIONS"},
        {CLASS_SUBSCRIBE, "SUBSCRIBE"}, {CLASS_NOTIFY, "NOTIFY"},     {CLASS_PUBLISH, "PUBLISH"},
        {CLASS_INFO, "INFO"},           {CLASS_PRACK, "PRACK"},       {CLASS_UPDATE, "UPDATE"},
        {CLASS_MESSAGE, "MESSAGE"},     {CLASS_REFER, "REFER"},       {CLASS_OTHER, "FEATURE"}};
    const std::map<uint32_t, raw> others = {
        {CLASS_RESPONSE, ok}, {CLASS_KEEPALIVE, text("\r\n\r\n")}, {CLASS_UNREADABLE, filled(40, 0xff)}};
    ASSERT_EQ(methods.size() + others.size(), static_cast<size_t>(CLASS_SYN)); // the last: of TCP, in tcp_test.cpp
    std::map<uint32_t, limit> all;
    for (uint32_t sip_class = 0; sip_class < CLASS_SYN; ++sip_class) all[sip_class] = hourly(2);
    limits(all);
    for (const auto& [sip_class, method] : methods) EXPECT_EQ(passed_of(4, method), 2) << sip_class;
    for (const auto& [sip_class, message] : others) EXPECT_EQ(passed_of(4, message), 2) << sip_class;
}

TEST_F(Limiter, reads_the_class_from_the_first_token_exactly) {
    auto is_of = [&](uint32_t sip_class, const raw& message) {
        limits({{sip_class, hourly(1)}});
        static int host = 0;
        auto source = "203.0.113." + std::to_string(++host);
        auto another = message; // of a request no copy: something behind what is told by its first bytes
        if (message.bytes.size() > 8) another.bytes.push_back(' ');
        return send(message, source) == "pass sip" && send(another, source) == "drop rate_limited";
    };
    EXPECT_TRUE(is_of(CLASS_INVITE, text("INVITE sip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_INVITE, text("invite sip:a SIP/2.0"))); // as servers take it
    EXPECT_TRUE(is_of(CLASS_OTHER, text("INVITES sip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_OTHER, text("REGISTERS sip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_OTHER, text("SUBSCRIBER sip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_UNREADABLE, text("INVITE\tsip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_UNREADABLE, text("INVITE")));
    EXPECT_TRUE(is_of(CLASS_INVITE, text("\r\nINVITE sip:a SIP/2.0")));
    EXPECT_TRUE(is_of(CLASS_RESPONSE, text("sip/2.0 200 OK")));
    EXPECT_TRUE(is_of(CLASS_UNREADABLE, text("SIP/3.0 200 OK")));
    EXPECT_TRUE(is_of(CLASS_KEEPALIVE, text("\r\n")));
    EXPECT_TRUE(is_of(CLASS_KEEPALIVE, text("")));
    EXPECT_TRUE(is_of(CLASS_KEEPALIVE, stun()));
    EXPECT_TRUE(is_of(CLASS_KEEPALIVE, filled(4)));
    EXPECT_TRUE(is_of(CLASS_UNREADABLE, filled(5)));
}

TEST_F(Limiter, never_drops_what_belongs_to_a_known_partys_calls) {
    std::map<uint32_t, limit> all;
    for (uint32_t sip_class = 0; sip_class < CLASS_COUNT; ++sip_class) all[sip_class] = hourly(1);
    limits(all);
    EXPECT_EQ(passed_of(5, "BYE"), 1);
    known("203.0.113.5", 5060, KNOWN_PARTY);
    for (const char* method : {"ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO"})
        EXPECT_EQ(passed_of(5, method), 5) << method;
    EXPECT_EQ(passed_of(5, ok), 5);
    for (const char* method : {"INVITE", "REGISTER", "OPTIONS", "REFER"})
        EXPECT_EQ(passed_of(5, method), 1) << method;                          // as any stranger there
    EXPECT_EQ(send(request("BYE"), "203.0.113.5", 5061), "drop rate_limited"); // known with that port only
    known("203.0.113.5", 5060, KNOWN_PARTY, -1s);
    EXPECT_EQ(passed_of(5, "BYE"), 0);
    limits(all, ZONE_SIP | ZONE_PEER);
    EXPECT_EQ(passed_of(5, "BYE"), 5);
    EXPECT_EQ(passed_of(5, "REGISTER"), 0);
}

TEST_F(Limiter, lets_allowed_sources_pay_nothing) {
    limits({{CLASS_REGISTER, hourly(1)}});
    network("203.0.113.5/32", zone_phones, NETWORK_ALLOWED);
    EXPECT_EQ(passed_of(5, "REGISTER"), 5);
}

TEST_F(Limiter, charges_a_shared_bucket_where_the_table_is_full) {
    limits({{CLASS_REGISTER, hourly(3)}});
    limiter_set full{};
    std::vector<uint32_t> keys(LIMITER_SETS - LIMITER_SHARED_SETS);
    std::vector<limiter_set> sets(keys.size());
    // exponent 31: one unit is 2.1 s; 100 units ahead is live for minutes
    for (auto& way : full.way) way = uint64_t{0x7fffffff} << 32 | static_cast<uint32_t>((now_ns() >> 31) + 100);
    for (uint32_t i = 0; i < keys.size(); ++i) keys[i] = i, sets[i] = full;
    auto count = static_cast<uint32_t>(keys.size());
    ASSERT_EQ(bpf_map_update_batch(map("limiter"), keys.data(), sets.data(), &count, nullptr), 0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(send(request("REGISTER"), "203.0.113." + std::to_string(i)), "pass sip");
    EXPECT_EQ(event(EVENT_limiter_full), 3U); // seen before it refuses anybody
    EXPECT_EQ(send(request("REGISTER"), "203.0.113.9"), "drop rate_limit_full");
    EXPECT_EQ(event(EVENT_limiter_full), 4U);
    EXPECT_EQ(send(request("OPTIONS"), "203.0.113.9"), "pass sip");
    for (auto& set : sets) set = {};
    bpf_map_update_batch(map("limiter"), keys.data(), sets.data(), &count, nullptr);
    forget_refusals();
    EXPECT_EQ(send(request("REGISTER"), "203.0.113.9"), "pass sip");
}

TEST_F(Limiter, takes_a_debt_beyond_the_horizon_for_a_wrapped_one) {
    limits({{CLASS_REGISTER, hourly(1)}});
    EXPECT_EQ(passed_of(2, "REGISTER"), 1);
    for (uint32_t set = 0; set < LIMITER_SETS; ++set) { // find the one way and age it by half the number circle
        limiter_set value{};
        bpf_map_lookup_elem(map("limiter"), &set, &value);
        bool changed = false;
        for (auto& way : value.way)
            if (way != 0)
                way = (way & ~uint64_t{0xffffffff}) | static_cast<uint32_t>(way + 0x80000000U), changed = true;
        if (changed) bpf_map_update_elem(map("limiter"), &set, &value, BPF_ANY);
    }
    forget_refusals();
    EXPECT_EQ(passed_of(2, "REGISTER"), 1);
}

} // namespace
} // namespace ringwall::test

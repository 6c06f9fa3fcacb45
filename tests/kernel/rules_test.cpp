// SPDX-License-Identifier: Apache-2.0
// Step 8: static rules. Both sides of every edge of source, destination, ports, protocol and date, and their place
// among the other steps.
#include <netinet/in.h>
#include <time.h>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

uint64_t tai(Duration from_now) {
    timespec time{};
    clock_gettime(CLOCK_TAI, &time);
    const Duration now = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    return static_cast<uint64_t>((now + from_now).count());
}

::rule allowing(uint32_t protocol, std::vector<port_range> ports, uint64_t until_tai_ns = 0) {
    ::rule value{.until_tai_ns = until_tai_ns, .protocol = protocol, .port_count = static_cast<uint32_t>(ports.size())};
    for (size_t i = 0; i < ports.size(); ++i) value.ports[i] = ports[i];
    return value;
}

class Rules : public Wall {
protected:
    std::string from(const std::string& source, uint16_t port = 12000, const std::string& to = "192.0.2.10") {
        return in(eth / ip4{.src = source, .dst = to} / udp{.dport = port} / filled(20));
    }
    std::string to(const std::string& whom, uint16_t port = 12000) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = whom} / udp{.sport = port, .dport = 30000} / rtp());
    }
    std::string to6(const std::string& whom, uint16_t port = 12000) {
        return out(eth / ip6{.src = "2001:db8:1::10", .dst = whom} / udp{.sport = port, .dport = 30000} / rtp());
    }
    std::string from6(const std::string& source, uint16_t port = 12000, const std::string& to = "2001:db8:1::10") {
        return in(eth / ip6{.src = source, .dst = to} / udp{.dport = port} / filled(20));
    }
};

TEST_F(Rules, let_through_what_lies_within_their_source_and_destination) {
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "203.0.113.0/30", "192.0.2.10/32");
    network("192.0.2.10/32", 0, NETWORK_PROTECTED);
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole"); // writing the network anew took the rule's mark
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "203.0.113.0/30", "192.0.2.10/32");
    EXPECT_EQ(from("203.0.112.255"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.0"), "pass rule");
    EXPECT_EQ(from("203.0.113.3"), "pass rule");
    EXPECT_EQ(from("203.0.113.4"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.1", 12000, "192.0.2.9"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.1", 12000, "192.0.2.11"), "drop no_pinhole");
    EXPECT_EQ(from6("2001:db8:99::7"), "drop no_pinhole");
}

TEST_F(Rules, hold_for_ipv6_alike) {
    network("2001:db8:1::10/128", 0, NETWORK_PROTECTED);
    rule(63, allowing(IPPROTO_UDP, {{12000, 12000}}), "2001:db8:99::/64", "2001:db8:1::10/128");
    EXPECT_EQ(from6("2001:db8:99::7"), "pass rule");
    EXPECT_EQ(from6("2001:db8:99:1::7"), "drop no_pinhole");
    EXPECT_EQ(from6("2001:db8:99::7", 12001), "drop no_pinhole");
    EXPECT_EQ(from6("2001:db8:99::7", 12000, "2001:db8:1::11"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole");
}

TEST_F(Rules, name_up_to_eight_ranges_of_ports) {
    rule(1,
         allowing(IPPROTO_UDP,
                  {{11000, 11000}, {12000, 12063}, {13, 13}, {14, 14}, {15, 15}, {16, 16}, {17, 17}, {19999, 19999}}),
         "::/0", "192.0.2.0/24");
    for (int port : {11000, 12000, 12063, 13, 17, 19999})
        EXPECT_EQ(from("203.0.113.1", static_cast<uint16_t>(port)), "pass rule") << port;
    for (int port : {10999, 11001, 11999, 12064, 19998, 20000})
        EXPECT_EQ(from("203.0.113.1", static_cast<uint16_t>(port)), "drop no_pinhole") << port;
    EXPECT_EQ(from("203.0.113.1", 18), "pass not_guarded");
}

TEST_F(Rules, are_of_one_protocol) {
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "::/0", "192.0.2.0/24");
    EXPECT_EQ(from("203.0.113.1"), "pass rule");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 12000}), "pass not_guarded");
    rule(0, {}, "::/0", "192.0.2.0/24");
    rule(1, allowing(IPPROTO_TCP, {{12000, 12000}}), "::/0", "192.0.2.0/24");
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 12000}), "pass rule");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 12001}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip6{} / tcp{.dport = 12000}), "pass not_guarded");
}

TEST_F(Rules, match_source_and_destination_of_the_same_rule_only) {
    network("203.0.113.1/32", 0);
    network("203.0.113.2/32", 0);
    network("192.0.2.10/32", 0, NETWORK_PROTECTED);
    network("192.0.2.11/32", 0, NETWORK_PROTECTED);
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "203.0.113.1/32", "192.0.2.10/32");
    rule(1, allowing(IPPROTO_UDP, {{12001, 12001}}), "203.0.113.2/32", "192.0.2.11/32");
    EXPECT_EQ(from("203.0.113.1", 12000, "192.0.2.10"), "pass rule");
    EXPECT_EQ(from("203.0.113.2", 12001, "192.0.2.11"), "pass rule");
    EXPECT_EQ(from("203.0.113.1", 12001, "192.0.2.11"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.2", 12000, "192.0.2.10"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.1", 12001, "192.0.2.10"), "drop no_pinhole"); // the other rule's port
}

TEST_F(Rules, end_with_their_date_and_need_no_agent_for_it) {
    heartbeat(1h);
    for (auto [until, verdict] :
         {std::pair{tai(1h), "pass rule"}, {tai(-1h), "drop no_pinhole"}, {uint64_t{0}, "pass rule"}}) {
        rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}, until), "::/0", "192.0.2.0/24");
        EXPECT_EQ(from("203.0.113.1"), verdict);
    }
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}, tai(0s) + 200000000), "::/0", "192.0.2.0/24");
    const auto start = now_ns();
    while (from("203.0.113.1") == "pass rule" && now_ns() < start + 3000000000) continue;
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole"); // it ended while we looked
}

// Who comes in by a rule has no way back from the answers: they would hold its port open beyond the rule's end.
TEST_F(Rules, leave_no_way_back_when_they_end) {
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "203.0.113.1/32", "192.0.2.10/32");
    EXPECT_EQ(to("203.0.113.1"), "pass out_answer");
    EXPECT_EQ(to("203.0.113.2"), "pass out_flow"); // no rule's source
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}, tai(-1h)), "203.0.113.1/32", "192.0.2.10/32");
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole");
    EXPECT_EQ(to("203.0.113.1"), "pass out_answer"); // it goes on
    EXPECT_EQ(from("203.0.113.1"), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.2"), "pass return_path");
}

TEST_F(Rules, leave_no_way_back_over_ipv6_either) {
    network("2001:db8:1::10/128", 0, NETWORK_PROTECTED);
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "2001:db8:99::7/128", "2001:db8:1::10/128");
    EXPECT_EQ(to6("2001:db8:99::7"), "pass out_answer");
    EXPECT_EQ(to6("2001:db8:99::8"), "pass out_flow");
    rule(0, allowing(IPPROTO_UDP, {{12001, 12001}}), "2001:db8:99::7/128", "2001:db8:1::10/128");
    EXPECT_EQ(to6("2001:db8:99::7"), "pass out_answer");
    EXPECT_EQ(from6("2001:db8:99::7"), "drop no_pinhole");
}

TEST_F(Rules, leave_a_flow_that_the_inside_began_before_them_its_way_back) {
    EXPECT_EQ(to("203.0.113.1"), "pass out_flow");
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "203.0.113.1/32", "192.0.2.10/32");
    EXPECT_EQ(to("203.0.113.1"), "pass out_flow");
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}, tai(-1h)), "203.0.113.1/32", "192.0.2.10/32");
    EXPECT_EQ(from("203.0.113.1"), "pass return_path");
}

TEST_F(Rules, leave_a_live_pinhole_to_its_call_and_outlive_it) {
    rule(0, allowing(IPPROTO_UDP, {{40000, 40000}}), "::/0", "192.0.2.0/24");
    const auto media = [&](const std::string& source) { return in(eth / ip4{.src = source} / udp{} / rtp()); };
    open({});
    EXPECT_EQ(media("198.51.100.7"), "pass pinhole_rtp");
    EXPECT_EQ(media("203.0.113.1"), "drop rtp_injection");
    close({});
    open({.phase = PHASE_CLOSED});
    EXPECT_EQ(media("203.0.113.1"), "pass rule"); // no tombstone against what the operator wrote
    close({});
    EXPECT_EQ(media("203.0.113.1"), "pass rule");
}

TEST_F(Rules, come_after_denials_and_sip_and_before_ways_back) {
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}, {5060, 5060}}), "::/0", "192.0.2.0/24");
    EXPECT_EQ(to("203.0.113.1", 12001), "pass out_flow");
    EXPECT_EQ(from("203.0.113.1"), "pass rule");
    EXPECT_EQ(from("203.0.113.1", 5060), "drop not_a_peer");
    network("203.0.113.1/32", 0, NETWORK_DENIED);
    EXPECT_EQ(from("203.0.113.1"), "drop denied");
    EXPECT_EQ(from("192.0.2.77"), "drop spoofed_inside");
}

TEST_F(Rules, belong_to_the_generation_in_use) {
    rule(0, allowing(IPPROTO_UDP, {{12000, 12000}}), "::/0", "192.0.2.0/24");
    EXPECT_EQ(from("203.0.113.1"), "pass rule");
    network("192.0.2.0/24", 0, NETWORK_PROTECTED, 1);
    activate(1);
    EXPECT_EQ(from("203.0.113.1"), "pass not_guarded");
}

TEST_F(Rules, are_obeyed_beside_sixty_three_others) {
    for (uint32_t number = 0; number < RULES; ++number)
        rule(number,
             allowing(IPPROTO_UDP, {{static_cast<uint16_t>(11000 + number), static_cast<uint16_t>(11000 + number)}}),
             "::/0", "192.0.2.0/24");
    EXPECT_EQ(from("203.0.113.1", 10999), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.1", 11000), "pass rule");
    EXPECT_EQ(from("203.0.113.1", 11063), "pass rule");
    EXPECT_EQ(from("203.0.113.1", 11064), "drop no_pinhole");
}

} // namespace
} // namespace ringwall::test

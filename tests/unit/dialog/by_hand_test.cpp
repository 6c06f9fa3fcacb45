// SPDX-License-Identifier: Apache-2.0
// What may be opened by hand. What opening does to pinholes is in the call scripts by_hand*.call.
#include "agent/dialog/by_hand.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

using pinhole::Component;
using testing::HasSubstr;
using namespace std::chrono_literals;

Endpoint at(const std::string& text) { return Endpoint::parse(text).value(); }

policy::View view() {
    return policy_view("peers:\n  - { name: provider, networks: [198.51.100.0/24] }\ntimers: { max_call: 2h }\n");
}

Opening good() { return {.name = "channel-1", .local = at("192.0.2.10:40000"), .life = 1h}; }

std::string mistake(const std::function<void(Opening&)>& change) {
    Opening opening = good();
    change(opening);
    const auto read = checked(opening, view());
    return read ? "" : read.error();
}

TEST(ByHand, opens_media_ports_of_protected_addresses_only) {
    EXPECT_EQ(mistake([](Opening&) {}), "");
    EXPECT_EQ(mistake([](Opening& o) { o.local = at("192.0.2.10:10000"); }), "");
    EXPECT_EQ(mistake([](Opening& o) { o.local = at("192.0.2.10:50000"); }), "");
    EXPECT_THAT(mistake([](Opening& o) { o.local = at("192.0.2.10:9999"); }),
                HasSubstr("9999 is not in protect.media_ports"));
    EXPECT_THAT(mistake([](Opening& o) { o.local = at("192.0.2.10:50001"); }), HasSubstr("protect.media_ports"));
    EXPECT_THAT(mistake([](Opening& o) { o.local = at("192.0.3.10:40000"); }),
                HasSubstr("192.0.3.10 is not in protect.networks"));
    EXPECT_THAT(mistake([](Opening& o) { o.protocol = Protocol::tcp; }), HasSubstr("protect.tcp_media_ports"));
}

TEST(ByHand, opens_the_next_port_for_rtcp_where_that_may_be_opened_too) {
    const auto pair = [](const char* local) {
        return [local](Opening& o) { o.local = at(local), o.component = Component::rtp; };
    };
    EXPECT_EQ(mistake(pair("192.0.2.10:49999")), "");
    EXPECT_THAT(mistake(pair("192.0.2.10:50000")), HasSubstr("port 50001 is not"));
    EXPECT_THAT(mistake(pair("192.0.2.10:65535")), HasSubstr("no next port"));
}

TEST(ByHand, has_an_end_and_a_name) {
    EXPECT_EQ(mistake([](Opening& o) { o.life = 1s; }), "");
    EXPECT_THAT(mistake([](Opening& o) { o.life = 999ms; }), HasSubstr("at least 1s"));
    EXPECT_EQ(mistake([](Opening& o) { o.life = 2h; }), "");
    EXPECT_THAT(mistake([](Opening& o) { o.life = 2h + 1ms; }), HasSubstr("7200s (timers.max_call)"));
    EXPECT_EQ(mistake([](Opening& o) { o.name = std::string(63, 'x'); }), "");
    EXPECT_THAT(mistake([](Opening& o) { o.name = std::string(64, 'x'); }), HasSubstr("a name has"));
    EXPECT_THAT(mistake([](Opening& o) { o.name.clear(); }), HasSubstr("a name has"));
    EXPECT_THAT(mistake([](Opening& o) { o.name = "two words"; }), HasSubstr("a name has"));
}

TEST(ByHand, names_senders_that_send) {
    const auto from = [](size_t count) {
        return [count](Opening& o) {
            for (size_t i = 0; i < count; ++i) o.from.push_back(at("203.0.113." + std::to_string(i + 1) + ":7000"));
        };
    };
    EXPECT_EQ(mistake(from(PEERS_PER_SET)), "");
    EXPECT_THAT(mistake(from(PEERS_PER_SET + 1)), HasSubstr("at most 6 senders"));
    EXPECT_THAT(mistake([](Opening& o) { o.from = {at("0.0.0.0:1")}; }), HasSubstr("sends nothing"));
    EXPECT_THAT(mistake([](Opening& o) { o.from = {at("[ff02::1]:1")}; }), HasSubstr("sends nothing"));
    EXPECT_THAT(mistake([](Opening& o) { o.from = {at("203.0.113.5:1"), at("[2001:db8::7]:0")}; }),
                HasSubstr("2001:db8::7 sends nothing to"));
    EXPECT_EQ(mistake([](Opening& o) { o.peer = "provider"; }), "");
    EXPECT_THAT(mistake([](Opening& o) { o.peer = "provide"; }), HasSubstr("neither an address nor a declared peer"));
}

TEST(ByHand, knows_an_opening_again_by_its_record) {
    for (const auto component : {Component::rtp, Component::rtp_rtcp, Component::udptl, Component::other}) {
        Opening opening = good();
        opening.component = component;
        opening.from = {at("198.51.100.7:30000"), at("203.0.113.5:0")};
        opening.until = pinhole::TimePoint(10h);
        opening.started_s = 1'800'000'000;
        const Opening again = opening_of(record_of(opening));
        EXPECT_EQ(again.name, opening.name);
        EXPECT_EQ(again.local, opening.local);
        EXPECT_EQ(again.component, opening.component);
        EXPECT_EQ(again.from, opening.from);
        EXPECT_EQ(again.life, opening.life);
        EXPECT_EQ(again.until, opening.until);
        EXPECT_EQ(claims_of(again, view()), claims_of(opening, view()));
    }
}

TEST(ByHand, holds_so_many_and_the_same_again) {
    ByHand by_hand(KeyedHash({1, 2}));
    Opening opening = good();
    for (size_t i = 0; i < ByHand::capacity; ++i) {
        opening.name = std::to_string(i);
        EXPECT_NE(by_hand.open(opening), 0U);
    }
    EXPECT_NE(by_hand.open(opening), 0U);
    opening.name = "one more";
    EXPECT_EQ(by_hand.open(opening), 0U);
    by_hand.take(by_hand.matching({.name = "7"}).at(0));
    EXPECT_NE(by_hand.open(opening), 0U);
}

} // namespace
} // namespace ringwall::dialog

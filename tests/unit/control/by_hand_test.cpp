// SPDX-License-Identifier: Apache-2.0
#include "agent/control/by_hand.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::control {
namespace {

using pinhole::Component;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

std::string mistake(std::string_view body) {
    const auto read = opening(body);
    return read ? "" : read.error();
}

TEST(OpenByHand, takes_what_is_not_said_from_the_defaults) {
    const auto read = opening(R"({"local":"192.0.2.10:40000"})");
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->local.to_string(), "192.0.2.10:40000");
    EXPECT_EQ(read->protocol, Protocol::udp);
    EXPECT_EQ(read->component, Component::rtp_rtcp);
    EXPECT_EQ(read->life, 1h);
    EXPECT_EQ(read->name, "hand");
    EXPECT_EQ(read->peer, "");
    EXPECT_THAT(read->from, IsEmpty());
}

TEST(OpenByHand, reads_each_member) {
    const auto read = opening(R"({"local":"[2001:db8:1::10]:40000","proto":"udp","media":"rtp","rtcp":true,"for":"90s",
        "name":"SIP/100-00000017","from":["198.51.100.7:30000","203.0.113.9","[2001:db8::7]:1","2001:db8::8","203.0.113.8/32"]})");
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->local.to_string(), "[2001:db8:1::10]:40000");
    EXPECT_EQ(read->component, Component::rtp);
    EXPECT_EQ(read->life, 90s);
    EXPECT_EQ(read->name, "SIP/100-00000017");
    std::vector<std::string> from;
    for (const Endpoint& sender : read->from) from.push_back(sender.to_string());
    EXPECT_THAT(from, ElementsAre("198.51.100.7:30000", "203.0.113.9:0", "[2001:db8::7]:1", "[2001:db8::8]:0",
                                  "203.0.113.8:0"));
}

TEST(OpenByHand, tells_a_peer_from_anyone) {
    EXPECT_EQ(opening(R"({"local":"192.0.2.10:1","from":["provider"]})")->peer, "provider");
    const auto anyone = opening(R"({"local":"192.0.2.10:1","from":["any"]})");
    EXPECT_EQ(anyone->peer, "");
    EXPECT_THAT(anyone->from, IsEmpty());
}

TEST(OpenByHand, says_what_it_does_not_understand) {
    EXPECT_EQ(mistake("{"), "expected a JSON object");
    EXPECT_EQ(mistake("[]"), "expected a JSON object");
    EXPECT_EQ(mistake(""), "expected a JSON object");
    EXPECT_EQ(mistake("{}"), "local: expected ADDRESS:PORT, or [ADDRESS]:PORT for IPv6");
    const auto with = [](const std::string& member) { return R"({"local":"192.0.2.10:40000",)" + member + "}"; };
    EXPECT_EQ(mistake(with(R"("proto":"sctp")")), "proto: expected udp or tcp");
    EXPECT_EQ(mistake(with(R"("media":"video")")), "media: expected rtp, udptl or any");
    EXPECT_EQ(mistake(with(R"("media":"udptl","rtcp":true)")), "rtcp: expected it with media rtp only");
    EXPECT_EQ(mistake(with(R"("rtcp":"yes")")), "rtcp: expected true or false");
    EXPECT_THAT(mistake(with(R"("for":"soon")")), testing::StartsWith("for: expected a duration"));
    EXPECT_EQ(mistake(with(R"("for":60)")), "for: expected a string");
    EXPECT_EQ(mistake(with(R"("from":"any")")), "from: expected a list of strings");
    EXPECT_EQ(mistake(with(R"("from":[7])")), "from: expected a list of strings");
    EXPECT_EQ(mistake(with(R"("from":[])")), "from: expected at least one; any admits whoever sends");
    for (const char* mixed : {R"(["any","203.0.113.9"])", R"(["provider","203.0.113.9"])", R"(["provider","other"])"})
        EXPECT_EQ(mistake(with(R"("from":)" + std::string(mixed))),
                  "from: expected addresses, one declared peer or any");
    for (const char* network : {"203.0.113.0/24", "2001:db8::/64", "0.0.0.0/0"})
        EXPECT_EQ(mistake(with(R"("from":[")" + std::string(network) + R"("])")),
                  "from: expected addresses, one declared peer or any, not a network");
    EXPECT_EQ(mistake(with(R"("fro":["203.0.113.9"])")), "fro: no such member");
}

TEST(CloseByHand, wants_to_know_what) {
    EXPECT_EQ(closing("{}").error(), "local: expected ADDRESS:PORT, a name, or both");
    EXPECT_EQ(closing(R"({"proto":"udp"})").error(), "local: expected ADDRESS:PORT, a name, or both");
    EXPECT_EQ(closing(R"({"local":"40000"})").error(), "local: expected ADDRESS:PORT, or [ADDRESS]:PORT for IPv6");
    EXPECT_EQ(closing(R"({"name":"x","for":"1h"})").error(), "for: no such member");
    EXPECT_EQ(closing(R"({"name":"x"})")->name, "x");
    const auto both = closing(R"({"local":"192.0.2.10:40000","proto":"tcp"})");
    EXPECT_EQ(both->local->to_string(), "192.0.2.10:40000");
    EXPECT_EQ(both->protocol, Protocol::tcp);
}

} // namespace
} // namespace ringwall::control

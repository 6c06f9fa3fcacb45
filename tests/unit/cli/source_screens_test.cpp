// SPDX-License-Identifier: Apache-2.0
// Sources on the screen, word for word.
#include "agent/cli/source_screens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const char* const phone =
    R"({"source":"198.51.100.7:5060","peer":"provider","known_as":["party"],"sentence":"in a call",
    "excess":0,"expires_in":600.0})";

TEST(SourcesScreen, is_a_line_each) {
    EXPECT_EQ(sources_screen(json::parse("[" + std::string(phone) + "]")),
              "source             peer or zone  time left  over limits  what it is\n"
              "198.51.100.7:5060  provider      10 min               0  in a call\n"
              "\n1 source\n");
    EXPECT_THAT(sources_screen(json::array{}), HasSubstr("nobody is known"));
}

TEST(SourceScreen, of_a_stranger_says_that_nothing_is_known) {
    EXPECT_EQ(source_screen(json::parse(R"({"address":"203.0.113.9","is":"a stranger","because":"","said":[],
                  "known":[],"bans":[],"call_count":0,"calls":[],"drops":[]})")),
              "203.0.113.9 is a stranger\n"
              "\na stranger: in no call, and not registered\n"
              "\nbans\nno bans\n"
              "\nno calls\n"
              "\ndropped of late\nnothing of it has dropped since the agent started\n");
}

TEST(SourceScreen, calls_a_declared_peer_no_stranger) {
    EXPECT_THAT(source_screen(json::parse(R"({"address":"198.51.100.7","is":"of peer provider","because":"","said":[],
                    "known":[],"bans":[],"call_count":0,"calls":[],"drops":[]})")),
                HasSubstr("198.51.100.7 is of peer provider\n\nin no call, and not registered\n"));
}

TEST(SourceScreen, shows_what_it_is_known_as_its_bans_calls_and_drops) {
    const std::string screen = source_screen(json::parse(
        R"({"address":"198.51.100.7","is":"of peer provider","because":"peers[0]","said":["peers[0]"],"known":[)" +
        std::string(phone) +
        R"(],"bans":[{"source":"198.51.100.7:6000","sentence":"wrong passwords","count":5,"packets":7,"by":"wall",
            "expires_in":60.0}],"call_count":21,"calls":[{"call_id":"17@x","state":"confirmed","direction":"inbound",
            "from":"a\u001b[2J","to":"b","peer":"provider","started":0,"pinholes":[]}],
            "drops":[{"reason":"banned","sentence":"banned","source":"198.51.100.7:6000","destination":"192.0.2.10:5060",
            "proto":"udp","packets":7,"last":0.0}]})"));
    EXPECT_THAT(screen, HasSubstr("198.51.100.7 is of peer provider: peers[0]\n"));
    EXPECT_THAT(screen, HasSubstr("\nknown\nsource "));
    EXPECT_THAT(screen, HasSubstr("5 times wrong passwords"));
    EXPECT_THAT(screen, HasSubstr("its oldest calls, of 21\n"));
    EXPECT_THAT(screen, HasSubstr("Call-ID 17@x"));
    EXPECT_THAT(screen, HasSubstr("banned: banned\n"));
    EXPECT_EQ(screen.find('\x1b'), screen.npos);
}

TEST(SourceScreen, of_an_agent_that_says_less_is_no_crash) {
    for (const char* document : {"{}", "[]", "null", R"({"known":7,"bans":{},"drops":"x","call_count":-1})"})
        EXPECT_NO_THROW(source_screen(json::parse(document))) << document;
}

} // namespace
} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
// The screens, word for word.
#include "agent/cli/screens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

const char* const rtp = R"({"local":"192.0.2.10:40000","component":"rtp","phase":"answered","constraint":"negotiated",
    "peers":["198.51.100.7:30000"],"packets":1500,"expires_in":7200.0,"refused":12,"zone":"provider",
    "last_refused":{"source":"203.0.113.9:4000","sentence":"a live media port, but not from the peer it was negotiated with",
                    "ago":3.0,"mend":"if it is theirs, add 203.0.113.9 to the networks of peer provider"}})";
const char* const rtcp = R"({"local":"192.0.2.10:40001","component":"rtcp","phase":"draining","constraint":"networks",
    "peers":[],"packets":0,"expires_in":1.5,"refused":0,"zone":"provider"})";

TEST(PinholesScreen, says_who_may_send_what_was_heard_and_what_was_refused) {
    const json::value document = json::parse("[" + std::string(rtp) + "," + rtcp + "]");
    EXPECT_EQ(
        pinholes_screen(document),
        "rtp   192.0.2.10:40000  answered  from 198.51.100.7:30000        1 500 packets heard  at most 2 h more\n"
        "rtcp  192.0.2.10:40001  draining  from the networks of provider        nothing heard  closes in 1.5 s\n"
        "192.0.2.10:40000 refused 12 packets, the last 3.0 s ago from 203.0.113.9:4000: a live media port, but not "
        "from the peer it was negotiated with (if it is theirs, add 203.0.113.9 to the networks of peer provider)\n"
        "\n2 pinholes\n");
}

TEST(PinholesScreen, tells_what_was_refused_from_what_passed_though_it_was_not_as_negotiated) {
    const std::string screen = pinholes_screen(json::parse(
        R"([{"local":"192.0.2.10:40000","refused":3,"last_refused":{"source":"198.51.100.7:4000","sentence":"RTP of another","ago":3.0,
             "passed":true,"mend":""}}])"));
    EXPECT_THAT(screen,
                HasSubstr("192.0.2.10:40000 refused 3 packets; another, not as negotiated, passed 3.0 s ago from "
                          "198.51.100.7:4000: RTP of another\n"));
}

TEST(PinholesScreen, says_which_are_asleep) {
    const json::value document = json::parse(R"([{"phase":"held","asleep":true},{"phase":"held","asleep":false}])");
    const std::string screen = pinholes_screen(document);
    EXPECT_THAT(screen, HasSubstr("held, asleep  "));
    EXPECT_THAT(screen, HasSubstr("held          "));
}

TEST(PinholesScreen, say_of_an_offer_until_when_it_waits) {
    EXPECT_THAT(pinholes_screen(json::parse(R"([{"phase":"offered","constraint":"any","expires_in":38.2}])")),
                HasSubstr("38 s more, unless it is answered\n"));
}

TEST(CallsScreen, shows_each_call_with_its_holes) {
    const json::value document = json::parse(
        R"([{"call_id":"abc\u001b[31m","state":"confirmed","direction":"inbound","from":"sip:alice@example.net",
             "to":"sip:bob@example.com","peer":"provider","started":0,"pinholes":[)" +
        std::string(rtcp) + "]}]");
    EXPECT_EQ(calls_screen(document),
              "confirmed inbound call, sip:alice@example.net -> sip:bob@example.com, with provider, since -\n"
              "  Call-ID abc?[31m\n"
              "  rtcp  192.0.2.10:40001  draining  from the networks of provider  nothing heard  closes in 1.5 s\n"
              "\n1 call\n");
}

TEST(CallsScreen, says_where_the_media_goes_that_is_not_ours) {
    EXPECT_THAT(
        calls_screen(json::parse(R"([{"call_id":"a","media_elsewhere":"203.0.113.9:10\u001b","pinholes":[]}])")),
        HasSubstr("  no media ports open\n"
                  "  its SDP names 203.0.113.9:10?, which is neither protected nor in protect.external:\n"
                  "  its media does not go through this wall, or protect.external lacks that address\n"));
    EXPECT_THAT(calls_screen(json::parse(R"([{"call_id":"a","media_elsewhere":"","pinholes":[]}])")),
                Not(HasSubstr("its SDP")));
}

TEST(ListsScreen, shows_what_is_in_force_and_what_is_not) {
    EXPECT_EQ(lists_screen(json::array{}), "no list files\n");
    const std::string screen = lists_screen(json::parse(
        R"([{"path":"/etc/deny.txt","kind":"deny","prefixes":1032192,"broken_lines":1,"loaded":0,"trouble":"empty"}])"));
    EXPECT_THAT(screen, HasSubstr("/etc/deny.txt  deny"));
    EXPECT_THAT(screen, HasSubstr("1 032 192"));
    EXPECT_THAT(screen, HasSubstr("never"));
    EXPECT_THAT(screen, HasSubstr("1 list\n"));
}

TEST(ExplanationScreen, says_what_decides_and_what_else_is_said) {
    EXPECT_EQ(explanation_screen(json::parse(
                  R"({"address":"203.0.113.9","is":"denied","because":"203.0.113.0/24 is denied: /l/\u001bdeny:3",
                      "said":["203.0.113.0/24 is denied: /l/\u001bdeny:3","any is of zone internet: zone \"internet\", networks[0]"]})")),
              "203.0.113.9 is denied: 203.0.113.0/24 is denied: /l/?deny:3\n"
              "  beside that, any is of zone internet: zone \"internet\", networks[0]\n");
    EXPECT_EQ(explanation_screen(json::parse(R"({"address":"192.0.2.1","is":"unknown","because":"","said":[]})")),
              "192.0.2.1 is unknown\n");
}

TEST(CallsScreen, says_so_where_there_is_nothing) {
    EXPECT_EQ(calls_screen(json::array{}), "no calls\n");
    EXPECT_EQ(pinholes_screen(json::array{}), "no pinholes\n");
    EXPECT_THAT(calls_screen(json::parse(R"([{"call_id":"a","pinholes":[]}])")), HasSubstr("no media ports open"));
}

TEST(PinholesScreen, leaves_the_port_out_where_any_will_do) {
    EXPECT_THAT(pinholes_screen(json::parse(R"([{"constraint":"negotiated","peers":["198.51.100.7:0"]}])")),
                HasSubstr("from 198.51.100.7  "));
    EXPECT_THAT(pinholes_screen(json::parse(R"([{"constraint":"strict","peers":["[2001:db8::7]:30000"]}])")),
                HasSubstr("from [2001:db8::7]  "));
}

TEST(StatusScreen, shows_drops_after_passes_and_only_events_that_happened) {
    const std::string screen = status_screen(json::parse(
        R"({"version":"0.1.0","mode":"monitor","pid":1,"uptime":90,"calls":2,"pinholes":4,"pinholes_capacity":65536,
            "config":{"path":"/etc/ringwall/ringwall.yaml","loaded":0,"error":"f:1:1: wrong"},
            "pins":{"path":"/p","error":"/p/maps/known is none of this wall"},
            "interfaces":[{"name":"eth0","ingress":"xdp native","egress":"tcx"}],
            "verdicts":[{"reason":"no_pinhole","verdict":"drop","sentence":"shut","packets":3},
                        {"reason":"sip","verdict":"pass","sentence":"SIP","packets":1000}],
            "events":[{"sentence":"lost","count":0},{"sentence":"mirrored","count":7}]})"));
    EXPECT_LT(screen.find("pass "), screen.find("drop "));
    EXPECT_THAT(screen, HasSubstr("4 of 65 536"));
    EXPECT_THAT(screen, HasSubstr("monitor: everything is decided and counted, nothing is dropped"));
    EXPECT_THAT(screen, HasSubstr("last reload failed  f:1:1: wrong"));
    EXPECT_THAT(screen, HasSubstr("pins are missing    /p/maps/known is none of this wall"));
    EXPECT_THAT(screen, HasSubstr("mirrored"));
    EXPECT_THAT(screen, Not(HasSubstr("lost")));
}

TEST(Screens, of_documents_of_another_version_do_not_fail) {
    for (const char* document :
         {"null", "[]", "{}", "[1]", R"([{"pinholes":[1,{"peers":[1],"last_refused":1,"refused":1}]}])"}) {
        status_screen(json::parse(document));
        calls_screen(json::parse(document));
        pinholes_screen(json::parse(document));
    }
}

} // namespace
} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/drop_screens.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::cli {
namespace {

namespace json = boost::json;

const json::value two = json::parse(R"([
    {"reason":"wrong_source","passed":false,"sentence":"not from the peer","mend":"set expectation: networks for peer provider",
     "interface":"outer","proto":"udp","source":"203.0.113.66:4000","destination":"192.0.2.10:10068","peer":"",
     "call_id":"17\u001b[31m@x","packets":1005,"first":90.0,"last":97.0},
    {"reason":"malformed","passed":true,"sentence":"headers truncated","mend":"","interface":"outer","proto":"none",
     "source":"203.0.113.9:0","destination":"192.0.2.10:0","peer":"","call_id":"","packets":1,"first":90.0,"last":90.0}])");

TEST(DropsScreen, says_what_fell_why_and_what_would_let_it_through) {
    EXPECT_EQ(drops_screen(two, 100),
              "wrong_source: not from the peer\n"
              "  packets  from               to                     last\n"
              "    1 005  203.0.113.66:4000  192.0.2.10:10068  udp  3.0 s ago  call 17?[31m@x\n"
              "  to let it through: set expectation: networks for peer provider\n"
              "\n"
              "malformed: headers truncated\n"
              "  packets  from         to                last\n"
              "        1  203.0.113.9  192.0.2.10  none  10 s ago  (monitor: passed)\n"
              "\n");
    EXPECT_EQ(drops_screen(json::array{}, 100), "nothing has dropped since the agent started\n");
    EXPECT_EQ(drops_screen(json::array{}, 100, "that fits "),
              "nothing that fits has dropped since the agent started\n");
}

TEST(DropsScreen, tells_apart_what_limits_refuse) {
    const auto of = [](const char* sip_class) {
        return json::object{{"reason", "rate_limited"},
                            {"class", sip_class},
                            {"sentence", "over the limit"},
                            {"mend", sip_class},
                            {"proto", "udp"},
                            {"source", "203.0.113.66:5060"},
                            {"packets", 3},
                            {"last", 97.0},
                            {"time", 97.0}};
    };
    const std::string screen = drops_screen(json::array{of("REGISTER"), of("INVITE")}, 100);
    EXPECT_NE(screen.find("rate_limited (REGISTER): over the limit\n"), screen.npos) << screen;
    EXPECT_NE(screen.find("rate_limited (INVITE): over the limit\n"), screen.npos) << screen;
    EXPECT_NE(drop_line_screen(of("REGISTER")).find("  rate_limited (REGISTER)  udp "), std::string::npos);
}

TEST(WouldDropScreen, adds_up_by_reason_peer_and_call) {
    const auto of = [](const char* source, const char* peer, const char* call) {
        return json::object{{"reason", "no_pinhole"}, {"sentence", "no call"}, {"mend", ""},     {"source", source},
                            {"peer", peer},           {"call_id", call},       {"packets", 1200}};
    };
    EXPECT_EQ(would_drop_screen(json::array{of("203.0.113.1:5", "", ""), of("203.0.113.2:5", "", ""),
                                            of("198.51.100.7:5", "provider", "17@x")}),
              "no_pinhole: no call\n"
              "  packets  of\n"
              "    2 400  strangers  2 sources\n"
              "    1 200  provider   1 source   call 17@x\n"
              "\n");
}

TEST(DropLineScreen, is_one_line_without_control_characters) {
    setenv("TZ", "UTC", 1);
    json::object line = two.at(0).as_object();
    line["time"] = 1800000001.234567;
    EXPECT_EQ(drop_line_screen(line),
              "08:00:01.234  wrong_source  udp 203.0.113.66:4000 -> 192.0.2.10:10068  call 17?[31m@x  and 1 004 more "
              "like it");
    EXPECT_EQ(drop_line_screen(json::object{{"missed", 3}}), "3 lines left out: more than could be shown");
}

} // namespace
} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/cli/table.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

std::string text_of(const std::vector<TopLine>& screen) {
    std::string all;
    for (const TopLine& line : screen) all += line.text + "\n";
    return all;
}

json::value status(uint64_t calls = 2) {
    json::array verdicts;
    for (int i = 0; i < 40; ++i)
        verdicts.push_back(
            json::object{{"reason", "reason_" + std::to_string(10 + i)},
                         {"verdict", "drop"},
                         {"sentence", "what it means, in a sentence that is longer than the screen is wide"},
                         {"packets", i}});
    return json::object{{"version", "0.1.0"}, {"mode", "enforce"}, {"uptime", 7200},
                        {"calls", calls},     {"pinholes", 4},     {"verdicts", verdicts}};
}

TEST(TopScreen, fits_every_size) {
    TopModel model;
    model.take_status(status(), 1);
    for (const size_t width : {0U, 1U, 20U, 80U, 200U})
        for (const size_t height : {0U, 1U, 2U, 5U, 6U, 24U, 100U})
            for (const auto page : {TopPage::reasons, TopPage::sources, TopPage::calls, TopPage::pinholes}) {
                TopView view{.page = page, .first = 1000};
                const auto screen = top_screen(model, view, width, height);
                EXPECT_EQ(screen.size(), height);
                for (const TopLine& line : screen) EXPECT_LE(display_width(line.text), width);
            }
}

TEST(TopScreen, shows_what_drops_in_80_by_24) {
    TopModel model;
    model.take_status(status(), 1);
    TopView view;
    const auto screen = top_screen(model, view, 80, 24);
    EXPECT_EQ(screen[0].text, "ringwall 0.1.0  enforce  up 2 h  2 calls  4 pinholes");
    EXPECT_THAT(screen[2].text, HasSubstr("[1 drops]"));
    EXPECT_THAT(screen[4].text, HasSubstr("reason_49")); // the most first
    EXPECT_THAT(screen[23].text, HasSubstr("q quit"));
    view.first = 1000; // scrolled past the end
    EXPECT_THAT(text_of(top_screen(model, view, 80, 24)), HasSubstr("reason_10"));
    EXPECT_EQ(view.first, 40U - 19U);
    view.sort = 2; // by name
    view.first = 0;
    EXPECT_THAT(top_screen(model, view, 80, 24)[4].text, HasSubstr("reason_10"));
}

TEST(TopScreen, says_before_the_first_answer_that_it_asks_and_not_that_nobody_is_there) {
    TopView view;
    EXPECT_EQ(top_screen(TopModel(), view, 80, 24)[1].text, "asking the agent");
}

TEST(TopScreen, says_plainly_that_the_agent_is_gone_and_keeps_what_it_knew) {
    TopModel model;
    model.take_status(status(), 1);
    model.lose_agent("none answers at /run/x");
    TopView view;
    const auto screen = top_screen(model, view, 80, 24);
    EXPECT_EQ(screen[1].text, "no agent: none answers at /run/x");
    EXPECT_EQ(screen[1].style, TopLine::Style::trouble);
    EXPECT_THAT(screen[4].text, HasSubstr("reason_49"));
}

TEST(TopScreen, shows_nothing_of_a_stranger_that_a_terminal_would_obey) {
    TopModel model;
    model.take_status(status(), 1);
    model.take_calls(json::parse(R"([{"state":"confirmed","peer":"p","started":5,"refused":3,
                                     "from":"sip:\u001b[2J\u009b@x","to":"sip:b"}])"));
    TopView view{.page = TopPage::calls, .now_s = 65};
    const std::string all = text_of(top_screen(model, view, 80, 24));
    EXPECT_THAT(all, HasSubstr("sip:?[2J?@x"));
    EXPECT_EQ(all.find('\x1b'), all.npos);
}

TEST(TopScreen, does_not_list_more_calls_than_it_asks_for) {
    TopModel model;
    model.take_status(status(100000), 1);
    TopView view{.page = TopPage::calls};
    EXPECT_THAT(text_of(top_screen(model, view, 80, 24)), HasSubstr("100 000 calls: more than are listed here"));
}

TEST(TopScreen, lists_sources_and_pinholes) {
    TopModel model;
    model.take_status(status(), 1);
    model.take_drops(
        json::parse(R"([{"source":"203.0.113.66:9","reason":"banned","peer":"internet","packets":12,"last":60.0}])"));
    model.take_pinholes(json::parse(
        R"([{"local":"192.0.2.10:10066","component":"rtp","phase":"answered","packets":11,"refused":5,"call_id":"17@x"}])"));
    TopView view{.page = TopPage::sources, .now_s = 65};
    EXPECT_THAT(top_screen(model, view, 80, 24)[4].text, HasSubstr("12  203.0.113.66  internet  5.0 s ago  banned"));
    view.page = TopPage::pinholes;
    EXPECT_THAT(top_screen(model, view, 80, 24)[4].text, HasSubstr("192.0.2.10:10066  rtp   answered"));
}

} // namespace
} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/transport/packets.hpp"

namespace ringwall::transport::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Reading : public testing::Test {
protected:
    std::vector<std::string> messages;
    FramingCounters counters;
    Framing framing{true};

    void feed(std::string_view bytes, Boundary boundary = Boundary::segment) {
        framing.feed(bytes, boundary, [this](std::string_view message) { messages.emplace_back(message); }, counters);
    }
    // The last line of headers and the body, in a message that is otherwise good.
    static std::string with(const std::string& headers, const std::string& body = "") {
        return "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\nCall-ID: 1\r\n" + headers + "\r\n" + body;
    }
};

TEST_F(Reading, takes_several_messages_of_one_segment) {
    feed(message("1", "body") + message("2") + message("3", "x"));
    EXPECT_THAT(messages, ElementsAre(message("1", "body"), message("2"), message("3", "x")));
    EXPECT_TRUE(framing.is_at_start());
}

TEST_F(Reading, takes_messages_a_byte_at_a_time_with_keepalives_between) {
    for (const char c : "\r\n\r\n" + message("1", "body") + "\r\n\r\n\r\n" + message("2") + "\r\n") feed({&c, 1});
    EXPECT_THAT(messages, ElementsAre(message("1", "body"), message("2")));
}

TEST_F(Reading, knows_the_length_under_every_name) {
    for (const std::string name :
         {"Content-Length: 4", "l:4", "L : 4", "CONTENT-LENGTH\t:\t 4 ", "l:\r\n 4", "l: 0004", "l:4\r\nX: y"}) {
        feed(with(name + "\r\n", "body"));
        ASSERT_THAT(messages, ElementsAre(with(name + "\r\n", "body"))) << name;
        messages.clear();
    }
}

TEST_F(Reading, takes_line_feeds_alone_for_line_ends) {
    const std::string text = "OPTIONS sip:a@192.0.2.10 SIP/2.0\nl: 2\n\nok";
    feed(text + text);
    EXPECT_THAT(messages, ElementsAre(text, text));
}

TEST_F(Reading, leaves_to_the_parser_what_does_not_touch_the_length) {
    for (const std::string header :
         {"no colon", "X: a\rb", "X: a\r b\r\n c", "Call-ID: 2", "l: 4\r\nContent-Length: 4"}) {
        const std::string text = with(header + "\r\nl: 4\r\n", "body");
        feed(text);
        ASSERT_THAT(messages, ElementsAre(text)) << header;
        messages.clear();
    }
    const std::string blanks(sip::max_message_bytes / 2, ' ');
    for (const std::string& header : {"X: " + blanks, "X:\r\n" + blanks + "\r\n y", "l:\r\n\t" + blanks + "4"}) {
        const std::string text = with(header + "\r\nl: 4\r\n", "body");
        feed(text.substr(0, text.size() / 2), Boundary::segment);
        feed(text.substr(text.size() / 2) + message("1"));
        ASSERT_THAT(messages, ElementsAre(text, message("1")));
        messages.clear();
    }
    std::string with_nul = with("X: y\r\nl: 4\r\n", "body");
    with_nul[with_nul.find('y')] = '\0';
    feed(with_nul);
    EXPECT_THAT(messages, ElementsAre(with_nul));
}

TEST_F(Reading, loses_its_place_where_the_length_is_not_certain) {
    for (const std::string& headers : std::vector<std::string>{
             "X: y\r\n", "l: 4\r\nl: 5\r\n", "l: -1\r\n", "l: 4 4\r\n", "l:\r\n", "l: 4x\r\n", "l: 65536\r\n",
             "l: 65535\r\n", "l: 4294967300\r\n", "l: 99999999999999999999\r\n", "l: 4,4\r\n", "X: y\rl: 4\r\nl: 5\r\n",
             "X: y\r\r\nl: 4\r\n", "X: y\rContent-Length: 9\r\nl: 4\r\n", "l: 4\r\n\rX: y\r\n", "l: 4\r5\r\n",
             "l: 4\r\nX: \r" + std::string(sip::max_header_bytes, 'y') + "\r\n"}) {
        framing = Framing(true);
        feed(with(headers, "body"));
        EXPECT_THAT(messages, IsEmpty()) << headers;
        EXPECT_TRUE(framing.is_lost()) << headers;
        EXPECT_EQ(framing.unread().size(), 0U);
        feed(message("1"));
        ASSERT_THAT(messages, IsEmpty()) << headers;
    }
    EXPECT_EQ(counters.broken, 17U);
}

TEST_F(Reading, takes_the_largest_message_and_none_larger) {
    const size_t rest = with("l: 65000\r\n").size();
    const std::string fits = with("l: " + std::to_string(65535 - rest) + "\r\n", std::string(65535 - rest, 'x'));
    ASSERT_EQ(fits.size(), sip::max_message_bytes);
    feed(fits);
    EXPECT_THAT(messages, ElementsAre(fits));
    feed(with("l: " + std::to_string(65536 - rest) + "\r\n"));
    EXPECT_TRUE(framing.is_lost());
}

TEST_F(Reading, holds_no_headers_without_end) {
    const std::string header = "X: " + std::string(1000, 'y') + "\r\n";
    feed("OPTIONS sip:a@192.0.2.10 SIP/2.0\r\n");
    for (size_t fed = 0; !framing.is_lost(); fed += header.size()) {
        ASSERT_LT(fed, 70000U);
        feed(header);
    }
    const std::string longest(sip::max_message_bytes, 'a');
    for (const auto& text : {longest.substr(0, sip::max_header_bytes + 1), "OPTIONS " + longest,
                             "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\nX: " + longest,
                             "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\nX: \r\n " + longest}) {
        framing = Framing(true);
        feed(text);
        EXPECT_TRUE(framing.is_lost());
        EXPECT_EQ(framing.unread().size(), 0U);
    }
}

TEST_F(Reading, loses_its_place_at_once_where_no_sip_begins) {
    for (const std::string text :
         {"GET / HTTP/1.1\r\n", "\x16\x03\x01\x02", "{\"a\"", "OPTIONS sip:a SIP/3.0\r\n", "SIP/2.0200 OK\r\n"}) {
        framing = Framing(true);
        feed(text);
        EXPECT_TRUE(framing.is_lost()) << text;
    }
}

TEST_F(Reading, finds_its_place_after_a_full_stop_only) {
    framing.lose();
    feed(message("1"));
    feed(message("2"), Boundary::none);
    EXPECT_THAT(messages, IsEmpty());
    feed("the rest of a body", Boundary::full_stop);
    feed(message("3").substr(5), Boundary::full_stop);
    EXPECT_THAT(messages, IsEmpty());
    feed(message("4"), Boundary::full_stop);
    feed(message("5"));
    EXPECT_THAT(messages, ElementsAre(message("4"), message("5")));
}

TEST_F(Reading, does_not_believe_a_message_that_a_body_may_hold) {
    framing.lose();
    const std::string evil = message("evil");
    feed(evil + evil + "the body goes on");
    feed(message("1"));
    EXPECT_THAT(messages, IsEmpty());
    EXPECT_EQ(counters.unproven, 3U);
}

TEST_F(Reading, finds_its_place_once_no_body_can_hold_so_many_messages) {
    framing.lose();
    size_t fed = 0;
    for (const std::string text = message("1", std::string(700, 'x')); fed <= sip::max_message_bytes;
         fed += text.size()) {
        ASSERT_THAT(messages, IsEmpty());
        feed(text);
    }
    feed(message("2"), Boundary::none);
    EXPECT_THAT(messages, ElementsAre(message("2")));
    EXPECT_EQ(counters.resumed, 1U);
}

} // namespace
} // namespace ringwall::transport::test

// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/outline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::sip {
namespace {

TEST(Outline, finds_what_names_places_between_what_cannot_be_read) {
    const std::string text =
        "\r\nINVITE sip:a\"b SIP/2.0\r\nVia: nonsense\r\nno header at all\nI : one@two\r\n"
        "Call-ID: another\r\nm: <sip:a@192.0.2.10:5062>;q=1,\r\n <sip:b@192.0.2.11>\r\n"
        "Contact: <broken\r\nContent-Length: 99999999999\r\nc: application/\r\n sdp\r\n\r\nv=0\r\n";
    auto message = std::make_unique<Message>();
    ASSERT_TRUE(outline(text, *message));
    EXPECT_TRUE(message->is_request);
    EXPECT_EQ(message->call_id, "one@two");
    ASSERT_EQ(message->contact_count, 2U);
    EXPECT_EQ(message->contacts()[0].host_port.port, Port{5062});
    EXPECT_EQ(message->contacts()[1].host_port.host, "192.0.2.11");
    EXPECT_EQ(find_sdp(*message).value().value(), "v=0\r\n");
}

TEST(Outline, takes_a_line_end_alone_and_no_body_for_what_they_are) {
    auto message = std::make_unique<Message>();
    EXPECT_TRUE(outline("SIP/2.0 200 OK\nCall-ID: x", *message));
    EXPECT_FALSE(message->is_request);
    EXPECT_EQ(message->call_id, "x");
    EXPECT_EQ(message->body, "");
    for (const std::string_view none : {"", "\r\n\r\n", "x", "\0\0\0", "INVITE x\r\n\r\nCall-ID: in the body\r\n"})
        EXPECT_FALSE(outline(none, *message)) << none;
}

TEST(Outline, goes_by_the_method_that_all_of_it_says) {
    const auto method = [message = std::make_unique<Message>()](const std::string& text) {
        EXPECT_TRUE(outline(text + "\r\nCall-ID: x\r\n\r\n", *message)) << text;
        return message->method;
    };
    EXPECT_EQ(method("SIP/2.0 200 OK\r\nCSeq: 1\r\n REGISTER"), Method::register_);
    EXPECT_EQ(method("REGISTER x\r\nCSeq: 1 REGISTER"), Method::register_);
    EXPECT_EQ(method("REGISTER x"), Method::register_);
    EXPECT_EQ(method("FOO x\r\nCSeq: 1 FOO"), Method::other);
    for (const std::string unclear :
         {"SIP/2.0 200 OK", "SIP/2.0 200 OK\r\nCSeq: REGISTER", "SIP/2.0 200 OK\r\nCSeq: 9999999999 REGISTER",
          "SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nCSeq: 1 SUBSCRIBE", "UPDATE x\r\nCSeq: 1 REGISTER",
          "REGISTER x\r\nCSeq: 1 REGISTER\r\nCSeq: 1 OPTIONS\r\nCSeq: 1 REGISTER"})
        EXPECT_EQ(method(unclear), Method::invite) << unclear;
}

} // namespace
} // namespace ringwall::sip

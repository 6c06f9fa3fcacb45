// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

std::optional<Defect> refusal(const std::string& start) { return read({.start = start}).refused; }

TEST(StartLine, of_a_request_has_method_and_uri) {
    const auto reading = read({.start = "INVITE tel:+49-30-1 sip/2.0"});
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_TRUE(reading->is_request);
    EXPECT_EQ(reading->method, Method::invite);
    EXPECT_EQ(reading->method_token, "INVITE");
    EXPECT_EQ(reading->request_uri, "tel:+49-30-1");
}

TEST(StartLine, of_a_response_takes_its_method_from_cseq) {
    const auto reading = read({.start = "SIP/2.0 486 Busy", .cseq = "CSeq: 7 BYE"});
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_TRUE(reading->is_response());
    EXPECT_EQ(reading->status, 486);
    EXPECT_EQ(reading->method, Method::bye);
    EXPECT_EQ(reading->method_token, "BYE");
}

TEST(StartLine, has_a_status_of_three_digits_from_100_to_699) {
    EXPECT_EQ(refusal("SIP/2.0 100 "), std::nullopt);
    EXPECT_EQ(refusal("SIP/2.0 699 x"), std::nullopt);
    for (const auto* line : {"SIP/2.0 099 x", "SIP/2.0 700 x", "SIP/2.0 20 x", "SIP/2.0 2000 x", "SIP/2.0 -20 x",
                             "SIP/2.0 200", "SIP/2.0  200 x", "SIP/2.0 ", "SIP/2.0"})
        EXPECT_EQ(refusal(line), Defect::bad_start_line) << line;
}

TEST(StartLine, of_anything_else_is_not_sip) {
    for (const auto* line : {"GET / HTTP/1.1", "hello", "SIP/3.0 200 OK", "SIP/2.00 200 OK", "SIP/2 200 OK",
                             "INVITE sip:a@b SIP/2.1", "INVITE sip:a@b"})
        EXPECT_EQ(refusal(line), Defect::not_sip) << line;
}

TEST(StartLine, has_single_spaces_and_a_whole_uri) {
    for (const auto* line :
         {"INVITE  sip:a@b SIP/2.0", "INVITE sip:a@b  SIP/2.0", "INVITE sip:a b SIP/2.0", "INVITE <sip:a@b> SIP/2.0",
          "INVITE a SIP/2.0", "INV(ITE sip:a@b SIP/2.0", " INVITE sip:a@b SIP/2.0", "INVITE sip:a@b SIP/2.0 "})
        EXPECT_EQ(refusal(line), Defect::bad_start_line) << line;
}

TEST(StartLine, methods_are_case_sensitive) {
    for (size_t i = 0; i < static_cast<size_t>(Method::other); ++i) {
        const auto method = static_cast<Method>(i);
        EXPECT_EQ(method_of(to_string(method)), method);
    }
    EXPECT_EQ(method_of("invite"), Method::invite); // as servers take it
    EXPECT_EQ(method_of("INVITED"), Method::other);
    EXPECT_EQ(method_of(""), Method::other);
    EXPECT_EQ(method_of("other"), Method::other);
}

} // namespace
} // namespace ringwall::sip

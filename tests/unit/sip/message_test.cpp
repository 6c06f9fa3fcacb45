// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

using enum Defect;

TEST(Message, must_have_via_from_to_call_id_and_cseq) {
    EXPECT_EQ(read({}).refused, std::nullopt);
    EXPECT_EQ(read({.via = ""}).refused, missing_via);
    EXPECT_EQ(read({.from = ""}).refused, missing_from);
    EXPECT_EQ(read({.to = ""}).refused, missing_to);
    EXPECT_EQ(read({.call_id = ""}).refused, missing_call_id);
    EXPECT_EQ(read({.cseq = ""}).refused, missing_cseq);
}

TEST(Message, has_single_headers_once_whatever_they_are_called) {
    for (const auto* line :
         {"From: <sip:a@h>", "f: <sip:a@h>", "To: <sip:a@h>", "t: <sip:a@h>", "CALL-ID: x", "i: x", "CSeq: 1 INVITE"})
        EXPECT_EQ(read({.more = std::string(line) + "\r\n"}).refused, duplicate_header) << line;
    for (const auto* line : {"Content-Length: 0\r\nl: 0", "Content-Type: a/b\r\nc: a/b", "Expires: 1\r\nExpires: 1",
                             "Session-Expires: 90\r\nx: 90", "Replaces: a\r\nReplaces: a", "RAck: 1\r\nRAck: 1"})
        EXPECT_EQ(read({.more = std::string(line) + "\r\n"}).refused, duplicate_header) << line;
    EXPECT_EQ(read({.more = "Subject: a\r\nSubject: b\r\nSupported: x\r\nk: 100rel\r\n"}).refused, std::nullopt);
}

TEST(Message, reads_compact_names_in_any_case) {
    const auto reading = read({.via = "V: SIP/2.0/UDP h",
                               .from = "F: <sip:a@h>;tag=1",
                               .to = "T: <sip:b@h>",
                               .call_id = "I: c",
                               .more = "M: <sip:d@h>\r\nC: application/sdp\r\nE: gzip\r\nX: 90\r\nL: 2\r\n",
                               .body = "ab"});
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading->call_id, "c");
    EXPECT_EQ(reading->contact_count, 1U);
    EXPECT_EQ(reading->content_type, "application/sdp");
    EXPECT_EQ(reading->content_encoding, "gzip");
    EXPECT_EQ(reading->session_expires, 90U);
    EXPECT_EQ(reading->body, "ab");
}

TEST(Message, call_id_is_compared_and_so_never_cut) {
    EXPECT_EQ(read({.call_id = "Call-ID: " + std::string(max_call_id_bytes, 'x')}).refused, std::nullopt);
    EXPECT_EQ(read({.call_id = "Call-ID: " + std::string(max_call_id_bytes + 1, 'x')}).refused, too_long);
    EXPECT_EQ(read({.call_id = "Call-ID:"}).refused, bad_call_id);
    EXPECT_EQ(read({.call_id = "Call-ID: a b"}).refused, bad_call_id);
    EXPECT_EQ(read({.call_id = "Call-ID: a\r\n b"}).refused, bad_call_id);
    EXPECT_EQ(read({.call_id = "Call-ID:\r\n  a<>:\\/\"[]?{}@b  "})->call_id, "a<>:\\/\"[]?{}@b");
}

TEST(Message, cseq_is_a_number_below_2_to_31_and_the_method) {
    EXPECT_EQ(read({.cseq = "CSeq: 0002147483647\r\n INVITE"})->cseq, 0x7fffffffU);
    for (const auto* bad : {"2147483648 INVITE", "INVITE", "1", "1INVITE", "-1 INVITE", "+1 INVITE", "1 INVITE x", "1 ",
                            "18446744073709551617 INVITE", "0x1 INVITE"})
        EXPECT_EQ(read({.cseq = "CSeq: " + std::string(bad)}).refused, bad_cseq) << bad;
    EXPECT_EQ(read({.cseq = "CSeq: 1 BYE"}).refused, method_mismatch);
    EXPECT_EQ(read({.cseq = "CSeq: 1 invite"}).refused, method_mismatch);
}

TEST(Message, content_length_lies_within_the_datagram) {
    const std::string body = "0123456789";
    EXPECT_EQ(read({.body = body})->body, body);
    EXPECT_EQ(read({.more = "Content-Length: 10\r\n", .body = body})->body, body);
    const auto shorter = read({.more = "Content-Length: 9\r\n", .body = body});
    EXPECT_EQ(shorter->body, "012345678");
    EXPECT_EQ(shorter->bytes, shorter.bytes.size() - 1);
    for (const auto* bad :
         {"11", "4294967295", "4294967296", "99999999999999999999", "-1", "", "1 0", "10,10", "0x0a", "ten"})
        EXPECT_EQ(read({.more = "Content-Length: " + std::string(bad) + "\r\n", .body = body}).refused,
                  bad_content_length)
            << bad;
}

TEST(Message, seconds_are_whole_and_fit_or_are_not_there) {
    const auto reading = read({.more = "Expires: 4294967295\r\nSession-Expires: 1800 ;refresher=uas\r\n"});
    EXPECT_EQ(reading->expires, 4294967295U);
    EXPECT_EQ(reading->session_expires, 1800U);
    const auto session_expires = [](const std::string& value) {
        const auto one = read({.more = "Session-Expires: " + value + "\r\n"});
        EXPECT_EQ(one.refused, std::nullopt) << value;
        return one->session_expires;
    };
    for (const auto* value : {"90", "090", "90;", "90 ; refresher=uac;", "90;refresher", "90;;x=", "90;=", "90 x"})
        EXPECT_EQ(session_expires(value), 90U) << value;
    for (const auto* value : {"", ";refresher=uac", "x90", "-90", "90x", "90,90", "90.5", "4294967296"})
        EXPECT_EQ(session_expires(value), std::nullopt) << value;
    for (const auto* value : {"", "Thu, 01 Dec 1994 16:00:00 GMT", "4294967296", "soon"}) {
        const auto one = read({.more = "Expires: " + std::string(value) + "\r\n"});
        EXPECT_EQ(one.refused, std::nullopt) << value;
        EXPECT_EQ(one->expires, std::nullopt) << value;
    }
}

TEST(Message, is_not_lost_by_what_means_nothing_here) {
    for (const auto* line : {"Supported: replaces, timer,", "Supported: replaces,, timer", "k: ,",
                             "Require:", "Require: a b", "Allow: ;;"})
        EXPECT_EQ(read({.more = std::string(line) + "\r\n"}).refused, std::nullopt) << line;
}

TEST(Message, lines_may_end_in_lf_and_be_folded) {
    const auto reading = Reading(
        "\r\n\n\r\nBYE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h\nFrom:\n\t<sip:a@h>\n ;tag=1\nTo \t: <sip:b@h>\n"
        "Call-ID: c\nCSeq: 1\n BYE\nSubject:\nX-Folded: a\n b\n c\n\nbody");
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading->from.tag, "1");
    EXPECT_EQ(reading->body, "body");
    EXPECT_EQ(reading->bytes, reading.bytes.size());
}

TEST(Message, every_line_is_a_header) {
    for (const auto* line :
         {"no header", ": no name", "no token: x", "(x): y", " leading: fold? no, of CSeq", "\x80: x"})
        EXPECT_TRUE(read({.more = std::string(line) + "\r\n"}).refused) << line;
    EXPECT_EQ(read({.more = "Subject: a" + std::string(1, '\0') + "b\r\n"}).refused, bad_header);
    EXPECT_EQ(read({.more = "Subject: a\rb\r\n"}).refused, bad_header);
    EXPECT_EQ(read({.via = " Via: SIP/2.0/UDP h"}).refused, bad_header);
}

TEST(Message, is_limited_in_headers_and_their_length) {
    std::string more;
    for (size_t i = 5; i < max_headers; ++i) more += "Z: y\r\n";
    EXPECT_EQ(read({.more = more}).refused, std::nullopt);
    EXPECT_EQ(read({.more = more + "Z: y\r\n"}).refused, too_many);
    const std::string name = "Z: ";
    EXPECT_EQ(read({.more = name + std::string(max_header_bytes - name.size(), 'y') + "\r\n"}).refused, std::nullopt);
    EXPECT_EQ(read({.more = name + std::string(max_header_bytes - name.size() + 1, 'y') + "\r\n"}).refused, too_long);
    EXPECT_EQ(read({.more = name + std::string(64 * 1024 - 500, 'y') + "\r\n"}).refused, too_long);
    EXPECT_EQ(read({.body = std::string(max_message_bytes, 'y')}).refused, too_long);
}

TEST(Message, cut_anywhere_before_its_body_needs_more) {
    const std::string whole = Request{.more = "Content-Length: 0\r\n"}.text();
    for (size_t length = 0; length < whole.size(); ++length) {
        const Reading reading(whole.substr(0, length));
        EXPECT_EQ(reading.refused, need_more) << length;
    }
}

TEST(Message, of_other_bytes_is_not_sip) {
    for (const auto& bytes : {std::string("\x80\x60\x00\x01 rtp", 8), std::string("\0\0\0\0", 4),
                              std::string("\x16\x03\x01"), std::string("GET / HTTP/1.1\r\n\r\n"), std::string("@@@@")})
        EXPECT_EQ(Reading(bytes).refused, not_sip);
}

TEST(Message, error_offsets_point_at_what_is_wrong) {
    const auto reading = read({.cseq = "CSeq: x INVITE"});
    EXPECT_EQ(reading.bytes.substr(reading.offset, 8), "x INVITE");
    const auto second = read({.more = "Call-ID: other\r\n"});
    EXPECT_EQ(second.bytes.substr(second.offset, 14), "Call-ID: other");
}

TEST(Message, keeps_nothing_of_the_message_before) {
    const std::string first = Request{.more =
                                          "Contact: <sip:a@h>\r\nExpires: 1\r\nx: 2\r\nReplaces: r\r\n"
                                          "RAck: 1 1 INVITE\r\nUser-Agent: u\r\nc: a/b\r\ne: gzip\r\nl: 1\r\n"
                                          "Content-Disposition: early-session\r\n",
                                      .body = "b"}
                                  .text();
    const std::string second = Request{}.text();
    Message message;
    ASSERT_TRUE(parse(first, message));
    ASSERT_TRUE(parse(second, message));
    EXPECT_EQ(message.contact_count + message.body.size() + message.replaces.size() + message.rack.size(), 0U);
    EXPECT_EQ(message.user_agent.size() + message.content_type.size() + message.content_encoding.size(), 0U);
    EXPECT_FALSE(message.expires || message.session_expires || message.content_length);
    EXPECT_TRUE(message.is_session);
}

TEST(Defects, have_a_label_each) {
    for (size_t i = 0; i <= static_cast<size_t>(too_many); ++i) EXPECT_FALSE(to_string(static_cast<Defect>(i)).empty());
    EXPECT_EQ(to_string(need_more), "need_more");
    EXPECT_EQ(to_string(bad_multipart), "bad_multipart");
    EXPECT_EQ(to_string(missing_cseq), "missing_cseq");
    EXPECT_EQ(to_string(too_many), "too_many");
}

} // namespace
} // namespace ringwall::sip

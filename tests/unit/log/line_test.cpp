// SPDX-License-Identifier: Apache-2.0
#include "agent/log/line.hpp"

#include <gtest/gtest.h>

namespace ringwall::log {
namespace {

const Fields none;

Line line(std::string_view text, const Fields& fields = none) {
    return {.level = Level::warn, .process = "worker", .id = "ban", .text = text, .fields = fields};
}

TEST(Text, has_the_fields_that_the_sentence_does_not_hold) {
    const Fields fields{{"source", "203.0.113.9"}, {"call_id", "a b\"c"}, {"name", ""}};
    EXPECT_EQ(as_text(line("203.0.113.9 is banned", fields)), "ban: 203.0.113.9 is banned call_id=\"a b'c\" name=\"\"");
}

TEST(Text, escapes_what_could_write_into_a_terminal) {
    const Fields fields{{"call_id", "\x1b[3J\n"}};
    EXPECT_EQ(as_text(line("Call-ID \x1b[2J\n\x7f\\", fields)),
              "ban: Call-ID \\x1b[2J\\x0a\\x7f\\x5c call_id=\\x1b[3J\\x0a");
    EXPECT_EQ(escaped("T\xc3\xbcr"), "T\xc3\xbcr");
    EXPECT_EQ(escaped("\xc2\x9b"
                      "2J"),
              "\\xc2\\x9b2J"); // CSI in one character
    EXPECT_EQ(escaped("\xc2\xa0\x9b\xff\xe2\x82"), "\xc2\xa0\\x9b\\xff\\xe2\\x82");
}

TEST(Json, is_json_whatever_outsiders_say) {
    const Fields fields{{"call_id", "a\"\\\x01\xff"}};
    EXPECT_EQ(as_json(line("T\xc3\xbcr\n", fields)),
              "\"event\":\"ban\",\"text\":\"T\xc3\xbcr\\u000a\",\"call_id\":\"a\\\"\\\\\\u0001\xef\xbf\xbd\"");
}

TEST(Journal, has_a_field_of_its_own_for_each) {
    const Fields fields{{"call_id", "1-2@host"}};
    EXPECT_EQ(as_journal(line("somebody", fields)),
              "MESSAGE=ban: somebody\nPRIORITY=4\nSYSLOG_IDENTIFIER=ringwall\nRINGWALL_EVENT=ban\n"
              "RINGWALL_PROCESS=worker\nRINGWALL_CALL_ID=1-2@host\n");
}

TEST(Journal, gets_no_field_that_an_outsider_made_up) {
    const Fields fields{{"call_id", "1\nPRIORITY=0"}};
    const std::string datagram = as_journal(line("x\n_PID=1", fields));
    EXPECT_EQ(datagram.find("\nPRIORITY=0"), datagram.npos);
    EXPECT_EQ(datagram.find("\n_PID"), datagram.npos);
}

} // namespace
} // namespace ringwall::log

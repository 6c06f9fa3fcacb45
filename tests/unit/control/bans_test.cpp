// SPDX-License-Identifier: Apache-2.0
// What commands ask of the bans, and what they are told.
#include "agent/control/bans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::control {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Now now{std::chrono::steady_clock::time_point(std::chrono::hours(2)), 1700000000};

std::string error_of(std::string_view body, bool needs_terms = true) {
    const auto request = ban_request(body, needs_terms);
    return request ? "" : request.error();
}

TEST(BanRequests, name_a_source_a_time_and_a_reason) {
    const auto request = ban_request(R"({"source":"203.0.113.9:5060","for":"10m","reason":"at night"})", true);
    ASSERT_TRUE(request);
    EXPECT_EQ(to_string(request->key), "203.0.113.9:5060");
    EXPECT_EQ(request->terms.length, std::chrono::minutes(10));
    EXPECT_EQ(request->terms.note, "at night");
    EXPECT_EQ(error_of(R"({"source":"203.0.113.9"})", false), "");
}

TEST(BanRequests, are_refused_with_what_is_wrong) {
    EXPECT_THAT(error_of("no"), HasSubstr("JSON"));
    EXPECT_THAT(error_of("[]"), HasSubstr("JSON"));
    EXPECT_THAT(error_of("{\"source\":\"203.0.113.9\",\"for\":\"10m\",\"reason\":\"\x80\"}"), HasSubstr("UTF-8"));
    EXPECT_THAT(error_of(R"({"source":"203.0.113.0/24","for":"10m"})"), HasSubstr("deny.networks"));
    EXPECT_EQ(error_of(R"({"source":7,"for":"10m"})"), "source: expected a string");
    for (const char* length : {"\"0s\"", "\"-5s\"", "\"367d\"", "600", "null", "\"500ms\"", "\"soon\""})
        EXPECT_THAT(error_of(std::string(R"({"source":"203.0.113.9","for":)") + length + "}"), HasSubstr("for"))
            << length;
    EXPECT_THAT(error_of(R"({"source":"203.0.113.9"})"), HasSubstr("for"));
    EXPECT_EQ(error_of(R"({"source":"203.0.113.9","for":"10m","till":"noon"})"), "till: no such member");
    const std::string longest(BAN_NOTE_BYTES - 1, 'x');
    EXPECT_EQ(error_of(R"({"source":"203.0.113.9","for":"1s","reason":")" + longest + "\"}"), "");
    EXPECT_THAT(error_of(R"({"source":"203.0.113.9","for":"1s","reason":")" + longest + "x\"}"), HasSubstr("reason"));
}

std::vector<std::string> read_all(const std::string& list, size_t at_once, std::string& error) {
    const std::string body = "{\"for\":\"1m\"}\n" + list; // the lines look into it
    auto lines = BanLines::open(body);
    std::vector<struct ban_key> keys;
    for (bool has_more = lines.has_value(); has_more;) {
        const auto read = lines->read(at_once, keys);
        if (!read) error = read.error().message();
        has_more = read && *read;
    }
    std::vector<std::string> sources;
    for (const auto& key : keys) sources.push_back(to_string(key));
    return sources;
}

TEST(BanLines, are_sources_and_comments) {
    const std::string list =
        "# a list\n203.0.113.9\r\n\n  2001:db8::9 ; why\n203.0.113.10:5060 # port\n2001:db8:7::/64";
    for (const size_t at_once : {1U, 2U, 100U}) {
        std::string error;
        EXPECT_THAT(read_all(list, at_once, error),
                    testing::ElementsAre("203.0.113.9", "2001:db8::9", "203.0.113.10:5060", "2001:db8:7::/64"));
        EXPECT_EQ(error, "");
    }
    std::string error;
    EXPECT_THAT(read_all("", 10, error), testing::IsEmpty());
    EXPECT_EQ(error, "");
}

TEST(BanLines, may_begin_with_a_byte_order_mark) {
    std::string error;
    EXPECT_THAT(read_all("\xef\xbb\xbf"
                         "203.0.113.9\r\n203.0.113.10\n",
                         1, error),
                testing::ElementsAre("203.0.113.9", "203.0.113.10"));
    EXPECT_EQ(error, "");
    read_all(
        "203.0.113.9\n\xef\xbb\xbf"
        "203.0.113.10\n",
        1, error);
    EXPECT_THAT(error, StartsWith("line 2: "));
}

TEST(BanLines, say_which_one_is_wrong) {
    for (const size_t at_once : {1U, 100U}) {
        std::string error;
        read_all("203.0.113.9\n# 2\n203.0.113.999\n203.0.113.10\n", at_once, error);
        EXPECT_THAT(error, StartsWith("line 3: got \"203.0.113.999\", expected"));
    }
    std::string error;
    read_all("\x1b[2J\xff\n", 1, error);
    EXPECT_THAT(error, StartsWith("line 1: got \"?[2J"));
    EXPECT_FALSE(BanLines::open("203.0.113.9\n"));
}

TEST(BanList, says_who_why_how_often_and_for_how_long) {
    struct ban ban =
        ban_by_command({std::chrono::minutes(10), "at night"}, {now.monotonic - std::chrono::minutes(1), 0});
    ban.packets = 5;
    std::string list = "[";
    append_ban(list, *ban_key_of("203.0.113.9"), ban, now);
    ban.flags = BAN_OF_OURS;
    ban.cause = BAN_CAUSE_passwords;
    ban.count = 20;
    append_ban(list, *ban_key_of("2001:db8:7::/64"), ban, now);
    ban.until_ns = 7200000000000; // now: over
    append_ban(list, *ban_key_of("203.0.113.10"), ban, now);
    const auto bans = boost::json::parse(list + "]").as_array();
    ASSERT_EQ(bans.size(), 2U);
    EXPECT_EQ(bans[0].at("source"), "203.0.113.9");
    EXPECT_EQ(bans[0].at("cause"), "command");
    EXPECT_EQ(bans[0].at("by"), "command");
    EXPECT_EQ(bans[0].at("reason"), "at night");
    EXPECT_EQ(bans[0].at("packets"), 5);
    EXPECT_EQ(bans[0].at("since"), now.realtime_s - 60);
    EXPECT_DOUBLE_EQ(bans[0].at("expires_in").to_number<double>(), 540);
    EXPECT_EQ(bans[1].at("source"), "2001:db8:7::/64");
    EXPECT_EQ(bans[1].at("by"), "wall");
    EXPECT_EQ(bans[1].at("cause"), "passwords");
    EXPECT_EQ(bans[1].at("count"), 20);
}

} // namespace
} // namespace ringwall::control

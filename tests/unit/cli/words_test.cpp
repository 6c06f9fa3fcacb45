// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/words.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/cli/json_text.hpp"
#include "agent/cli/table.hpp"

namespace ringwall::cli {
namespace {

namespace json = boost::json;

TEST(DurationWords, grow_with_the_duration) {
    EXPECT_EQ(duration(-1), "0.0 s");
    EXPECT_EQ(duration(9.94), "9.9 s");
    EXPECT_EQ(duration(10), "10 s");
    EXPECT_EQ(duration(119.9), "119 s");
    EXPECT_EQ(duration(120), "2 min");
    EXPECT_EQ(duration(7200), "2 h");
    EXPECT_EQ(duration(7500), "2 h 5 min");
    EXPECT_EQ(duration(172800), "2 d");
    EXPECT_EQ(duration(349200), "4 d 1 h");
    EXPECT_FALSE(duration(1e300).empty());
}

TEST(Numbers, are_grouped_by_three) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1 000");
    EXPECT_EQ(grouped(1234567), "1 234 567");
    EXPECT_EQ(counted(1, "call"), "1 call");
    EXPECT_EQ(counted(0, "call"), "0 calls");
}

TEST(Members, that_are_missing_or_of_another_type_read_as_nothing) {
    const json::value object = json::parse(R"({"a":1,"b":"x","c":[1],"d":-1,"e":1.5})");
    EXPECT_EQ(number(object, "a"), 1U);
    EXPECT_EQ(number(object, "b"), 0U);
    EXPECT_EQ(number(object, "d"), 0U);
    EXPECT_EQ(text(object, "b"), "x");
    EXPECT_EQ(text(object, "a"), "");
    EXPECT_EQ(list(object, "c").size(), 1U);
    EXPECT_TRUE(list(object, "z").empty());
    EXPECT_EQ(real(object, "e"), 1.5);
    EXPECT_EQ(real(object, "b"), 0);
    EXPECT_EQ(text(json::value(5), "a"), "");
}

TEST(JsonText, writes_decimals_plainly_and_one_element_a_line) {
    EXPECT_EQ(json_text(json::parse(R"([{"expires_in":117.2,"n":1},{"s":"\"\n"}])")),
              "[\n  {\"expires_in\": 117.2, \"n\": 1},\n  {\"s\": \"\\\"\\n\"}\n]\n");
    EXPECT_EQ(json_text(json::parse(R"({"a":[],"b":{},"c":null,"d":true})")),
              "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": null,\n  \"d\": true\n}\n");
    EXPECT_EQ(json_text(json::array{}), "[]\n");
    EXPECT_EQ(json_text(json::object{}), "{}\n");
    EXPECT_EQ(json_text(json::value(0.1)), "0.1\n");
}

TEST(JsonText, reads_back_as_the_same_document) {
    const json::value document =
        json::parse(R"([1.5,-0.25,1e300,18446744073709551615,"\u00fc",[[]],{"x":{"y":[1,2]}}])");
    EXPECT_EQ(json::parse(json_text(document)), document);
}

TEST(TableText, aligns_its_columns_and_ends_no_line_with_spaces) {
    Table table({{"name"}, {"packets", Table::Align::right}, {}});
    table.add({"J\xc3\xb6rg", "5", "x"});
    table.add({"a", "1 234", ""});
    EXPECT_EQ(table.to_string(2), "  name  packets\n  J\xc3\xb6rg        5  x\n  a       1 234\n");
}

TEST(TableText, lets_no_control_character_reach_the_terminal) {
    Table table(std::vector<Table::Column>(1));
    table.add({"\x1b]0;owned\x07"});
    EXPECT_EQ(table.to_string(), "?]0;owned?\n");
}

} // namespace
} // namespace ringwall::cli

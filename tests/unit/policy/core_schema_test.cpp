// SPDX-License-Identifier: Apache-2.0
// Plain scalars as YAML 1.2's core schema has them, and not as YAML 1.1 did.
#include "policy/core_schema.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "policy/document.hpp"

namespace ringwall::policy {
namespace {

namespace json = boost::json;

std::string core(std::string_view plain) { return json::serialize(core_scalar(plain)); }

TEST(CoreSchema, knows_null_and_booleans_in_three_spellings_each) {
    for (const auto* text : {"", "~", "null", "Null", "NULL"}) EXPECT_EQ(core(text), "null") << text;
    for (const auto* text : {"true", "True", "TRUE"}) EXPECT_EQ(core(text), "true") << text;
    for (const auto* text : {"false", "False", "FALSE"}) EXPECT_EQ(core(text), "false") << text;
}

TEST(CoreSchema, knows_integers) {
    EXPECT_EQ(core("5060"), "5060");
    EXPECT_EQ(core("010"), "10");
    EXPECT_EQ(core("-5"), "-5");
    EXPECT_EQ(core("+5"), "5");
    EXPECT_EQ(core("0o17"), "15");
    EXPECT_EQ(core("0xfF"), "255");
    EXPECT_EQ(core("9223372036854775807"), "9223372036854775807");
    EXPECT_TRUE(core_scalar("9223372036854775808").is_double());
}

TEST(CoreSchema, knows_floating_point_numbers) {
    for (const auto* text : {"1.5", ".5", "5.", "1e3", "+1.5E-3", "-0.0"})
        EXPECT_TRUE(core_scalar(text).is_double()) << text;
}

TEST(CoreSchema, takes_everything_else_for_text) {
    for (const auto* text :
         {"yes", "no", "on", "off", "y",     "tRUE",       "1:30", "1_000", "0b1", "0x",        "0o8",        "1e",
          ".",   "-",  "+",  "e5",  "1.2.3", "2027-01-01", ".inf", ".nan",  "--5", "192.0.2.1", "2001:db8::1"})
        EXPECT_TRUE(core_scalar(text).is_string()) << text;
}

std::string as_json(std::string_view yaml) {
    Findings findings;
    const auto node = load(yaml, 0, findings);
    return node ? json::serialize(to_json(*node)) : "mistake";
}

TEST(CoreSchema, makes_json_of_a_document) {
    EXPECT_EQ(as_json("a: [1, '1', \"x\", no]\nb: { c: ~, d: }\n"),
              R"({"a":[1,"1","x","no"],"b":{"c":null,"d":null}})");
    EXPECT_EQ(as_json("a: !!str 1\n"), R"({"a":"1"})");
    EXPECT_EQ(as_json("a: &x [1]\nb: *x\n"), R"({"a":[1],"b":[1]})");
}

} // namespace
} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
#include "agent/control/text.hpp"

#include <gtest/gtest.h>

namespace ringwall::control {
namespace {

constexpr std::string_view replaced = "\xef\xbf\xbd";

TEST(ToUtf8, keeps_what_is_utf8) {
    for (const std::string_view text :
         {"", "a84b4c76e66710", "J\xc3\xb6rg", "\xe2\x82\xac", "\xf0\x9f\x93\x9e", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(to_utf8(text), text);
}

TEST(ToUtf8, replaces_each_byte_that_belongs_to_no_character) {
    for (const std::string_view byte : {"\x80", "\xff", "\xc0", "\xc1", "\xf5", "\xc3"})
        EXPECT_EQ(to_utf8(byte), replaced);
    EXPECT_EQ(to_utf8("a\xffz"), "a" + std::string(replaced) + "z");
}

TEST(ToUtf8, knows_overlong_forms_surrogates_and_the_last_code_point) {
    for (const std::string_view bytes :
         {"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf", "\xe2\x82"})
        EXPECT_EQ(to_utf8(bytes).find(bytes), std::string::npos);
}

TEST(Printable, shows_control_characters_as_question_marks) {
    EXPECT_EQ(printable("\x1b[2Jcall\n"), "?[2Jcall?");
    EXPECT_EQ(printable("\x7f"), "?");
    EXPECT_EQ(printable("a\xc2\x9b"
                        "31m"),
              "a?31m"); // C1: CSI in UTF-8
    EXPECT_EQ(printable("J\xc3\xb6rg"), "J\xc3\xb6rg");
}

TEST(UntilNul, ends_at_the_first_nul_or_with_the_array) {
    EXPECT_EQ(until_nul({'a', 'b', '\0', 'c'}), "ab");
    EXPECT_EQ(until_nul({'a', 'b'}), "ab");
}

} // namespace
} // namespace ringwall::control

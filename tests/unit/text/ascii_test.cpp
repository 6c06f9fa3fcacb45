// SPDX-License-Identifier: Apache-2.0
#include "agent/text/ascii.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::text {
namespace {

TEST(Decimal, is_digits_up_to_its_most) {
    EXPECT_EQ(decimal("0"), 0U);
    EXPECT_EQ(decimal("00065535", 65535), 65535U);
    EXPECT_EQ(decimal("65536", 65535), std::nullopt);
    EXPECT_EQ(decimal("4294967295"), 4294967295U);
    EXPECT_EQ(decimal("4294967296"), std::nullopt);
    EXPECT_EQ(decimal("18446744073709551616"), std::nullopt);
    for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0"})
        EXPECT_EQ(decimal(bad), std::nullopt) << bad;
}

TEST(Classes, know_their_characters) {
    EXPECT_TRUE(consists_of("aZ09-.!%*_+`'~", token_char));
    for (const char c : std::string_view("()<>@,;:\\\"/[]?={} \t\r\n\x7f\x80")) EXPECT_FALSE(is(c, token_char)) << c;
    EXPECT_FALSE(is('\0', field_char - 1U)) << "of no class but what parts fields";
    EXPECT_TRUE(consists_of("a\xc3\xa9~", visible_char));
    for (const char c : std::string_view(" \t\n\x7f\x01")) EXPECT_FALSE(is(c, visible_char));
}

TEST(Skip, stops_at_the_first_other_byte_wherever_it_is) {
    for (size_t length = 0; length < 20; ++length) {
        const std::string text = std::string(length, '7') + "x77777";
        EXPECT_EQ(skip(text.data(), text.data() + text.size(), digit_char), text.data() + length);
        EXPECT_EQ(skip(text.data(), text.data() + length, digit_char), text.data() + length);
    }
}

TEST(Find, finds_the_first_one_wherever_it_is) {
    for (size_t length = 0; length < 40; ++length) {
        const std::string text = std::string(length, ';') + "::;\x3a\xba";
        EXPECT_EQ(find(text.data(), text.data() + text.size(), ':'), text.data() + length);
        EXPECT_EQ(find(text.data(), text.data() + length, ':'), text.data() + length);
    }
}

TEST(Trim, takes_blanks_and_folds_from_both_ends) {
    EXPECT_EQ(trim(" \t\r\n a b\r\n "), "a b");
    EXPECT_EQ(trim(" \r\n "), "");
}

} // namespace
} // namespace ringwall::text

// SPDX-License-Identifier: Apache-2.0
#include "agent/text/ascii.hpp"

#include <gtest/gtest.h>

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
    EXPECT_FALSE(is('\0', 0xff));
    EXPECT_TRUE(is_visible("a\xc3\xa9~"));
    for (const char c : std::string_view(" \t\n\x7f\x01")) EXPECT_FALSE(is_visible(std::string_view(&c, 1)));
}

TEST(Trim, takes_blanks_and_folds_from_both_ends) {
    EXPECT_EQ(trim(" \t\r\n a b\r\n "), "a b");
    EXPECT_EQ(trim(" \r\n "), "");
}

} // namespace
} // namespace ringwall::text

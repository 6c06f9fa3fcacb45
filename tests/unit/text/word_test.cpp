// SPDX-License-Identifier: Apache-2.0
#include "agent/text/word.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::text {
namespace {

// Each byte of a right text changed to each other value: only the other case of a letter is still the word.
template <Word word>
void expect_only_itself() {
    const std::string right(word.bytes, word.size);
    EXPECT_TRUE(is_word<word>(right));
    EXPECT_FALSE(is_word<word>(right + "x"));
    EXPECT_FALSE(is_word<word>(right.substr(1)));
    for (size_t i = 0; i < right.size(); ++i) {
        for (int c = 0; c < 256; ++c) {
            std::string other = right;
            other[i] = static_cast<char>(c);
            const bool is_same = c < 128 && std::tolower(c) == right[i];
            EXPECT_EQ(is_word<word>(other), is_same) << other;
        }
    }
}

TEST(Word, is_compared_without_its_case_and_with_all_else) {
    expect_only_itself<"v">();
    expect_only_itself<"to">();
    expect_only_itself<"via">();
    expect_only_itself<"cseq">();
    expect_only_itself<"100rel">();
    expect_only_itself<"call-id">();
    expect_only_itself<"replaces">();
    expect_only_itself<"user-agent">();
    expect_only_itself<"session-expires">();
    expect_only_itself<"content-encoding">();
    expect_only_itself<"content-transfer-encoding">();
}

} // namespace
} // namespace ringwall::text

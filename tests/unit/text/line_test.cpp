// SPDX-License-Identifier: Apache-2.0
#include "agent/text/line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::text {
namespace {

struct Found {
    LineEnd kind;
    size_t end, next;
    bool operator==(const Found&) const = default;
};

Found find(const std::string& text) {
    const Line line = find_line_end(text.data(), text.data() + text.size());
    return {line.kind, static_cast<size_t>(line.end - text.data()), static_cast<size_t>(line.next - text.data())};
}

// Whatever the place of the end in the sixteen or eight bytes that are looked at together.
TEST(LineEnd, is_found_at_every_offset) {
    for (size_t length = 0; length < 40; ++length) {
        const std::string text(length, 'x');
        EXPECT_EQ(find(text + "\r\nrest"), (Found{LineEnd::found, length, length + 2}));
        EXPECT_EQ(find(text + "\nrest"), (Found{LineEnd::found, length, length + 1}));
        EXPECT_EQ(find(text + "\t\x01\x0f\xff\x80\n"), (Found{LineEnd::found, length + 5, length + 6}));
        EXPECT_EQ(find(text), (Found{LineEnd::missing, length, length}));
        EXPECT_EQ(find(text + "\r"), (Found{LineEnd::missing, length + 1, length + 1}));
        EXPECT_EQ(find(text + "\rx\n"), (Found{LineEnd::forbidden, length, length}));
        EXPECT_EQ(find(text + std::string("\0x\n", 3)), (Found{LineEnd::forbidden, length, length}));
    }
}

} // namespace
} // namespace ringwall::text

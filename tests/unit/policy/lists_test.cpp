// SPDX-License-Identifier: Apache-2.0
// What public lists look like, and what is none.
#include "policy/lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> entries(std::string_view text) {
    std::vector<std::string> all;
    for (const Listed& each : read_list(text).entries)
        all.push_back(std::to_string(each.line) + " " + each.prefix.to_string());
    return all;
}

std::vector<std::string> broken(std::string_view text) {
    std::vector<std::string> all;
    for (const Mistake& each : read_list(text).broken) all.push_back(to_string(each, "f"));
    return all;
}

TEST(List, takes_addresses_and_prefixes_of_both_families_with_their_lines) {
    EXPECT_THAT(entries("192.0.2.1\n\n198.51.100.0/24\n2001:db8::/32\n2001:db8::1"),
                ElementsAre("1 192.0.2.1/32", "3 198.51.100.0/24", "4 2001:db8::/32", "5 2001:db8::1/128"));
}

TEST(List, reads_what_is_published) {
    // Spamhaus DROP; with CR LF; with a count after a tab; with a remark; as CSV; a byte order mark before.
    EXPECT_THAT(entries("; Spamhaus DROP List\n1.10.16.0/20 ; SBL256894\n"), ElementsAre("2 1.10.16.0/20"));
    EXPECT_THAT(entries("# feodo\r\n192.0.2.1\r\n\r\n"), ElementsAre("2 192.0.2.1/32"));
    EXPECT_THAT(entries("192.0.2.1\t10\n"), ElementsAre("1 192.0.2.1/32"));
    EXPECT_THAT(entries("  192.0.2.1 # scanner, seen\n192.0.2.2#x\n192.0.2.3;y\n"),
                ElementsAre("1 192.0.2.1/32", "2 192.0.2.2/32", "3 192.0.2.3/32"));
    EXPECT_THAT(entries("192.0.2.1,2026-01-01,sip\n"), ElementsAre("1 192.0.2.1/32"));
    EXPECT_THAT(entries("\xef\xbb\xbf# list\n192.0.2.1"), ElementsAre("2 192.0.2.1/32"));
}

TEST(List, leaves_broken_lines_out_and_names_them) {
    const std::string_view text = "192.0.2.1\n\t192.0.2.256\nexample.net\n192.0.2.1/24\n192.0.2.2\n";
    EXPECT_THAT(entries(text), ElementsAre("1 192.0.2.1/32", "5 192.0.2.2/32"));
    EXPECT_THAT(broken(text), ElementsAre("f:2:2: expected an address, or a prefix without host bits",
                                          "f:3:1: expected an address, or a prefix without host bits",
                                          "f:4:1: expected an address, or a prefix without host bits"));
}

TEST(List, takes_no_range_for_its_first_address) {
    for (const char* range :
         {"192.0.2.0-192.0.2.255", "192.0.2.0 - 192.0.2.255", "192.0.2.0\t192.0.2.255\t24", "192.0.2.0 192.0.2.0/24"}) {
        EXPECT_THAT(entries(range), IsEmpty()) << range;
        EXPECT_EQ(read_list(range).broken_count, 1U) << range;
    }
}

TEST(List, never_holds_a_whole_family) {
    for (const char* all : {"0.0.0.0/0", "::/0", "any", "::/8", "::ffff:0.0.0.0/96"})
        EXPECT_THAT(entries(all), IsEmpty()) << all;
    EXPECT_THAT(entries("0.0.0.0/1\n128.0.0.0/1\n8000::/1\n"),
                ElementsAre("1 0.0.0.0/1", "2 128.0.0.0/1", "3 8000::/1"));
}

TEST(List, of_which_more_is_broken_than_good_is_none) {
    EXPECT_FALSE(read_list("192.0.2.1\nx\n").is_no_list());
    EXPECT_TRUE(read_list("192.0.2.1\nx\ny\n").is_no_list());
    EXPECT_TRUE(read_list("# nothing\n").is_no_list());
    EXPECT_TRUE(read_list("").is_no_list());
}

TEST(List, names_ten_broken_lines_and_counts_all) {
    std::string text = "192.0.2.1\n";
    for (int i = 0; i < 12; ++i) text += "x\n";
    const ListContents contents = read_list(text);
    EXPECT_EQ(contents.broken.size(), 10U);
    EXPECT_EQ(contents.broken_count, 12U);
}

TEST(List, reads_a_line_of_1024_bytes_and_none_longer) {
    const auto line = [](size_t size) { return "192.0.2.1 #" + std::string(size - 11, 'x'); };
    EXPECT_THAT(entries(line(1024)), ElementsAre("1 192.0.2.1/32"));
    EXPECT_THAT(broken(line(1025)), ElementsAre("f:1:1: longer than 1024 bytes"));
}

} // namespace
} // namespace ringwall::policy

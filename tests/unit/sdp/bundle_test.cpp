// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sdp/reading.hpp"

namespace ringwall::sdp {
namespace {

// "GROUP.RANK" of each m-line with these tags, "-" of one in no group.
std::string bundles(const std::string& groups, const std::vector<std::string>& mids) {
    std::string text = connected + groups;
    for (const std::string& mid : mids)
        text += "m=audio 40000 RTP/AVP 0\r\n" + (mid.empty() ? "" : "a=mid:" + mid + "\r\n");
    const Reading read(text);
    EXPECT_EQ(read.refused, std::nullopt);
    std::string all;
    for (size_t i = 0; i < mids.size(); ++i)
        all += (i == 0 ? "" : " ") +
               (read[i].bundle == 0 ? "-" : std::to_string(read[i].bundle) + "." + std::to_string(read[i].bundle_rank));
    return all;
}

TEST(Bundle, is_the_m_lines_whose_tags_it_lists_in_its_order) {
    EXPECT_EQ(bundles("a=group:BUNDLE a v\r\n", {"a", "v"}), "1.0 1.1");
    EXPECT_EQ(bundles("a=group:BUNDLE v  a \r\n", {"a", "v"}), "1.1 1.0");
    EXPECT_EQ(bundles("a=group:BUNDLE v\r\n", {"a", "v"}), "- 1.0");
    EXPECT_EQ(bundles("a=group:BUNDLE a v\r\na=group:BUNDLE t\r\n", {"a", "v", "t"}), "1.0 1.1 2.0");
    EXPECT_EQ(bundles("a=group:LS a v\r\na=group:BUNDLE a v\r\n", {"a", "v"}), "1.0 1.1");
}

TEST(Bundle, is_none_where_it_cannot_be_told_whom_it_means) {
    EXPECT_EQ(bundles("", {"a", "v"}), "- -");
    EXPECT_EQ(bundles("a=group:BUNDLE\r\n", {"a", "v"}), "- -");
    EXPECT_EQ(bundles("a=group:BUNDLES a v\r\n", {"a", "v"}), "- -");
    EXPECT_EQ(bundles("a=group:BUNDLE a v\r\n", {"a", ""}), "- -");
    EXPECT_EQ(bundles("a=group:BUNDLE a v\r\n", {"a", "v", "v"}), "- - -");
    EXPECT_EQ(bundles("a=group:BUNDLE a v a\r\n", {"a", "v"}), "- -");
    EXPECT_EQ(bundles("a=group:BUNDLE a v\r\na=group:BUNDLE v t\r\n", {"a", "v", "t"}), "1.0 1.1 -");
}

TEST(Bundle, groups_are_no_more_than_m_lines_can_be) {
    std::string groups;
    for (size_t i = 0; i < max_bundles; ++i) groups += "a=group:BUNDLE x\r\n";
    EXPECT_EQ(bundles(groups, {"a"}), "-");
    EXPECT_EQ(Reading(connected + groups + "a=group:BUNDLE x\r\n").refused, Defect::too_many);
}

TEST(Bundle, is_of_its_own_description) {
    auto session = std::make_unique<Session>();
    const std::string lines = "m=audio 40000 RTP/AVP 0\r\na=mid:a\r\nm=audio 40002 RTP/AVP 0\r\na=mid:v\r\n";
    const std::string bundled = connected + "a=group:BUNDLE a v\r\n" + lines, alone = connected + lines;
    ASSERT_TRUE(parse(bundled, *session));
    EXPECT_TRUE(session->media()[1].bundle == 1 && session->media()[1].bundle_rank == 1);
    ASSERT_TRUE(parse(alone, *session));
    EXPECT_TRUE(session->media()[1].bundle == 0 && session->media()[1].bundle_rank == 0);
}

} // namespace
} // namespace ringwall::sdp

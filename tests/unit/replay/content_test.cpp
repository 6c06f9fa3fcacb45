// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/content.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ringwall::replay {
namespace {

using Kind = Content::Kind;

Content of(unsigned first, unsigned second, size_t length = 12) {
    std::string payload(length, '\0');
    if (length > 0) payload[0] = static_cast<char>(first);
    if (length > 1) payload[1] = static_cast<char>(second);
    return Content::of(payload);
}

TEST(Content, of_128_to_191_is_RTP_or_RTCP) {
    for (const unsigned first : {128U, 191U}) {
        EXPECT_EQ(of(first, 0), (Content{Kind::rtp, 0}));
        EXPECT_EQ(of(first, 0x80 | 8), (Content{Kind::rtp, 8})); // the marker is not of the type
        EXPECT_EQ(of(first, 191).kind, Kind::rtp);
        EXPECT_EQ(of(first, 192).kind, Kind::rtcp);
        EXPECT_EQ(of(first, 223).kind, Kind::rtcp);
        EXPECT_EQ(of(first, 224), (Content{Kind::rtp, 96}));
    }
    for (const unsigned first : {0U, 20U, 127U, 192U, 255U}) EXPECT_EQ(of(first, 0).kind, Kind::other);
}

TEST(Content, that_is_shorter_than_its_header_is_neither) {
    EXPECT_EQ(of(128, 0, 0).kind, Kind::nothing);
    EXPECT_EQ(of(128, 200, 3).kind, Kind::other);
    EXPECT_EQ(of(128, 200, 4).kind, Kind::rtcp);
    EXPECT_EQ(of(128, 0, 11).kind, Kind::other);
}

} // namespace
} // namespace ringwall::replay

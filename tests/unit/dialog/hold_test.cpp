// SPDX-License-Identifier: Apache-2.0
// Which m-lines are held by an address that is none, and what of the session before goes on for them.
#include "agent/dialog/hold.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace ringwall::dialog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<uint8_t> held(const std::string& connection, const std::string& media) {
    static const auto session = std::make_unique<sdp::Session>();
    const std::string text = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\n" + connection + "t=0 0\r\n" + media;
    EXPECT_TRUE(sdp::parse(text, *session)) << text;
    return held_without_address(*session);
}

TEST(Hold, is_an_address_of_zeros_in_either_family_for_the_session_or_an_m_line) {
    const std::string audio = "m=audio 40000 RTP/AVP 0\r\n", zero4 = "c=IN IP4 0.0.0.0\r\n", zero6 = "c=IN IP6 ::\r\n";
    const std::string own = "c=IN IP4 192.0.2.10\r\n";
    EXPECT_THAT(held(zero4, audio + audio), ElementsAre(0, 1));
    EXPECT_THAT(held(zero6, audio), ElementsAre(0));
    EXPECT_THAT(held(own, audio + audio + zero4), ElementsAre(1));
    EXPECT_THAT(held(zero4, audio + own + audio), ElementsAre(1));
    EXPECT_THAT(held(own, audio), IsEmpty());
}

TEST(Hold, is_not_a_rejected_line_a_name_one_address_of_two_or_ice) {
    const std::string zero = "c=IN IP4 0.0.0.0\r\n";
    EXPECT_THAT(held(zero, "m=audio 0 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(held("c=IN IP4 pbx.example.com\r\n", "m=audio 40000 RTP/AVP 0\r\n"), IsEmpty());
    EXPECT_THAT(held("", "m=audio 40000 RTP/AVP 0\r\n" + zero + "c=IN IP4 192.0.2.10\r\n"), IsEmpty());
    EXPECT_THAT(held(zero, "m=audio 9 RTP/AVP 0\r\na=ice-ufrag:8hhY\r\n"), IsEmpty());
}

TEST(Hold, keeps_the_claims_of_its_own_lines_only) {
    const auto claim = [](uint8_t media, uint16_t port) {
        return pinhole::Claim{.local = {IpAddress::v4(0xc000020a), Port{port}}, .media = media};
    };
    const auto kept = with_held_lines({claim(1, 41000)}, {0}, {claim(0, 40000), claim(0, 40001), claim(1, 40002)});
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0].local.port, Port{41000});
    EXPECT_FALSE(kept[0].is_held);
    EXPECT_EQ(kept[1].local.port, Port{40000});
    EXPECT_EQ(kept[2].local.port, Port{40001});
    EXPECT_TRUE(kept[1].is_held && kept[2].is_held);
}

} // namespace
} // namespace ringwall::dialog

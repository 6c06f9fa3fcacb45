// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/descriptions.hpp"

#include <gtest/gtest.h>

namespace ringwall::replay {
namespace {

Endpoint at(const char* address, uint16_t port) { return {IpAddress::parse(address).value(), Port{port}}; }

class DescriptionsTest : public testing::Test {
protected:
    Descriptions descriptions;

    // An INVITE of call "one" with these lines behind the session's.
    void hear(bool is_outbound, const std::string& lines) {
        const std::string body =
            "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n" + lines;
        const std::string text =
            "INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
            "To: <sip:b@y>\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n" +
            body;
        descriptions.hear({.outbound = is_outbound, .payload = text});
    }
    const Said& said() const { return *descriptions.of("one"); }
    uint64_t passed_in(const Endpoint& from, Content content) {
        const uint64_t before = said().beside_in;
        descriptions.pass_beside(false, from, content);
        return said().beside_in - before;
    }
    static constexpr Content rtp{Content::Kind::rtp, 0}, rtcp{Content::Kind::rtcp, 0}, other{Content::Kind::other, 0};
};

TEST_F(DescriptionsTest, tell_an_m_line_of_audio_from_others) {
    EXPECT_EQ(descriptions.of("one"), nullptr);
    hear(true, "m=audio 10000 RTP/AVP 0 96\r\nm=video 10002 RTP/AVP 97\r\nm=image 10004 udptl t38\r\n");
    EXPECT_TRUE(said().has_audio);
    EXPECT_TRUE(said().is_audio(0, 97)); // a port of its own: whatever comes
    EXPECT_FALSE(said().is_audio(1, 96));
    EXPECT_TRUE(said().is_audio(2, 0));
    EXPECT_TRUE(said().is_audio(3, 0)); // of which nothing is known
}

TEST_F(DescriptionsTest, of_a_bundle_go_by_payload_type) {
    hear(true, "a=group:BUNDLE 0 1\r\nm=audio 10000 RTP/AVP 0\r\na=mid:0\r\nm=video 10000 RTP/AVP 97\r\na=mid:1\r\n");
    EXPECT_TRUE(said().is_audio(0, 0));
    EXPECT_FALSE(said().is_audio(0, 97));
    EXPECT_TRUE(said().is_audio(0, 98)); // listed nowhere: the port's
}

TEST_F(DescriptionsTest, know_a_call_without_audio_and_one_that_turns_to_fax) {
    hear(true, "m=video 10000 RTP/AVP 97\r\nm=audio 0 RTP/AVP 0\r\n");
    EXPECT_FALSE(said().has_audio);
    EXPECT_FALSE(said().is_audio(0, 97));
    hear(false, "m=image 10000 udptl t38\r\n");
    EXPECT_TRUE(said().has_audio);
    EXPECT_TRUE(said().is_audio(0, 0));
}

TEST_F(DescriptionsTest, count_audio_beside_pinholes_where_the_outside_wants_it) {
    hear(true, "m=audio 10000 RTP/AVP 0\r\n");
    EXPECT_EQ(passed_in(at("198.51.100.7", 10000), rtp), 0U); // named by the inside
    hear(false, "m=audio 30000 RTP/AVP 0\r\nm=video 30002 RTP/AVP 97\r\nm=image 30004 udptl t38\r\n");
    EXPECT_EQ(passed_in(at("198.51.100.7", 30000), rtp), 1U);
    EXPECT_EQ(passed_in(at("198.51.100.7", 30000), rtcp), 0U);
    EXPECT_EQ(passed_in(at("198.51.100.7", 30000), other), 0U);
    EXPECT_EQ(passed_in(at("198.51.100.7", 30002), rtp), 0U);
    EXPECT_EQ(passed_in(at("198.51.100.7", 30004), other), 1U); // UDPTL
    EXPECT_EQ(passed_in(at("198.51.100.8", 30000), rtp), 0U);
}

} // namespace
} // namespace ringwall::replay

// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sdp/reading.hpp"

namespace ringwall::sdp {
namespace {

using enum Defect;

TEST(Session, without_m_lines_is_valid_and_empty) {
    const Reading reading(connected);
    EXPECT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading.count(), 0U);
    EXPECT_EQ(Reading("v=0").refused, std::nullopt);
}

TEST(Session, begins_with_version_0) {
    EXPECT_EQ(Reading("").refused, missing_version);
    EXPECT_EQ(Reading("\r\n\r\n").refused, missing_version);
    EXPECT_EQ(Reading(std::string(1, '\0')).refused, missing_version);
    EXPECT_EQ(Reading("s=-\r\nv=0\r\n").refused, missing_version);
    EXPECT_EQ(Reading("v=1\r\n").refused, bad_version);
    EXPECT_EQ(Reading("v=\r\n").refused, bad_version);
    EXPECT_EQ(Reading("v=0\r\nv=0\r\n").refused, bad_version);
}

TEST(Session, says_nothing_of_media_in_its_origin) {
    for (const auto* line :
         {"", "o=\r\n", "o= 1 1 IN IP4 192.0.2.1\r\n", "o=- 1 1 IN IP4\r\n", "o=a b 1 1 IN IP4 h\r\n"})
        EXPECT_EQ(Reading("v=0\r\n" + std::string(line) + "s=-\r\n").refused, std::nullopt) << line;
    EXPECT_EQ(Reading(beginning + "o=- 1 1 IN IP4 192.0.2.1\r\n").refused, std::nullopt);
}

TEST(Session, lines_may_end_in_lf_and_the_last_in_nothing) {
    for (const auto* text : {"v=0\ns=-\n", "v=0\r\ns=-", "v=0\ns=-\r", "v=0\r\ns=-\r\n\r\n\n\r\n", "v=0\ns=-\n\n"})
        EXPECT_EQ(Reading(text).refused, std::nullopt) << text;
}

TEST(Session, ends_where_only_nuls_and_line_ends_follow) {
    const std::string last = "m=audio 4000 RTP/AVP 0\r\n", nul(1, '\0');
    for (const auto& tail : {nul, nul + nul + nul, "\r\n" + nul, nul + "\r\n", "\n\n\r\n" + nul + "\n"})
        EXPECT_EQ(Reading(connected + last + tail).count(), 1U);
    EXPECT_EQ(Reading(connected + "m=audio 4000 RTP/AVP 0" + nul).count(), 1U);
    for (const auto& more : {nul + last, "\r\n" + nul + "\r\n" + last, nul + "a=x", nul + " "})
        EXPECT_EQ(Reading(connected + last + more).refused, bad_line);
}

TEST(Session, every_line_is_a_letter_and_a_value) {
    for (const auto* line : {"hello\r\n", "a\r\n", "=x\r\n", " =x\r\n", "1=x\r\n", "\r\na=x\r\n", "ab=x\r\n"})
        EXPECT_EQ(Reading(connected + line).refused, bad_line) << line;
    EXPECT_EQ(Reading(connected + "a=x\ry\r\n").refused, bad_line);
    EXPECT_EQ(Reading(connected + std::string("a=x\0y\r\n", 7)).refused, bad_line);
    EXPECT_EQ(Reading(connected + "z=unknown\r\ny=too\r\nX=:\r\na=\r\ni=\r\n").refused, std::nullopt);
}

TEST(Session, is_limited_in_m_lines_and_lines) {
    std::string media;
    for (size_t i = 0; i < max_media; ++i) media += "m=audio 4000 RTP/AVP 0\r\n";
    EXPECT_EQ(Reading(connected + media).count(), max_media);
    EXPECT_EQ(Reading(connected + media + "m=audio 4000 RTP/AVP 0\r\n").refused, too_many);
    std::string lines = "v=0\n";
    for (size_t i = 1; i < max_lines; ++i) lines += "a=x\n";
    EXPECT_EQ(Reading(lines).refused, std::nullopt);
    EXPECT_EQ(Reading(lines + "a=x\n").refused, too_many);
}

TEST(Session, gives_its_connection_to_media_that_has_none) {
    const Reading reading(connected + "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\nc=IN IP6 2001:db8::2\r\n");
    ASSERT_EQ(reading.count(), 2U);
    ASSERT_EQ(reading[0].connection_count, 1U);
    EXPECT_EQ(reading[0].connections()[0].address, IpAddress::parse("192.0.2.1"));
    ASSERT_EQ(reading[1].connection_count, 1U);
    EXPECT_EQ(reading[1].connections()[0].address, IpAddress::parse("2001:db8::2"));
}

TEST(Session, needs_a_connection_for_media_that_flows) {
    const std::string media = "m=audio 4000 RTP/AVP 0\r\n", own = "c=IN IP4 192.0.2.9\r\n";
    EXPECT_EQ(Reading(beginning + media + own).refused, std::nullopt);
    EXPECT_EQ(Reading(beginning + media).refused, missing_connection);
    EXPECT_EQ(Reading(beginning + media + own + media).refused, missing_connection);
    EXPECT_EQ(Reading(beginning + media + media + own).refused, missing_connection);
    EXPECT_EQ(Reading(beginning + "m=audio 0 RTP/AVP 0\r\n").refused, std::nullopt);
    EXPECT_EQ(Reading(beginning + "m=audio 0 RTP/AVP 0\r\na=bundle-only\r\n").refused, missing_connection);
    EXPECT_EQ(Reading(connected + own).refused, bad_connection) << "two for the session";
}

TEST(Session, gives_direction_setup_and_ice_to_media_that_says_nothing) {
    const Reading reading(connected +
                          "a=inactive\r\na=setup:passive\r\na=ice-ufrag:uf\r\n"
                          "m=audio 4000 RTP/AVP 0\r\n"
                          "m=audio 4002 RTP/AVP 0\r\na=sendonly\r\na=setup:active\r\na=ice-ufrag:other\r\n");
    ASSERT_EQ(reading.count(), 2U);
    EXPECT_EQ(reading[0].direction, Direction::inactive);
    EXPECT_EQ(reading[0].setup, Setup::passive);
    EXPECT_EQ(reading[0].ice_ufrag, "uf");
    EXPECT_TRUE(reading[0].is_ice);
    EXPECT_EQ(reading[1].direction, Direction::sendonly);
    EXPECT_EQ(reading[1].setup, Setup::active);
    EXPECT_EQ(reading[1].ice_ufrag, "other");
}

TEST(Session, bandwidth_is_a_hint_in_kilobits) {
    EXPECT_EQ(in_media("b=AS:64\r\n")[0].bandwidth_kbps, 64U);
    EXPECT_EQ(in_media("b=TIAS:64001\r\n")[0].bandwidth_kbps, 65U);
    EXPECT_EQ(in_media("b=TIAS:64000\r\nb=AS:80\r\n")[0].bandwidth_kbps, 80U);
    EXPECT_EQ(in_media("b=AS:80\r\nb=TIAS:64000\r\n")[0].bandwidth_kbps, 80U);
    for (const auto* none : {"b=RR:800\r\n", "b=AS:4294967296\r\n", "b=AS:\r\n", "b=AS\r\n", "b=X-AS:1\r\n"})
        EXPECT_EQ(in_media(none)[0].bandwidth_kbps, std::nullopt) << none;
}

TEST(Session, names_at_most_128_endpoints_in_all) {
    const std::string two = "c=IN IP4 192.0.2.7\r\nc=IN IP4 192.0.2.8\r\n";
    EXPECT_EQ(Reading(connected + "m=audio 4000/64 RTP/AVP 0\r\n" + two).refused, std::nullopt);
    EXPECT_EQ(Reading(connected + "m=audio 4000/65 RTP/AVP 0\r\n" + two).refused, too_many);
    const std::string half = "m=audio 4000/64 RTP/AVP 0\r\n";
    EXPECT_EQ(Reading(connected + half + half).refused, std::nullopt);
    EXPECT_EQ(Reading(connected + half + half + "m=audio 4000 RTP/AVP 0\r\n").refused, too_many);
}

TEST(Session, keeps_nothing_of_the_one_before) {
    const std::string first = connected +
                              "a=sendonly\r\nm=audio 4000/2 RTP/AVP 0\r\nc=IN IP4 192.0.2.7\r\nb=AS:1\r\n"
                              "a=ptime:20\r\na=mid:x\r\na=rtcp:9\r\na=rtcp-mux\r\na=rtcp-mux-only\r\n"
                              "a=bundle-only\r\na=setup:active\r\na=ice-ufrag:u\r\n"
                              "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    const std::string second = connected + "m=image 5000 udptl t38\r\n";
    Session session;
    ASSERT_TRUE(parse(first, session));
    ASSERT_TRUE(parse(second, session));
    const Media& media = session.media()[0];
    EXPECT_EQ(media.candidate_count + media.payload_type_count + media.mid.size() + media.ice_ufrag.size(), 0U);
    EXPECT_EQ(media.connection_count, 1U);
    EXPECT_EQ(media.port_count, 1);
    EXPECT_EQ(media.direction, Direction::sendrecv);
    EXPECT_EQ(media.setup, Setup::none);
    EXPECT_FALSE(media.rtcp || media.ptime_ms || media.bandwidth_kbps || media.rtcp_mux || media.rtcp_mux_only ||
                 media.bundle_only || media.is_ice || media.rtcp_has_address);
}

TEST(Session, error_offsets_point_at_the_line) {
    const auto reading = in_media("a=rtcp:x\r\na=y\r\n");
    EXPECT_EQ(reading.bytes.substr(reading.offset, 8), "a=rtcp:x");
}

TEST(SdpDefects, have_a_label_each) {
    for (size_t i = 0; i <= static_cast<size_t>(too_many); ++i) EXPECT_FALSE(to_string(static_cast<Defect>(i)).empty());
    EXPECT_EQ(to_string(bad_line), "bad_line");
    EXPECT_EQ(to_string(bad_port), "bad_port");
    EXPECT_EQ(to_string(missing_connection), "missing_connection");
    EXPECT_EQ(to_string(too_many), "too_many");
}

} // namespace
} // namespace ringwall::sdp

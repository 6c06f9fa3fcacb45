// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sdp/reading.hpp"

namespace ringwall::sdp {
namespace {

Reading read(const std::string& value) { return Reading(connected + "m=" + value + "\r\n"); }

TEST(Media, has_type_port_protocol_and_payload_types) {
    const auto reading = read("audio 49170 RTP/AVP 0 8 127");
    ASSERT_EQ(reading.count(), 1U);
    EXPECT_EQ(reading[0].type, MediaType::audio);
    EXPECT_EQ(reading[0].port, Port{49170});
    EXPECT_EQ(reading[0].port_count, 1);
    EXPECT_EQ(reading[0].protocol, "RTP/AVP");
    ASSERT_EQ(reading[0].payload_type_count, 3U);
    EXPECT_EQ(reading[0].payload_types()[2], 127);
}

TEST(Media, types_are_the_registry_s) {
    EXPECT_EQ(read("VIDEO 4 RTP/AVP 31")[0].type, MediaType::video);
    EXPECT_EQ(read("text 4 RTP/AVP 98")[0].type, MediaType::text);
    EXPECT_EQ(read("image 4 udptl t38")[0].type, MediaType::image);
    EXPECT_EQ(read("application 4 TCP/BFCP *")[0].type, MediaType::application);
    EXPECT_EQ(read("message 4 TCP/MSRP *")[0].type, MediaType::message);
    EXPECT_EQ(read("audio1 4 RTP/AVP 0")[0].type, MediaType::other);
}

TEST(Media, transport_follows_from_the_protocol) {
    for (const auto* protocol : {"RTP/AVP", "RTP/SAVP", "rtp/avpf", "UDP/TLS/RTP/SAVPF"})
        EXPECT_EQ(read("audio 4 " + std::string(protocol) + " 0")[0].transport, Transport::rtp) << protocol;
    for (const auto* protocol : {"TCP", "TCP/MSRP", "TCP/TLS/MSRP", "TCP/BFCP", "TCP/DTLS/SCTP"})
        EXPECT_EQ(read("audio 4 " + std::string(protocol) + " *")[0].transport, Transport::tcp) << protocol;
    for (const auto* protocol : {"udptl", "UDPTL", "UDP/TLS/UDPTL"})
        EXPECT_EQ(read("image 4 " + std::string(protocol) + " t38")[0].transport, Transport::udptl) << protocol;
    for (const auto* protocol : {"UDP/DTLS/SCTP", "DTLS/SCTP"})
        EXPECT_EQ(read("application 4 " + std::string(protocol) + " 5000")[0].transport, Transport::sctp_dtls)
            << protocol;
    for (const auto* protocol : {"udp", "UDP/BFCP", "XRTP/AVP", "x"})
        EXPECT_EQ(read("application 4 " + std::string(protocol) + " *")[0].transport, Transport::other) << protocol;
    EXPECT_EQ(read("audio 4 TCP/RTP/AVP 0")[0].transport, Transport::tcp);
    EXPECT_EQ(read("audio 4 TCP/RTP/AVP 0")[0].payload_type_count, 1U);
}

TEST(Media, ports_are_ports) {
    EXPECT_EQ(read("audio 65535 RTP/AVP 0")[0].port, Port{65535});
    for (const auto* bad :
         {"65536", "99999", "-1", "x", "4294967297", "0x10", "4000/", "4000/0", "4000/x", "/2", "4000/-1"})
        EXPECT_EQ(read("audio " + std::string(bad) + " RTP/AVP 0").refused, Defect::bad_port) << bad;
}

TEST(Media, port_counts_are_pairs_for_rtp_and_end_within_the_ports) {
    EXPECT_EQ(read("audio 49170/2 RTP/AVP 0")[0].port_count, 2);
    EXPECT_EQ(read("audio 65533/2 RTP/AVP 0").refused, std::nullopt);
    EXPECT_EQ(read("audio 65534/2 RTP/AVP 0").refused, Defect::bad_port);
    EXPECT_EQ(read("image 65534/2 udptl t38").refused, std::nullopt);
    EXPECT_EQ(read("image 65535/2 udptl t38").refused, Defect::bad_port);
}

TEST(Media, port_0_is_rejected_unless_bundle_only) {
    EXPECT_TRUE(read("audio 0 RTP/AVP 0")[0].is_rejected());
    EXPECT_TRUE(read("audio 0 RTP/AVP")[0].is_rejected());
    EXPECT_TRUE(read("audio 0 RTP/AVP what ever")[0].is_rejected());
    EXPECT_FALSE(read("audio 0 RTP/AVP 0\r\na=bundle-only")[0].is_rejected());
    EXPECT_FALSE(read("audio 9 RTP/AVP 0")[0].is_rejected());
}

TEST(Media, payload_types_of_rtp_are_seven_bits_and_formats_of_others_anything) {
    EXPECT_EQ(read("audio 4 RTP/AVP 128").refused, Defect::bad_media);
    EXPECT_EQ(read("audio 4 RTP/AVP pcmu").refused, Defect::bad_media);
    EXPECT_EQ(read("audio 4 RTP/AVP 0 -1").refused, Defect::bad_media);
    EXPECT_EQ(read("audio 4 RTP/AVP")[0].payload_type_count, 0U);
    EXPECT_EQ(read("application 4 UDP/DTLS/SCTP webrtc-datachannel 300").refused, std::nullopt);
    std::string types;
    for (size_t i = 0; i < max_payload_types; ++i) types += " " + std::to_string(i);
    EXPECT_EQ(read("video 4 RTP/AVP" + types)[0].payload_type_count, max_payload_types);
    EXPECT_EQ(read("video 4 RTP/AVP" + types + " 0").refused, Defect::too_many);
}

TEST(Media, line_has_its_fields) {
    for (const auto* bad : {"", "audio", "audio 4000", "audio 4000 ", "au;dio 4000 RTP/AVP 0"})
        EXPECT_EQ(read(bad).refused, Defect::bad_media) << bad;
}

} // namespace
} // namespace ringwall::sdp

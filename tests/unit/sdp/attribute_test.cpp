// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sdp/reading.hpp"

namespace ringwall::sdp {
namespace {

std::optional<Defect> refusal(const std::string& line) { return in_media("a=" + line + "\r\n").refused; }

TEST(Attribute, rtcp_names_a_port_and_maybe_an_address) {
    const auto alone = in_media("a=rtcp:53020\r\n");
    EXPECT_EQ(alone[0].rtcp, (Endpoint{*IpAddress::parse("192.0.2.1"), Port{53020}}));
    EXPECT_FALSE(alone[0].rtcp_has_address);
    const auto whole = in_media("a=rtcp:53020 IN IP6 2001:db8::5\r\n");
    EXPECT_EQ(whole[0].rtcp, (Endpoint{*IpAddress::parse("2001:db8::5"), Port{53020}}));
    EXPECT_TRUE(whole[0].rtcp_has_address);
    const auto before = in_media("a=rtcp:53020\r\nc=IN IP4 192.0.2.77\r\n");
    EXPECT_EQ(before[0].rtcp->address, IpAddress::parse("192.0.2.77")) << "its own c= counts wherever it stands";
    EXPECT_TRUE(in_media("a=rtcp:53020 IN IP4 host.example\r\n")[0].rtcp->address.is_unspecified());
}

TEST(Attribute, rtcp_that_cannot_be_read_is_refused) {
    for (const auto* bad :
         {"rtcp:", "rtcp", "rtcp:65536", "rtcp:x", "rtcp:1 IN", "rtcp:1 IN IP4", "rtcp:1 IN IP4 2001:db8::1",
          "rtcp:1 IN IP7 192.0.2.1", "rtcp:1 IN IP4 192.0.2.1 x", "rtcp:1\r\na=rtcp:2"})
        EXPECT_EQ(refusal(bad), Defect::bad_rtcp) << bad;
}

TEST(Attribute, flags_are_whole_words) {
    const auto all = in_media("a=rtcp-mux\r\na=rtcp-mux-only\r\na=bundle-only\r\n");
    EXPECT_TRUE(all[0].rtcp_mux && all[0].rtcp_mux_only && all[0].bundle_only);
    const auto none = in_media("a=rtcp-muxx\r\na=RTCP-MUX\r\na=bundle\r\na=x:rtcp-mux\r\na=\r\n");
    EXPECT_FALSE(none[0].rtcp_mux || none[0].rtcp_mux_only || none[0].bundle_only);
    EXPECT_FALSE(in_media("a=rtcp-mux-only\r\n")[0].rtcp_mux);
}

TEST(Attribute, direction_is_the_last_one_said) {
    EXPECT_EQ(in_media("a=recvonly\r\n")[0].direction, Direction::recvonly);
    EXPECT_EQ(in_media("a=recvonly\r\na=inactive \r\n")[0].direction, Direction::inactive);
    EXPECT_EQ(in_media("a=sendonly\r\na=sendrecv\r\n")[0].direction, Direction::sendrecv);
}

TEST(Attribute, setup_is_one_of_four) {
    EXPECT_EQ(in_media("a=setup:active\r\n")[0].setup, Setup::active);
    EXPECT_EQ(in_media("a=setup:passive\r\n")[0].setup, Setup::passive);
    EXPECT_EQ(in_media("a=setup:actpass\r\n")[0].setup, Setup::actpass);
    EXPECT_EQ(in_media("a=setup:holdconn\r\n")[0].setup, Setup::holdconn);
    EXPECT_EQ(refusal("setup:maybe"), Defect::bad_attribute);
    EXPECT_EQ(refusal("setup"), Defect::bad_attribute);
}

TEST(Attribute, mid_ufrag_and_ptime_are_kept) {
    const auto reading = in_media("a=mid:0\r\na=ice-ufrag:8hhY\r\na=ptime:20\r\n");
    EXPECT_EQ(reading[0].mid, "0");
    EXPECT_EQ(reading[0].ice_ufrag, "8hhY");
    EXPECT_TRUE(reading[0].is_ice);
    EXPECT_EQ(reading[0].ptime_ms, 20U);
    EXPECT_EQ(in_media("a=ptime:22.5\r\n")[0].ptime_ms, 23U);
    EXPECT_EQ(in_media("a=ptime:22.0\r\n")[0].ptime_ms, 22U);
    for (const auto* none : {"ptime:", "ptime:x", "ptime:99999999999", "ptime:1.x", "maxptime:20"})
        EXPECT_EQ(in_media("a=" + std::string(none) + "\r\n")[0].ptime_ms, std::nullopt) << none;
    EXPECT_EQ(refusal("ice-ufrag:"), Defect::bad_attribute);
}

TEST(Candidate, is_kept_with_its_endpoint) {
    const auto reading = in_media(
        "a=candidate:1 1 UDP 2130706431 192.0.2.5 40000 typ host\r\n"
        "a=candidate:2 2 tcp 1 2001:db8::5 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active\r\n");
    ASSERT_EQ(reading[0].candidate_count, 2U);
    const auto& first = reading[0].candidates()[0];
    EXPECT_EQ(first.component, 1);
    EXPECT_EQ(first.endpoint, (Endpoint{*IpAddress::parse("192.0.2.5"), Port{40000}}));
    EXPECT_TRUE(first.is_udp);
    EXPECT_EQ(first.base, first.endpoint);
    const auto& second = reading[0].candidates()[1];
    EXPECT_EQ(second.component, 2);
    EXPECT_FALSE(second.is_udp);
    EXPECT_EQ(second.base, (Endpoint{*IpAddress::parse("10.0.0.1"), Port{9}}));
    EXPECT_TRUE(reading[0].is_ice);
}

TEST(Candidate, of_a_relay_or_without_a_related_address_has_no_base) {
    const auto reading = in_media(
        "a=candidate:1 1 udp 1 203.0.113.7 61000 typ relay raddr 192.0.2.10 rport 40000\r\n"
        "a=candidate:2 1 udp 1 203.0.113.7 61000 typ srflx\r\n"
        "a=candidate:3 1 udp 1 203.0.113.7 61000 typ srflx raddr name.example rport 40000\r\n"
        "a=candidate:4 1 udp 1 203.0.113.7 61000 typ prflx raddr 192.0.2.10 rport 65536\r\n"
        "a=candidate:5 1 udp 1 203.0.113.7 61000 typ prflx raddr 192.0.2.10 rport 40000 generation 0\r\n");
    ASSERT_EQ(reading[0].candidate_count, 5U);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(reading[0].candidates()[i].base, std::nullopt) << i;
    EXPECT_EQ(reading[0].candidates()[4].base, (Endpoint{*IpAddress::parse("192.0.2.10"), Port{40000}}));
}

TEST(Candidate, with_a_name_is_ignored_but_it_is_ice) {
    const auto reading = in_media("a=candidate:1 1 udp 1 1b2c-4d.local 40000 typ host\r\n");
    EXPECT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading[0].candidate_count, 0U);
    EXPECT_TRUE(reading[0].is_ice);
}

TEST(Candidate, that_cannot_be_read_is_none) {
    for (const auto* bad :
         {"", "1 1 udp 1 fe80::1%eth0 40000 typ host", "gX5dVlZx 1 qwe UDP 0.830 192.0.2.10 40000",
          "1 1 udp 1 192.0.2.5 65536 typ host", "1 0 udp 1 192.0.2.5 1 typ host", "1 257 udp 1 192.0.2.5 1 typ host",
          "1 1 udp x 192.0.2.5 1 typ host", "1 1 udp 1 192.0.2.500 1 typ host", "1 1 udp 1 192.0.2.5 1 host",
          "1 1 udp 1 192.0.2.5 1 typ", "1 1 udp 4294967296 192.0.2.5 1 typ host"}) {
        const auto reading =
            in_media("a=candidate:" + std::string(bad) + "\r\na=candidate:1 2 udp 1 192.0.2.6 40001 typ host\r\n");
        ASSERT_EQ(reading.refused, std::nullopt) << bad;
        ASSERT_EQ(reading[0].candidate_count, 1U) << bad;
        EXPECT_EQ(reading[0].candidates()[0].endpoint, Endpoint::parse("192.0.2.6:40001"));
        EXPECT_FALSE(in_media("a=candidate:" + std::string(bad) + "\r\n")[0].is_ice) << bad;
    }
}

TEST(Candidate, are_limited) {
    std::string lines;
    for (size_t i = 0; i < max_candidates; ++i) lines += "a=candidate:1 1 udp 1 192.0.2.5 40000 typ host\r\n";
    EXPECT_EQ(in_media(lines)[0].candidate_count, max_candidates);
    EXPECT_EQ(in_media(lines + "a=candidate:1 1 udp 1 192.0.2.5 40000 typ host\r\n").refused, Defect::too_many);
}

TEST(Path, names_the_first_hop_where_it_is_an_address) {
    const auto path = [](const std::string& uris) {
        const auto reading = in_media("a=path:" + uris + "\r\n");
        EXPECT_EQ(reading.refused, std::nullopt);
        return reading[0].path ? reading[0].path->to_string() : "";
    };
    EXPECT_EQ(path("msrp://192.0.2.5:2856/s111271;tcp"), "192.0.2.5:2856");
    EXPECT_EQ(path("msrps://alice@192.0.2.5:2856/s;tcp msrp://198.51.100.7:1/t;tcp"), "192.0.2.5:2856");
    EXPECT_EQ(path("msrp://[2001:db8::5]:2856/s;tcp"), "[2001:db8::5]:2856");
    EXPECT_EQ(path("msrp://192.0.2.5/s;tcp"), "192.0.2.5:2855"); // RFC 4975 15.4
    EXPECT_EQ(path("msrp://[2001:db8::5]/s;tcp"), "[2001:db8::5]:2855");
    for (const auto* other :
         {"msrp://relay.example.com:9000/s;tcp", "192.0.2.5:2856", "", "msrp://", "msrp://192.0.2.5:0/s",
          "msrp://192.0.2.5:65536/s", "msrp://2001:db8::5/s", "msrp://[192.0.2.5]:1/s"})
        EXPECT_EQ(path(other), "") << other;
    EXPECT_EQ(Reading(connected +
                      "m=message 2855 TCP/MSRP *\r\na=path:msrp://192.0.2.5:1/s;tcp\r\nm=audio 4000 RTP/AVP 0\r\n")[1]
                  .path,
              std::nullopt);
}

} // namespace
} // namespace ringwall::sdp

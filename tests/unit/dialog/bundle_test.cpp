// SPDX-License-Identifier: Apache-2.0
// What call scripts (bundle*.call) cannot say of bundles: candidates, RTCP that is not muxed, and who may send.
#include "agent/dialog/bundle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

using pinhole::Claim;
using testing::ElementsAre;
using testing::IsEmpty;

const Counterpart party{.signalling = {*IpAddress::parse("198.51.100.1"), Port{5060}}};

std::unique_ptr<sdp::Session> session_of(const std::string& address, const std::string& lines) {
    static std::vector<std::unique_ptr<std::string>> bodies; // sessions look into them
    const std::string named = "IN IP4 " + address + "\n";
    bodies.push_back(std::make_unique<std::string>("v=0\no=- 1 1 " + named + "s=-\nc=" + named + "t=0 0\n" + lines));
    auto session = std::make_unique<sdp::Session>();
    if (!sdp::parse(*bodies.back(), *session)) throw std::logic_error("bad SDP");
    return session;
}

std::vector<Claim> offered(const std::string& lines) {
    OfferRefusals refusals;
    const Naming naming{.inside_of = [](const Endpoint& named) { return named; },
                        .is_echo = [](const Endpoint&) { return false; }};
    return offer_of(*session_of("192.0.2.10", lines), policy_view(), party, naming, refusals);
}

Remote remote(const std::string& lines) { return remote_of(*session_of("198.51.100.7", lines), policy_view(), {}); }

std::vector<Claim> agreed(const std::string& offer, const std::string& answer) {
    const Remote theirs = remote(answer);
    return answered(as_bundled(offered(offer), theirs), theirs, party, {});
}

// "m-line:port", and behind RTCP's an r.
std::multiset<std::string> ports(const std::vector<Claim>& claims) {
    std::multiset<std::string> all;
    for (const Claim& claim : claims)
        all.insert(std::to_string(claim.media) + ":" + std::to_string(claim.local.port.value) +
                   (claim.component == pinhole::Component::rtcp ? "r" : ""));
    return all;
}

const std::string group = "a=group:BUNDLE a v\n";
std::string audio(const std::string& port) { return "m=audio " + port + " RTP/AVP 0\na=mid:a\n"; }
std::string video(const std::string& port) { return "m=video " + port + " RTP/AVP 96\na=mid:v\n"; }
const std::string mux = "a=rtcp-mux\n";

TEST(Bundled, m_lines_are_at_the_port_of_the_first_and_rtcp_at_its_own) {
    const std::string offer = group + audio("40000") + mux + video("40002") + mux;
    EXPECT_THAT(ports(agreed(offer, group + audio("30000") + mux + video("30000") + mux)),
                ElementsAre("0:40000", "1:40000"));
    EXPECT_THAT(ports(agreed(offer, group + audio("30000") + mux + video("30000"))), ElementsAre("0:40000", "1:40000"));
    EXPECT_THAT(ports(agreed(offer, group + audio("30000") + video("30000"))), // which RFC 9143 9.3 forbids
                ElementsAre("0:40000", "0:40001r", "1:40000", "1:40001r"));
    EXPECT_THAT(ports(agreed(offer, audio("30000") + mux + video("30000") + mux)), ElementsAre("0:40000", "1:40002"));
}

TEST(Bundled, m_lines_are_so_only_where_all_of_them_name_one_place) {
    const std::string offer = group + audio("40000") + mux + video("40002") + mux;
    const auto is_together = [&](const std::string& answer) {
        return ports(agreed(offer, answer)) == std::multiset<std::string>{"0:40000", "1:40000"};
    };
    EXPECT_TRUE(is_together(group + audio("30000") + mux + video("30000") + mux));
    EXPECT_TRUE(is_together(group + audio("30000") + mux + video("0") + "a=bundle-only\n"));
    EXPECT_FALSE(is_together(group + audio("30000") + mux + video("30001") + mux));
    EXPECT_FALSE(is_together(group + audio("30000") + mux + video("30000") + "c=IN IP4 198.51.100.8\n" + mux));
    EXPECT_FALSE(is_together(group + audio("30000") + mux + video("30000/2") + mux));
    EXPECT_FALSE(is_together(group + audio("0") + "a=bundle-only\n" + video("30000") + mux));
    EXPECT_FALSE(is_together("a=group:BUNDLE v a\n" + audio("30000") + mux + video("30000") + mux));
    EXPECT_FALSE(is_together("a=group:BUNDLE a\n" + audio("30000") + mux + video("30000") + mux));
}

TEST(Bundled, an_m_line_that_is_rejected_has_no_port) {
    const std::string offer = group + audio("40000") + mux + video("40002") + mux;
    EXPECT_THAT(ports(agreed(offer, "a=group:BUNDLE a\n" + audio("30000") + mux + video("0"))), ElementsAre("0:40000"));
    EXPECT_THAT(ports(agreed(offer, "a=group:BUNDLE v\n" + audio("0") + video("30000") + mux)), ElementsAre("1:40002"));
    EXPECT_THAT(ports(agreed(offer, group + audio("30000") + mux)), ElementsAre("0:40000"));
    EXPECT_THAT(agreed(offer, ""), IsEmpty());
}

TEST(Bundled, an_m_line_has_each_candidate_and_the_fragment_of_the_first) {
    const auto candidate = [](const std::string& port) {
        return "a=candidate:1 1 UDP 1 192.0.2.11 " + port + " typ host\n";
    };
    const std::string offer = group + audio("40000") + mux + "a=ice-ufrag:aa\n" + candidate("40010") + video("40002") +
                              mux + "a=ice-ufrag:vv\n" + candidate("40012") + candidate("40014");
    const auto claims = agreed(offer, group + audio("9") + mux + "a=ice-ufrag:theirs\n" + video("9"));
    EXPECT_THAT(ports(claims), ElementsAre("0:40000", "0:40010", "1:40000", "1:40010"));
    for (const Claim& claim : claims) {
        EXPECT_EQ(claim.ufrag_hash, claims[0].ufrag_hash);
        EXPECT_EQ(claim.constraint, claims[0].constraint) << claim.local.to_string();
    }
    EXPECT_NE(claims[0].ufrag_hash, 0U);
}

// Of two groups one cannot take from the other, nor can what was offered in none be taken.
TEST(Bundled, nothing_is_but_within_a_group_of_the_offers) {
    const std::string lines = audio("40000") + mux + video("40002") + mux,
                      answer = group + audio("30000") + mux + video("30000") + mux;
    EXPECT_THAT(ports(agreed(lines, answer)), ElementsAre("0:40000", "1:40002"));
    EXPECT_THAT(ports(agreed("a=group:BUNDLE v\n" + lines, answer)), ElementsAre("0:40000", "1:40002"));
    EXPECT_THAT(ports(agreed("a=group:BUNDLE a\na=group:BUNDLE v\n" + lines, answer)),
                ElementsAre("0:40000", "1:40002"));
    EXPECT_THAT(ports(agreed(group + lines, answer)), ElementsAre("0:40000", "1:40000"));
}

TEST(Bundled, a_claim_says_so_of_no_answer) {
    const std::string offer = group + audio("40000") + mux + video("40002") + mux;
    for (const Claim& claim : offered(offer)) EXPECT_EQ(claim.bundle, 1);
    for (const Claim& claim : agreed(offer, group + audio("30000") + mux + video("30002") + mux))
        EXPECT_EQ(claim.bundle, 0);
}

TEST(BundleOnly, is_claimed_at_the_port_of_the_first_as_long_as_that_is_the_insides) {
    EXPECT_THAT(ports(offered(group + audio("40000") + mux + video("0") + "a=bundle-only\n")),
                ElementsAre("0:40000", "0:40001r", "1:40000"));
    EXPECT_THAT(ports(offered(audio("40000") + mux + video("0") + "a=bundle-only\n")),
                ElementsAre("0:40000", "0:40001r"));
    EXPECT_THAT(ports(offered(group + audio("40000") + mux + video("0"))), ElementsAre("0:40000", "0:40001r"));
    EXPECT_THAT(offered(group + audio("9000") + mux + video("0") + "a=bundle-only\n"), IsEmpty());
}

TEST(BundleOnly, data_channels_beside_srtp_claim_nothing) {
    const std::string data = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\na=mid:v\na=bundle-only\n";
    const auto beside_srtp = offered(group + audio("40000") + mux + "a=fingerprint:sha-256 00\n" + data);
    EXPECT_THAT(ports(beside_srtp), ElementsAre("0:40000", "0:40001r"));
    EXPECT_TRUE(beside_srtp[0].is_srtp);
    EXPECT_THAT(ports(offered(group + audio("40000") + mux + data)), ElementsAre("0:40000", "0:40001r", "1:40000"));
}

} // namespace
} // namespace ringwall::dialog

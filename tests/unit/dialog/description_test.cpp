// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

// The claims of an offer of these lines after "c=", made to a party of no zone.
std::vector<pinhole::Claim> offered(const std::string& lines, const std::string& more = "") {
    const std::string body = "v=0\no=- 1 1 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10\nt=0 0\n" + lines;
    sdp::Session session;
    if (!sdp::parse(body, session)) throw std::logic_error("bad SDP");
    OfferRefusals refusals;
    const policy::View policy = policy_view(more);
    const auto counterpart = counterpart_of({*IpAddress::parse("198.51.100.1"), Port{5060}}, policy);
    const Naming naming{.inside_of = [](const Endpoint& named) { return named; },
                        .is_echo = [](const Endpoint&) { return false; }};
    return offer_of(session, policy, counterpart, naming, refusals);
}
pinhole::Claim first_of(const std::string& lines, const std::string& more = "") { return offered(lines, more).at(0); }

TEST(Offer, says_which_payload_types_may_come) {
    const auto types = first_of("m=audio 40000 RTP/AVP 8 101\n").payload_types;
    EXPECT_EQ(types, pinhole::PayloadTypes().set(8).set(101).set(13).set(19)); // comfort noise needs no listing
    EXPECT_EQ(first_of("m=video 40000 RTP/AVP 96 97\n").payload_types, pinhole::PayloadTypes().set(96).set(97));
    EXPECT_EQ(first_of("m=audio 40000 RTP/AVP\n").payload_types, pinhole::any_payload_type);
}

TEST(Offer, caps_the_rate_at_four_times_what_such_media_has) {
    EXPECT_EQ(first_of("m=audio 40000 RTP/AVP 0\n").packet_period_ns, 5'000'000U);
    EXPECT_EQ(first_of("m=audio 40000 RTP/AVP 0\na=ptime:10\n").packet_period_ns, 2'500'000U);
    EXPECT_EQ(first_of("m=audio 40000 RTP/AVP 0\na=ptime:60\n").packet_period_ns, 5'000'000U); // binds nobody
    EXPECT_EQ(first_of("m=audio 40000 RTP/AVP 0\na=ptime:0\n").packet_period_ns, 1'250'000U);
    EXPECT_EQ(first_of("m=video 40000 RTP/AVP 96\n").packet_period_ns, 200'000U);
    EXPECT_EQ(first_of("m=video 40000 RTP/AVP 96\nb=AS:64\n").packet_period_ns, 1'000'000U); // the least
    EXPECT_EQ(first_of("m=video 40000 RTP/AVP 96\nb=AS:3000\n").packet_period_ns, 200'000U);
    EXPECT_EQ(first_of("m=video 40000 RTP/AVP 96\nb=TIAS:3000000\n").packet_period_ns, 200'000U);
    EXPECT_EQ(first_of("m=image 40000 udptl t38\n").packet_period_ns, 2'500'000U);
    EXPECT_EQ(offered("m=audio 40000 RTP/AVP 0\n").at(1).packet_period_ns, 5'000'000U); // RTCP has its own
}

TEST(Offer, awaits_one_source_of_plain_audio_only) {
    EXPECT_TRUE(first_of("m=audio 40000 RTP/AVP 0\n").is_one_source);
    EXPECT_FALSE(first_of("m=video 40000 RTP/AVP 96\n").is_one_source);
    EXPECT_FALSE(first_of("a=group:BUNDLE a\nm=audio 40000 RTP/AVP 0\n").is_one_source);
    EXPECT_FALSE(first_of("m=audio 40000 RTP/AVP 96\na=ssrc-group:FEC-FR 1 2\n").is_one_source);
}

TEST(Offer, awaits_dtls_where_srtp_is_spoken_of) {
    EXPECT_FALSE(first_of("m=audio 40000 RTP/AVP 0\n").is_srtp);
    EXPECT_TRUE(first_of("m=audio 40000 UDP/TLS/RTP/SAVPF 0\n").is_srtp);
    EXPECT_TRUE(first_of("m=audio 40000 RTP/AVP 0\na=fingerprint:sha-256 00\n").is_srtp);
    EXPECT_TRUE(first_of("a=fingerprint:sha-256 00\nm=audio 40000 RTP/AVP 0\n").is_srtp);
    EXPECT_TRUE(first_of("m=audio 40000 RTP/AVP 0\na=crypto:1 A inline:B\n").is_srtp);
}

TEST(Offer, is_held_to_what_the_partys_zone_says) {
    const std::string audio = "m=audio 40000 RTP/AVP 0\n";
    const auto with = [&](const std::string& mode) {
        return first_of(audio, "zones: [{ name: all, networks: [any], conformance: " + mode + " }]\n");
    };
    EXPECT_EQ(first_of(audio).conformance, pinhole::Conformance::count);
    EXPECT_EQ(with("count").conformance, pinhole::Conformance::count);
    EXPECT_EQ(with("enforce").conformance, pinhole::Conformance::enforce);
    EXPECT_EQ(with("off").conformance, pinhole::Conformance::off);
    EXPECT_FALSE(with("off").is_media_checked);
    EXPECT_TRUE(with("count").is_media_checked);
    EXPECT_EQ(first_of("m=application 40000 UDP/DTLS/SCTP webrtc-datachannel\n").conformance,
              pinhole::Conformance::off);
}

TEST(Reconsider, gives_live_claims_the_conformance_of_the_new_policy) {
    auto claims = offered("m=audio 40000 RTP/AVP 0\n");
    const auto policy = policy_view("zones: [{ name: all, networks: [any], conformance: enforce }]\n");
    reconsider(claims, counterpart_of({*IpAddress::parse("198.51.100.1"), Port{5060}}, policy), policy);
    EXPECT_EQ(claims.at(0).conformance, pinhole::Conformance::enforce);
}

} // namespace
} // namespace ringwall::dialog

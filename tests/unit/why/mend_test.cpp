// SPDX-License-Identifier: Apache-2.0
// Which setting would let a dropped packet through.
#include "agent/why/mend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maps/reasons.hpp"

namespace ringwall::why {
namespace {

using testing::HasSubstr;

const policy::View& view() {
    static const policy::View made(
        *policy::read("version: 1\noutside: [a]\nprotect: { networks: [192.0.2.0/24], media_ports: 10000-60000 }\n"
                      "peers: [{ name: provider, networks: [198.51.100.0/24], conformance: enforce }]\n"
                      "zones: [{ name: phones, networks: [100.64.0.0/10] }]\n"
                      "deny: { networks: [203.0.113.128/25] }\n"),
        policy::Facts{});
    return made;
}

TEST(Mend, names_the_setting_of_the_party_in_question) {
    const auto of = [](uint32_t reason, const char* source) {
        return mend_of_drop(view(), reason, *IpAddress::parse(source));
    };
    EXPECT_EQ(of(REASON_rate_limited, "198.51.100.8"), "limits of peer provider");
    EXPECT_EQ(of(REASON_rate_limited, "100.64.0.1"),
              "limits of zone phones, or limits: { office-of: N } there, for N telephones behind one address");
    EXPECT_EQ(
        of(REASON_rate_limited, "203.0.113.9"),
        "declare 203.0.113.9 as a peer or in a zone, with its own limits, or limits: { office-of: N } there, for N "
        "telephones behind one address");
    EXPECT_THAT(of(REASON_denied, "203.0.113.200"), HasSubstr("203.0.113.128/25 is denied"));
    EXPECT_EQ(of(REASON_banned, "203.0.113.9"),
              "ringwall bans del, of the ban that ringwall sources 203.0.113.9 shows");
    EXPECT_EQ(of(REASON_malformed, "203.0.113.9"), "");
}

TEST(Mend, names_the_class_whose_limit_it_was) {
    const IpAddress peer = *IpAddress::parse("198.51.100.8"), phone = *IpAddress::parse("100.64.0.1");
    EXPECT_EQ(mend_of_drop(view(), REASON_rate_limited, peer, "REGISTER"), "REGISTER in limits of peer provider");
    EXPECT_EQ(mend_of_drop(view(), REASON_total_limited, peer, "INVITE"), "INVITE in total_limits of peer provider");
    EXPECT_THAT(mend_of_drop(view(), REASON_rate_limited, phone, "REGISTER"),
                HasSubstr("REGISTER in limits of zone phones, or limits: { office-of: N }"));
    EXPECT_THAT(mend_of_drop(view(), REASON_syn_limited, phone), HasSubstr("SYN in limits of zone phones"));
}

TEST(Mend, of_a_calls_port_goes_by_who_sent) {
    const auto of = [](uint32_t reason, const char* source) {
        return mend_of_drop(view(), reason, *IpAddress::parse(source));
    };
    EXPECT_EQ(of(REASON_wrong_source, "198.51.100.8"), "set expectation: networks for peer provider");
    EXPECT_EQ(of(REASON_wrong_source, "203.0.113.9"),
              "if this source is the other party's media, declare a peer with the networks of both, its SIP and its "
              "media; whoever is no peer then needs a zone with sip: yes");
    EXPECT_EQ(of(REASON_not_media, "198.51.100.8"), "set conformance: count for peer provider");
    EXPECT_EQ(of(REASON_not_media, "203.0.113.9"), "");
}

TEST(Mend, of_a_calls_port_goes_by_the_party_of_the_call_where_that_is_known) {
    const uint8_t provider = view().zone_of(*IpAddress::parse("198.51.100.8"));
    const IpAddress stranger = *IpAddress::parse("203.0.113.9");
    EXPECT_EQ(mend_of_drop(view(), REASON_rtp_injection, stranger, {}, provider),
              "if it is theirs, add 203.0.113.9 to the networks of peer provider");
    EXPECT_EQ(mend_of_drop(view(), REASON_no_pinhole, stranger, {}, provider),
              mend_of_drop(view(), REASON_no_pinhole, stranger));
}

TEST(Mend, of_a_refusal_goes_by_whose_port_it_was) {
    const uint8_t provider = view().zone_of(*IpAddress::parse("198.51.100.8"));
    EXPECT_EQ(mend_of_refusal(view(), provider, REASON_rtp_bleed, *IpAddress::parse("203.0.113.9")),
              "if it is theirs, add 203.0.113.9 to the networks of peer provider");
    EXPECT_EQ(mend_of_refusal(view(), provider, REASON_no_pinhole, *IpAddress::parse("203.0.113.9")), "");
}

} // namespace
} // namespace ringwall::why

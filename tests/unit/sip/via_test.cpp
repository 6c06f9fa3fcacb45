// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/via.hpp"

#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

std::optional<Via> read_via(std::string_view text) {
    Cursor cursor(text);
    Via out;
    return via(cursor, out) && cursor.at_end() ? std::optional(out) : std::nullopt;
}

TEST(Via, has_transport_sent_by_and_branch) {
    const auto read = read_via("SIP/2.0/TLS proxy.example:5061;branch=z9hG4bK.a");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->transport, "TLS");
    EXPECT_EQ(read->sent_by.host, "proxy.example");
    EXPECT_EQ(read->sent_by.address, std::nullopt);
    EXPECT_EQ(read->sent_by.port, Port{5061});
    EXPECT_EQ(read->branch, "z9hG4bK.a");
}

TEST(Via, may_have_white_space_wherever_the_grammar_has_it) {
    const auto read = read_via("SIP \t/ 2.0\r\n / UDP  192.0.2.1 : 5060 ; branch\r\n = z ; rport ; ttl = 1");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sent_by.address, IpAddress::parse("192.0.2.1"));
    EXPECT_EQ(read->sent_by.port, Port{5060});
    EXPECT_EQ(read->branch, "z");
}

TEST(Via, rport_counts_only_with_a_value) {
    EXPECT_EQ(read_via("SIP/2.0/UDP h;rport")->rport, std::nullopt);
    EXPECT_EQ(read_via("SIP/2.0/UDP h;RPort=65535")->rport, Port{65535});
    EXPECT_FALSE(read_via("SIP/2.0/UDP h;rport=65536"));
    EXPECT_FALSE(read_via("SIP/2.0/UDP h;rport="));
    EXPECT_FALSE(read_via("SIP/2.0/UDP h;rport=1;rport=2"));
}

TEST(Via, received_is_an_address_of_either_family_with_or_without_brackets) {
    EXPECT_EQ(read_via("SIP/2.0/UDP h;received=192.0.2.9")->received, IpAddress::parse("192.0.2.9"));
    EXPECT_EQ(read_via("SIP/2.0/UDP h;received=2001:db8::9")->received, IpAddress::parse("2001:db8::9"));
    EXPECT_EQ(read_via("SIP/2.0/UDP h;received=[2001:db8::9]")->received, IpAddress::parse("2001:db8::9"));
    for (const auto* bad : {"h", "", "[192.0.2.9]", "192.0.2.256", "2001:db8:::9", "[2001:db8::9"})
        EXPECT_FALSE(read_via("SIP/2.0/UDP h;received=" + std::string(bad))) << bad;
}

TEST(Via, sent_by_is_a_name_or_a_right_address) {
    EXPECT_EQ(read_via("SIP/2.0/UDP [2001:db8::1]:5060")->sent_by.host, "2001:db8::1");
    EXPECT_TRUE(read_via("SIP/2.0/UDP my_container-1"));
    EXPECT_TRUE(read_via("SIP/2.0/UDP 1.2.3.4.example."));
    for (const auto* bad : {"192.0.2.300", "192.0.2", "[192.0.2.1]", "[2001:db8::1", "2001:db8::1", "h:65536",
                            "h:", "h:-1", "[::1%eth0]", "", "h:5060x", "a..", "."})
        EXPECT_FALSE(read_via("SIP/2.0/UDP " + std::string(bad))) << bad;
}

TEST(Via, says_sip_2_0_and_a_transport) {
    for (const auto* bad : {"SIP/3.0/UDP h", "HTTP/2.0/UDP h", "SIP/2.0 UDP h", "SIP/2.0/ h", "SIP/2.0/UDP", ""})
        EXPECT_FALSE(read_via(bad)) << bad;
}

TEST(Via, parameters_are_named_and_a_branch_is_one) {
    EXPECT_TRUE(read_via("SIP/2.0/UDP h;x=\"a;b\\\"c\";y"));
    EXPECT_TRUE(read_via("SIP/2.0/UDP h;branch=z (an old (nested \\) comment))"));
    for (const auto* bad : {";branch=", ";branch=z;branch=y", ";branch=z;branch=z", ";branch=z;;branch=z", ";x=\"a",
                            ";x y", " (open", ";=1", ";;=1", ";,"})
        EXPECT_FALSE(read_via("SIP/2.0/UDP h" + std::string(bad))) << bad;
}

TEST(Via, may_have_parameters_without_a_word) {
    for (const auto* tail : {";branch=z;", ";;branch=z", "; ; branch=z ; ", ";rport;;branch=z;; (a comment)"}) {
        const std::string text = "SIP/2.0/UDP h" + std::string(tail);
        const auto read = read_via(text);
        ASSERT_TRUE(read) << tail;
        EXPECT_EQ(read->branch, "z");
    }
    EXPECT_TRUE(read_via("SIP/2.0/UDP h;"));
    const auto reading = read({.via = "Via: SIP/2.0/UDP one;rport;, SIP/2.0/UDP two;"});
    ASSERT_EQ(reading.refused, std::nullopt);
    EXPECT_EQ(reading->via_count, 2U);
}

TEST(Via, values_of_one_header_and_of_several_stand_in_order) {
    const auto reading =
        read({.via = "Via: SIP/2.0/UDP one;x=\",\", SIP/2.0/UDP two", .more = "v: SIP/2.0/TCP three\r\n"});
    ASSERT_EQ(reading.refused, std::nullopt);
    ASSERT_EQ(reading->via_count, 3U);
    EXPECT_EQ(reading->vias()[0].sent_by.host, "one");
    EXPECT_EQ(reading->vias()[1].sent_by.host, "two");
    EXPECT_EQ(reading->vias()[2].sent_by.host, "three");
    EXPECT_EQ(read({.via = "Via: SIP/2.0/UDP one,"}).refused, Defect::bad_via);
    EXPECT_EQ(read({.via = "Via:"}).refused, Defect::bad_via);
}

TEST(Via, are_limited) {
    std::string more;
    for (size_t i = 1; i < max_vias; ++i) more += "Via: SIP/2.0/UDP h\r\n";
    EXPECT_EQ(read({.more = more}).refused, std::nullopt);
    EXPECT_EQ(read({.more = more + "Via: SIP/2.0/UDP h\r\n"}).refused, Defect::too_many);
}

} // namespace
} // namespace ringwall::sip

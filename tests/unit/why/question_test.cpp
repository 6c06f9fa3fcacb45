// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/why/example.hpp"

namespace ringwall::why {
namespace {

std::string refusal(const Asked& asked) {
    const auto question = question_of(asked, example());
    return question ? "none" : question.error();
}

Question completed(const std::string& source, const std::string& destination, const Asked& more = {}) {
    Question question = ask(source, destination, more);
    complete(question, evidence_of(question), example());
    return question;
}

TEST(Question, takes_addresses_with_and_without_port_of_both_families) {
    const auto v4 = ask("198.51.100.7:30000", "192.0.2.10:40000");
    EXPECT_EQ(v4.source.to_string(), "198.51.100.7:30000");
    EXPECT_EQ(v4.destination.to_string(), "192.0.2.10:40000");
    EXPECT_EQ(ask("[2001:db8::1]:7", "2001:db8:1::1").source.to_string(), "[2001:db8::1]:7");
    EXPECT_EQ(ask("[2001:db8::1]", "2001:db8:1::1").destination.to_string(), "[2001:db8:1::1]:5060");
}

TEST(Question, refuses_what_is_none_and_says_what_was_expected) {
    EXPECT_NE(refusal({.source = "here", .destination = "192.0.2.1"}).find("got \"here\", expected"),
              std::string::npos);
    EXPECT_NE(refusal({.source = "192.0.2.1:99999", .destination = "192.0.2.1"}).find("expected"), std::string::npos);
    EXPECT_NE(refusal({.source = "192.0.2.1", .destination = "192.0.2.1:0"}).find("expected"), std::string::npos);
    EXPECT_NE(refusal({.source = "::1", .destination = "192.0.2.1"}).find("one family"), std::string::npos);
    const Asked good{.source = "192.0.2.1", .destination = "198.51.100.1:9"};
    EXPECT_EQ(refusal(good), "none");
    for (const auto& [member, text] : {std::pair(&Asked::protocol, "sctp"),
                                       {&Asked::method, "DANCE"},
                                       {&Asked::method, "invite"},
                                       {&Asked::media, "video"}}) {
        Asked bad = good;
        bad.*member = text;
        EXPECT_NE(refusal(bad).find("expected"), std::string::npos) << text;
    }
    Asked both = good;
    both.method = "INVITE", both.media = "rtp";
    EXPECT_NE(refusal(both).find("not both"), std::string::npos);
    Asked tcp = good;
    tcp.protocol = "tcp";
    EXPECT_EQ(refusal(tcp), "none");
    tcp.media = "rtp";
    EXPECT_EQ(refusal(tcp), "--media is of UDP");
    tcp.media.clear(), tcp.method = "INVITE";
    EXPECT_EQ(refusal(tcp), "--method of TCP wants --established: a SYN carries none");
    tcp.is_established = true;
    EXPECT_EQ(refusal(tcp), "none");
    Asked udp = good;
    udp.is_established = true;
    EXPECT_EQ(refusal(udp), "--established is of TCP: say tcp behind the addresses");
}

TEST(Question, takes_protocol_and_media_in_any_case) {
    EXPECT_EQ(ask("198.51.100.1", "192.0.2.1:5060", {.protocol = "TCP"}).protocol, Protocol::tcp);
    const Question udp = ask("198.51.100.1", "192.0.2.1:10000", {.protocol = "UDP", .media = "RTCP"});
    EXPECT_EQ(udp.protocol, Protocol::udp);
    EXPECT_EQ(udp.media, Media::rtcp);
}

TEST(Question, leaves_where_only_its_source_is_protected) {
    EXPECT_EQ(ask("192.0.2.1", "198.51.100.1:9").way, Way::out);
    EXPECT_EQ(ask("198.51.100.1", "192.0.2.1:9").way, Way::in);
    EXPECT_EQ(ask("192.0.2.1", "192.0.2.2:9").way, Way::in) << "an inside address that arrives from outside";
    EXPECT_EQ(ask("192.0.2.1", "198.51.100.1:9", {.way = "in"}).way, Way::in);
}

TEST(Question, means_the_inside_address_of_a_public_one) {
    EXPECT_EQ(ask("198.51.100.1", "203.0.113.1:10000").destination.to_string(), "192.0.2.10:10000");
}

TEST(Question, carries_what_its_port_is_for) {
    EXPECT_EQ(carries(completed("198.51.100.1", "192.0.2.1")), "INVITE");
    EXPECT_EQ(carries(completed("198.51.100.1", "192.0.2.1:10000")), "rtp");
    EXPECT_EQ(carries(completed("198.51.100.1", "192.0.2.1:10000", {.media = "stun"})), "stun");
    EXPECT_EQ(carries(completed("198.51.100.1", "192.0.2.1", {.protocol = "tcp"})), "SYN");
    EXPECT_EQ(carries(completed("198.51.100.1", "192.0.2.1", {.protocol = "tcp", .is_established = true})), "INVITE");
}

TEST(Question, comes_from_the_port_that_was_negotiated) {
    Question question = ask("198.51.100.7", "192.0.2.10:10000");
    Evidence evidence = evidence_of(question);
    evidence.hole.emplace();
    evidence.hole->peers.count = 1;
    evidence.hole->peers.peer[0] = Endpoint::parse("198.51.100.7:31234")->abi();
    evidence.hole->value.ctl = uint64_t{COMPONENT_RTCP} << CTL_COMPONENT_SHIFT;
    complete(question, evidence, example());
    EXPECT_EQ(question.source.port.value, 31234);
    EXPECT_EQ(carries(question), "rtcp");
    question = ask("198.51.100.8", "192.0.2.10:10000");
    complete(question, evidence, example());
    EXPECT_EQ(question.source.port.value, 30000);
}

} // namespace
} // namespace ringwall::why

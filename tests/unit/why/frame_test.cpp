// SPDX-License-Identifier: Apache-2.0
#include "agent/why/frame.hpp"

#include "agent/capture/flow.hpp"
#include "tests/unit/why/example.hpp"

namespace ringwall::why {
namespace {

std::string frame(const std::string& source, const std::string& destination, const Asked& more = {},
                  uint32_t serial = 1) {
    Question question = ask(source, destination, more);
    const Evidence evidence = evidence_of(question);
    complete(question, evidence, example());
    return frame_of(question, evidence, serial);
}

TEST(Frame, is_the_packet_that_was_asked_for_in_both_families) {
    for (const auto& [source, destination] :
         {std::pair("198.51.100.7:30000", "192.0.2.10:10000"), {"[2001:db8:2::7]:30000", "[2001:db8:1::10]:10000"}}) {
        const auto bytes = frame(source, destination);
        const auto flow = capture::flow_of(bytes);
        ASSERT_TRUE(flow);
        EXPECT_EQ(flow->source.to_string(), source);
        EXPECT_EQ(flow->destination.to_string(), destination);
        EXPECT_EQ(bytes.size(), (std::string_view(source).starts_with('[') ? 54U : 34U) + 8 + 12 + 160);
    }
}

TEST(Frame, of_sip_is_a_whole_request_and_differs_by_its_number) {
    const auto one = frame("198.51.100.7:5060", "192.0.2.10:5060", {.method = "REGISTER"});
    EXPECT_EQ(one.find("REGISTER sip:why@192.0.2.10:5060 SIP/2.0\r\n"), 14U + 20 + 8);
    EXPECT_TRUE(one.ends_with("\r\n\r\n"));
    EXPECT_EQ(one.find("To: <sip:why@192.0.2.10:5060>;tag"), one.npos);
    EXPECT_NE(one, frame("198.51.100.7:5060", "192.0.2.10:5060", {.method = "REGISTER"}, 2));
    const auto bye = frame("198.51.100.7:5060", "192.0.2.10:5060", {.method = "BYE"});
    EXPECT_NE(bye.find("To: <sip:why@192.0.2.10:5060>;tag"), bye.npos) << "a BYE is of a dialog";
    const auto ok = frame("198.51.100.7:5060", "192.0.2.10:5060", {.method = "response"});
    EXPECT_EQ(ok.find("SIP/2.0 200 OK\r\n"), 14U + 20 + 8);
}

TEST(Frame, of_rtp_takes_what_was_negotiated) {
    Question question = ask("198.51.100.7:30000", "192.0.2.10:10000", {.media = "rtp"});
    Evidence evidence = evidence_of(question);
    evidence.hole.emplace();
    evidence.hole->value.ssrc = 0x01020304;
    evidence.hole->value.payload_types[1] = uint64_t{1} << (101 - 64);
    const auto bytes = frame_of(question, evidence);
    EXPECT_EQ(bytes[42], '\x80');
    EXPECT_EQ(bytes[43], 101);
    EXPECT_EQ(bytes.substr(50, 4), "\x01\x02\x03\x04");
}

TEST(Frame, of_tcp_is_a_syn_or_a_segment) {
    const auto syn = frame("198.51.100.7:40000", "192.0.2.10:5060", {.protocol = "tcp"});
    EXPECT_EQ(syn.size(), 14U + 20 + 20);
    EXPECT_EQ(syn[14 + 20 + 13], 0x02);
    const auto segment = frame("198.51.100.7:40000", "192.0.2.10:5060", {.protocol = "tcp", .is_established = true});
    EXPECT_EQ(segment[14 + 20 + 13], 0x18);
    EXPECT_EQ(segment.find("INVITE "), 14U + 20 + 20);
}

} // namespace
} // namespace ringwall::why

// SPDX-License-Identifier: Apache-2.0
// What leaves: never dropped, and what the wall learns from it. Frames are those that TC's TEST_RUN takes.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Egress : public Wall {
protected:
    std::string send(const raw& payload, uint16_t sport = 5060, const std::string& source = "192.0.2.10") {
        return out(eth / ip4{.src = source, .dst = "198.51.100.7"} / udp{.sport = sport, .dport = 5070} / payload);
    }
    std::string answer(uint16_t dport = 5060) {
        return in(eth / ip4{} / udp{.sport = 5070, .dport = dport} / text("SIP/2.0 200 OK\r\n\r\n"));
    }
};

TEST_F(Egress, concerns_itself_with_protected_sources_only) {
    EXPECT_EQ(send(text("OPTIONS sip:x SIP/2.0"), 5060, "203.0.113.1"), "pass out_other");
    EXPECT_EQ(send(rtp(), 40000, "203.0.113.1"), "pass out_other");
    EXPECT_EQ(send(text("OPTIONS sip:x SIP/2.0")), "pass out_sip");
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / tcp{.sport = 5061}), "pass out_other");
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7", .protocol = 1} / filled(20)), "pass out_other");
    EXPECT_EQ(out(ethernet{.type = 0x0806} / filled(46)), "pass out_other");
    EXPECT_EQ(send(rtp(), 39999), "pass out_other"); // not guarded: needs no way back
}

TEST_F(Egress, says_what_it_cannot_follow) {
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7", .length_error = 9} / udp{} / rtp()),
              "pass out_unparsable");
    EXPECT_EQ(out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.length_error = 9} / rtp()),
              "pass out_unparsable");
}

TEST_F(Egress, knows_sip_by_its_first_token_on_any_port) {
    for (const char* request : {"INVITE sip:a SIP/2.0", "FOO-1 tel:+4930 SIP/2.0", "NOTIFY sips:b SIP/2.0"})
        EXPECT_EQ(send(text(request), 45000), "pass out_sip") << request;
    EXPECT_EQ(send(text("SIP/2.0 200 OK"), 45000), "pass out_sip");
    for (const char* other :
         {"NOTIFY * HTTP/1.1", "hello world", "GET /index HTTP/1.1", "INVITE", "SIP/3.0 200 OK", "A :"})
        EXPECT_EQ(send(text(other), 45000), "pass out_flow") << other;
    EXPECT_EQ(ring("ring_inside").size(), 4U);
}

TEST_F(Egress, takes_all_from_a_sip_port_for_sip) {
    EXPECT_EQ(send(filled(60, 0xff)), "pass out_sip");
    EXPECT_EQ(ring("ring_inside").size(), 1U);
    EXPECT_EQ(answer(), "drop not_a_peer");            // what cannot be read asked for nothing
    EXPECT_EQ(send(text("\r\n\r\n")), "pass out_sip"); // a keepalive: nothing for the agent
    EXPECT_EQ(ring("ring_inside").size(), 0U);
    learned("192.0.2.10", 45000, {});
    EXPECT_EQ(send(filled(60, 0xff), 45000), "pass out_sip");
    learned("192.0.2.10", 45000, {}, -1s);
    EXPECT_EQ(send(filled(60, 0xff), 45000), "pass out_flow");
}

TEST_F(Egress, opens_a_way_back_for_requests_and_none_for_answers) {
    EXPECT_EQ(send(text("SIP/2.0 401 Unauthorized\r\n\r\n")), "pass out_sip");
    EXPECT_EQ(answer(), "drop not_a_peer");
    EXPECT_EQ(send(text("SIP/2.0 401 Unauthorized\r\n\r\n"), 45000), "pass out_sip");
    EXPECT_EQ(answer(45000), "drop no_pinhole");
    EXPECT_EQ(send(text("\r\n\r\n")), "pass out_sip"); // a keepalive renews, and begins nothing
    EXPECT_EQ(answer(), "drop not_a_peer");
    EXPECT_EQ(send(text("REGISTER sip:x SIP/2.0\r\n\r\n")), "pass out_sip");
    EXPECT_EQ(answer(), "pass sip_return_path");
}

TEST_F(Egress, notes_media_of_a_hole_in_steps_of_a_quarter_second) {
    open({.last_out = 50ms});
    auto before = hole().last_out_ns;
    EXPECT_EQ(send(rtp(), 40000), "pass out_media");
    EXPECT_EQ(hole().last_out_ns, before);
    open({.last_out = 300ms});
    before = hole().last_out_ns;
    EXPECT_EQ(send(rtp(), 40000), "pass out_media");
    EXPECT_GT(hole().last_out_ns, before);
    EXPECT_EQ(send(text("INVITE sip:a SIP/2.0"), 40000), "pass out_media"); // passed on, it may be
}

TEST_F(Egress, learns_over_vlans_and_ipv6_alike) {
    open({.local = "2001:db8:1::10", .peer = "2001:db8:99::7"});
    ip6 outward{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"};
    EXPECT_EQ(out(eth / outward / udp{.sport = 40000} / rtp()), "pass out_media");
    EXPECT_EQ(out(eth / outward / extension{} / udp{.sport = 5060} / text("OPTIONS sip:x SIP/2.0")), "pass out_sip");
    EXPECT_EQ(out(eth / vlan{} / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 40000} / rtp()),
              "pass out_flow");
}

} // namespace
} // namespace ringwall::test

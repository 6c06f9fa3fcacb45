// SPDX-License-Identifier: Apache-2.0
// What leaves: what the wall learns from it, and what it may refuse. Frames are those that TC's TEST_RUN takes.
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

// sip.outbound: admitted. 198.51.100.7 and 2001:db8:99::7 are nobody's but where a test says whose.
class Outbound : public Egress {
protected:
    void SetUp() override {
        Wall::SetUp();
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        zone(zone_phones, ZONE_SIP);
        zone(zone_strict, 0);
        settings().flags |= WALL_OUTBOUND_ADMITTED | WALL_OPAQUE;
        apply_settings();
        opaque_port(5061);
    }
    std::string segment(uint16_t dport, uint16_t sport = 33000, uint8_t flags = syn) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} /
                   tcp{.sport = sport, .dport = dport, .flags = flags});
    }
    const raw request = text("INVITE sip:x SIP/2.0\r\n\r\n");
};

TEST_F(Outbound, refuses_sip_to_whom_nobody_admits) {
    EXPECT_EQ(send(request), "drop out_not_a_peer");
    EXPECT_EQ(send(request, 45000), "drop out_not_a_peer");
    EXPECT_EQ(send(text("SIP/2.0 200 OK\r\n\r\n")), "drop out_not_a_peer");
    EXPECT_EQ(send(filled(60, 0xff)), "drop out_not_a_peer"); // from a SIP port
    EXPECT_EQ(out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 45000} / request),
              "drop out_not_a_peer");
    EXPECT_EQ(out(eth / vlan{} / ip4{.src = "192.0.2.10", .dst = "198.51.100.7"} / udp{.sport = 45000} / request),
              "drop out_not_a_peer");
    EXPECT_TRUE(ring("ring_inside").empty());
    EXPECT_EQ(answer(), "drop not_a_peer"); // nothing was asked
    EXPECT_EQ(event(EVENT_monitored), 0U);
}

TEST_F(Outbound, lets_sip_go_to_whom_we_hear_ourselves) {
    for (const uint32_t whose : {zone_provider, zone_phones}) {
        network("198.51.100.0/24", whose);
        network("2001:db8:99::/48", whose);
        EXPECT_EQ(send(request), "pass out_sip");
        EXPECT_EQ(out(eth / ip6{.src = "2001:db8:1::10", .dst = "2001:db8:99::7"} / udp{.sport = 45000} / request),
                  "pass out_sip");
        EXPECT_EQ(segment(5060), "pass out_stream");
        EXPECT_EQ(segment(5061), "pass out_other");
    }
    network("198.51.100.0/24", zone_strict); // a zone that may not
    EXPECT_EQ(send(request), "drop out_not_a_peer");
    EXPECT_EQ(segment(5061), "drop out_not_a_peer");
    network("198.51.100.0/24", zone_strict, NETWORK_ALLOWED);
    EXPECT_EQ(send(request), "pass out_sip");
    network("198.51.100.0/24", zone_provider, NETWORK_DENIED);
    EXPECT_EQ(send(request), "drop out_not_a_peer");
    network("198.51.100.0/24", 0, NETWORK_PROTECTED); // the inside talks to itself
    EXPECT_EQ(send(request), "pass out_sip");
}

TEST_F(Outbound, refuses_new_connections_and_no_old_ones) {
    EXPECT_EQ(segment(5060), "drop out_not_a_peer");
    EXPECT_EQ(segment(5060, 5060), "drop out_not_a_peer");
    EXPECT_EQ(segment(5061), "drop out_not_a_peer");
    EXPECT_TRUE(ring("ring_inside").empty());
    EXPECT_EQ(segment(5060, 33000, ack), "pass out_other");
    EXPECT_EQ(segment(5061, 33000, ack), "pass out_other");
    EXPECT_EQ(segment(33000, 5060, syn | ack), "pass out_stream"); // an answer of ours
    EXPECT_EQ(segment(33000, 5061, syn | ack), "pass out_other");
    EXPECT_EQ(segment(22), "pass out_other");
}

TEST_F(Outbound, leaves_all_that_is_no_sip_alone) {
    EXPECT_EQ(send(rtp(), 40000), "pass out_flow");
    EXPECT_EQ(send(text("hello world"), 45000), "pass out_flow");
    EXPECT_EQ(send(text("\r\n\r\n")), "pass out_sip"); // keepalives, and questions to STUN servers
    EXPECT_EQ(send(stun()), "pass out_sip");
    EXPECT_EQ(send(request, 5060, "203.0.113.1"), "pass out_other"); // none of ours
    open({});
    EXPECT_EQ(send(request, 40000), "pass out_media"); // passed on, it may be
}

TEST_F(Outbound, refuses_a_datagram_by_its_first_fragment) {
    const ip4 first{.src = "192.0.2.10", .dst = "198.51.100.7", .fragment = 0x2000, .protocol = 17};
    const raw bytes = text("INVITE sip:x SIP/2.0\r\n" + std::string(74, 'x'));
    EXPECT_EQ(out(eth / first / udp{.sport = 5060, .dport = 5060, .length_error = 800} / bytes), "drop out_not_a_peer");
    EXPECT_TRUE(ring("ring_inside").empty());
    network("198.51.100.0/24", zone_provider);
    EXPECT_EQ(out(eth / first / udp{.sport = 5060, .dport = 5060, .length_error = 800} / bytes), "pass out_sip");
}

TEST_F(Outbound, in_monitor_mode_is_counted_and_followed) {
    settings().flags |= WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(send(request), "pass out_not_a_peer");
    EXPECT_EQ(segment(5060), "pass out_not_a_peer");
    EXPECT_EQ(ring("ring_inside").size(), 2U);
    EXPECT_EQ(event(EVENT_monitored), 2U);
    EXPECT_EQ(answer(), "pass sip_return_path");
}

TEST_F(Outbound, means_everybody_where_everybody_is_admitted) {
    settings().flags |= WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(send(request), "pass out_sip");
    EXPECT_EQ(segment(5060), "pass out_stream");
    EXPECT_EQ(segment(5061), "pass out_other");
}

} // namespace
} // namespace ringwall::test

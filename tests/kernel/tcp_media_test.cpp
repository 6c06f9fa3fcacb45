// SPDX-License-Identifier: Apache-2.0
// Guarded TCP ports: who may connect to a pinhole, what becomes of connections when it ends, and those it never knew.
#include "tests/kernel/tcp_wall.hpp"

namespace ringwall::test {
namespace {

class TcpMedia : public TcpWall {
protected:
    void SetUp() override {
        TcpWall::SetUp();
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        for (const char* prefix : {"198.51.100.0/28", "2001:db8:99::/48"}) network(prefix, zone_provider);
    }
    std::string connect(const Party& who, uint16_t port = 30000) {
        return from(who, tcp{.sport = 49152, .dport = port, .flags = syn});
    }
    std::string say(const Party& who, uint8_t flags = ack | push, uint16_t port = 30000) {
        return from(who, tcp{.sport = 49152, .dport = port, .flags = flags}, text("MSRP a786hjs2 SEND\r\n"));
    }
    std::string reply(const Party& who) {
        return to(who, tcp{.sport = 30000, .dport = 49152, .flags = ack | push}, text("MSRP a786hjs2 200 OK\r\n"));
    }
    Hole chat(Hole hole = {}) const {
        hole.local = address(inside);
        hole.port = 30000;
        hole.protocol = 6;
        hole.component = COMPONENT_OTHER;
        hole.peer = address(provider);
        return hole;
    }
};
INSTANTIATE_TEST_SUITE_P(Over, TcpMedia, every_shape, shape_name);

TEST_P(TcpMedia, takes_no_new_connection_without_a_pinhole) {
    EXPECT_EQ(connect(provider), "drop no_pinhole");
    EXPECT_EQ(connect(provider, 30999), "drop no_pinhole");
    EXPECT_EQ(connect(provider, 29999), "pass not_guarded");
    EXPECT_EQ(connect(provider, 31000), "pass not_guarded");
    for (const uint8_t flags : {syn, static_cast<uint8_t>(syn | fin), static_cast<uint8_t>(syn | push | 0xe0)})
        EXPECT_EQ(say(provider, flags),
                  "drop no_pinhole"); // with data, with flags of ECN, with those that make no sense
    open(chat());
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(connect(provider, 30001), "drop no_pinhole");
    EXPECT_EQ(in(shaped(ip4{}, ip6{}) / udp{.dport = 30000} / rtp()), "pass not_guarded"); // TCP's, not UDP's
    close(chat());
    EXPECT_EQ(connect(provider), "drop no_pinhole");
}

TEST_P(TcpMedia, a_pinhole_of_udp_opens_no_tcp) {
    auto other = chat();
    other.protocol = 17;
    open(other);
    EXPECT_EQ(connect(provider), "drop no_pinhole");
}

TEST_P(TcpMedia, lets_go_on_what_the_inside_began_or_the_wall_found) {
    for (const uint8_t flags :
         {static_cast<uint8_t>(syn | ack), ack, static_cast<uint8_t>(ack | push), fin, rst, uint8_t{0}})
        EXPECT_EQ(say(stranger, flags), "pass tcp_established") << int{flags};
}

TEST_P(TcpMedia, is_for_the_peers_address_whatever_its_port) {
    open(chat());
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(from(provider, tcp{.sport = 1024, .dport = 30000, .flags = syn}), "pass pinhole_tcp");
    EXPECT_EQ(say(provider), "pass pinhole_tcp");
    EXPECT_EQ(say(provider, fin), "pass pinhole_tcp");
    for (const Party& other : {another_of_provider, phone, stranger}) {
        EXPECT_EQ(connect(other), "drop wrong_source");
        EXPECT_EQ(say(other), "drop wrong_source");
    }
    EXPECT_EQ(refused(chat()).count, 6U);
    EXPECT_EQ(refused(chat()).last_reason, static_cast<uint32_t>(REASON_wrong_source));
    EXPECT_EQ(IpAddress::from(refused(chat()).last_source.address), *IpAddress::parse(address(stranger)));
    auto any_port = chat();
    any_port.peer_port = 0;
    open(any_port);
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(connect(stranger), "drop wrong_source");
}

TEST_P(TcpMedia, takes_any_address_of_a_declared_peer_that_stands_in) {
    open(chat({.zone = zone_provider, .flags = PINHOLE_ZONE_SUBSTITUTES}));
    EXPECT_EQ(connect(another_of_provider), "pass pinhole_tcp"); // at once: the handshake shows that it is theirs
    EXPECT_EQ(connect(stranger), "drop wrong_source");
}

TEST_P(TcpMedia, takes_one_of_several_peers) {
    open(chat({.slot = 9}));
    peers(9, {{address(provider), 0}, {address(phone), 2855}});
    EXPECT_EQ(connect(phone), "pass pinhole_tcp");
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(connect(another_phone), "drop wrong_source");
}

TEST_P(TcpMedia, follows_the_other_constraints) {
    open(chat({.phase = PHASE_OFFERED, .constraint = CONSTRAINT_ANY, .flags = PINHOLE_EARLY_RATE}));
    EXPECT_EQ(connect(stranger), "pass pinhole_tcp");
    for (int i = 0; i < 300; ++i) ASSERT_EQ(say(stranger), "pass pinhole_tcp"); // no rate: TCP has its own
    open(chat({.phase = PHASE_OFFERED, .constraint = CONSTRAINT_NETWORKS, .zone = zone_provider}));
    EXPECT_EQ(connect(another_of_provider), "pass pinhole_tcp");
    EXPECT_EQ(connect(stranger), "drop wrong_source");
    open(chat({.constraint = CONSTRAINT_ADDRESSES}));
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(connect(another_of_provider), "drop wrong_source");
}

TEST_P(TcpMedia, cuts_the_connection_when_the_call_has_ended) {
    open(chat({.phase = PHASE_DRAINING}));
    EXPECT_EQ(say(provider), "pass pinhole_tcp");
    open(chat({.phase = PHASE_DRAINING, .deadline = -1s}));
    EXPECT_EQ(say(provider), "drop call_ended"); // in time, though the agent be dead
    EXPECT_EQ(connect(provider), "drop call_ended");
    open(chat({.phase = PHASE_CLOSED}));
    for (const uint8_t flags : {ack, fin, rst}) EXPECT_EQ(say(provider, flags), "drop call_ended");
    EXPECT_EQ(connect(provider), "drop call_ended");
    EXPECT_EQ(connect(stranger), "drop call_ended");
    EXPECT_EQ(say(stranger), "pass tcp_established"); // of another connection that the inside began there
}

TEST_P(TcpMedia, keeps_the_tombstone_while_the_inside_goes_on_sending) {
    open(chat({.phase = PHASE_CLOSED, .deadline = -1s}));
    EXPECT_EQ(say(provider), "pass tcp_established");
    EXPECT_EQ(connect(provider), "drop no_pinhole");
    open(chat({.phase = PHASE_CLOSED}));
    EXPECT_EQ(reply(provider), "pass out_after_end");
    EXPECT_EQ(reply(stranger), "pass out_other");
    auto renewed = hole(chat());
    EXPECT_NE(renewed.last_out_ns, 0U);
    renewed.deadline_ns = now_ns() - 1000000000;
    put_hole(chat(), renewed);
    EXPECT_EQ(say(provider), "drop call_ended");
}

TEST_P(TcpMedia, ends_with_the_longest_call) {
    open(chat({.deadline = -1s}));
    EXPECT_EQ(connect(provider), "drop pinhole_expired");
    EXPECT_EQ(say(provider), "drop pinhole_expired");
    EXPECT_EQ(reply(provider), "pass out_after_end");
}

TEST_P(TcpMedia, sleeps_only_for_new_connections_of_nobody_named) {
    open(chat({.last_in = 21s, .idle_s = 20})); // a chat may be silent
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    auto asleep = chat({.constraint = CONSTRAINT_ANY, .last_in = 21s, .idle_s = 20});
    open(asleep);
    EXPECT_EQ(connect(stranger), "drop pinhole_idle");
    EXPECT_EQ(say(stranger), "pass pinhole_tcp");
    EXPECT_EQ(connect(stranger), "pass pinhole_tcp"); // awake
    asleep.last_out = 1s;
    open(asleep);
    EXPECT_EQ(connect(stranger), "pass pinhole_tcp");
}

TEST_P(TcpMedia, counts_and_keeps_awake_in_both_directions) {
    open(chat({.last_in = 10s}));
    auto before = hole(chat());
    EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    EXPECT_EQ(say(provider), "pass pinhole_tcp");
    auto after = hole(chat());
    EXPECT_EQ(after.packets, 2U);
    EXPECT_EQ(after.bytes, 20U);
    EXPECT_GT(after.last_in_ns, before.last_in_ns);
    EXPECT_EQ(after.ssrc, 0U);
    EXPECT_EQ(reply(provider), "pass out_media");
    EXPECT_NE(hole(chat()).last_out_ns, 0U);
    close(chat());
    EXPECT_EQ(reply(provider), "pass out_other");
}

TEST_P(TcpMedia, is_not_for_denied_sources) {
    open(chat({.constraint = CONSTRAINT_ANY}));
    network(address(stranger), 0, NETWORK_DENIED);
    EXPECT_EQ(connect(stranger), "drop denied");
    EXPECT_EQ(say(stranger), "drop denied");
    EXPECT_EQ(connect(stranger, 29999), "pass not_guarded");
    network(address(stranger), 0, NETWORK_DENIED | NETWORK_ALLOWED);
    EXPECT_EQ(connect(stranger), "pass pinhole_tcp");
}

TEST_P(TcpMedia, is_for_protected_addresses_only_and_not_for_their_forgers) {
    EXPECT_EQ(beside(stranger, tcp{.dport = 30000, .flags = syn}), "pass out_of_scope");
    EXPECT_EQ(connect({"192.0.2.99", "2001:db8:1::99"}), "drop spoofed_inside");
}

TEST_P(TcpMedia, is_shut_while_the_agent_is_gone_and_that_closes_media_ports) {
    open(chat());
    for (const uint32_t mode : {0U, uint32_t{WALL_LOSS_PEERS}, uint32_t{WALL_LOSS_OPEN}, uint32_t{WALL_LOSS_CLOSED}}) {
        const bool is_shut = mode == WALL_LOSS_CLOSED;
        settings().flags = mode;
        apply_settings();
        heartbeat(11s); // agent_loss_ns is 10 s
        EXPECT_EQ(connect(provider), is_shut ? "drop agent_lost_closed" : "pass pinhole_tcp");
        EXPECT_EQ(say(provider), is_shut ? "drop agent_lost_closed" : "pass pinhole_tcp");
        EXPECT_EQ(say(stranger, ack, 30001), is_shut ? "drop agent_lost_closed" : "pass tcp_established");
        EXPECT_EQ(connect(provider, 29999), "pass not_guarded");
        heartbeat(9s);
        EXPECT_EQ(connect(provider), "pass pinhole_tcp");
    }
    const char* to = GetParam() == Shape::ipv6 ? "2001:db8:1::/48" : "192.0.2.0/24";
    rule(0, {.protocol = 6, .port_count = 1, .ports = {{30000, 30000}}}, "::/0", to);
    heartbeat(11s);
    EXPECT_EQ(connect(stranger), "pass rule");
    EXPECT_EQ(connect(stranger, 30001), "drop agent_lost_closed");
}

TEST_P(TcpMedia, in_monitor_mode_drops_nothing) {
    settings().flags = WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(connect(provider), "pass no_pinhole");
}

} // namespace
} // namespace ringwall::test

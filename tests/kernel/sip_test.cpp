// SPDX-License-Identifier: Apache-2.0
// Step 5 without its limits, and step 6: who may talk SIP to us, on which ports.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const raw invite = text("INVITE sip:alice@example.com SIP/2.0\r\n\r\n");
const raw options = text("OPTIONS sip:example.com SIP/2.0\r\n\r\n");
const raw ok = text("SIP/2.0 200 OK\r\n\r\n");

class Sip : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        zone(zone_provider, ZONE_PEER | ZONE_SIP);
        zone(zone_phones, ZONE_SIP);
        zone(zone_strict, ZONE_PEER | ZONE_SIP | ZONE_STRICT);
        network("198.51.100.0/28", zone_provider);
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:99::/48", zone_provider);
        network("198.51.100.64/26", zone_strict);
    }
    std::string from(const std::string& source, const raw& message, uint16_t port = 5060) {
        return in(eth / ip4{.src = source} / udp{.sport = 5060, .dport = port} / message);
    }
};

TEST_F(Sip, is_admitted_by_peer_or_zone_and_by_nothing_else) {
    EXPECT_EQ(from("198.51.100.0", invite), "pass sip");
    EXPECT_EQ(from("198.51.100.15", invite), "pass sip");
    EXPECT_EQ(from("198.51.100.16", invite), "drop not_a_peer");
    EXPECT_EQ(from("198.51.99.255", invite), "drop not_a_peer");
    EXPECT_EQ(from("203.0.113.5", invite), "pass sip");
    EXPECT_EQ(in(eth / ip6{} / udp{.dport = 5060} / invite), "pass sip");
    EXPECT_EQ(in(eth / ip6{.src = "2001:db8:98::7"} / udp{.dport = 5060} / invite), "drop not_a_peer");
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.16"} / udp{.sport = 5060, .dport = 5059} / invite), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.16"} / udp{.sport = 5060, .dport = 5061} / invite), "pass not_guarded");
    zone(zone_phones, 0);
    EXPECT_EQ(from("203.0.113.5", invite), "drop not_a_peer");
}

TEST_F(Sip, is_open_to_everyone_where_no_peers_are_declared) {
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(from("192.88.99.1", invite), "pass sip");
    EXPECT_EQ(in(eth / ip4{.src = "192.88.99.1"} / tcp{}), "pass sip_stream");
}

TEST_F(Sip, is_guarded_at_unprotected_addresses_too) {
    EXPECT_EQ(in(eth / ip4{.dst = "203.0.114.1"} / udp{.dport = 5060} / invite), "pass sip");
    EXPECT_EQ(in(eth / ip4{.src = "192.88.99.1", .dst = "203.0.114.1"} / udp{.dport = 5060} / invite),
              "drop not_a_peer");
}

TEST_F(Sip, over_tcp_is_admitted_by_the_same_rule) {
    EXPECT_EQ(in(eth / ip4{} / tcp{}), "pass sip_stream");
    EXPECT_EQ(in(eth / ip4{.src = "192.88.99.1"} / tcp{}), "drop not_a_peer");
    EXPECT_EQ(in(eth / ip6{} / tcp{}), "pass sip_stream");
    EXPECT_EQ(in(eth / ip4{.src = "192.88.99.1"} / tcp{.dport = 5059}), "pass not_guarded");
    EXPECT_EQ(in(eth / ip4{.src = "192.88.99.1"} / tcp{.dport = 5061}), "pass not_guarded");
}

TEST_F(Sip, takes_a_strict_peers_invite_only_from_its_registrar) {
    EXPECT_EQ(from("198.51.100.70", invite), "drop not_registrar");
    EXPECT_EQ(from("198.51.100.70", options), "pass sip"); // other methods are the peer's as ever
    EXPECT_EQ(from("198.51.100.70", text("INVITED sip:x SIP/2.0")), "pass sip");
    known("198.51.100.70", 0, KNOWN_REGISTRAR);
    EXPECT_EQ(from("198.51.100.70", invite), "pass sip");
    EXPECT_EQ(from("198.51.100.71", invite), "drop not_registrar");
    known("198.51.100.70", 0, KNOWN_PARTY);
    EXPECT_EQ(from("198.51.100.70", invite), "drop not_registrar");
    known("198.51.100.70", 0, KNOWN_REGISTRAR, -1s);
    EXPECT_EQ(from("198.51.100.70", invite), "drop not_registrar");
    known("198.51.100.70", 5060, KNOWN_REGISTRAR); // the registrar counts with every port, so it has port 0
    EXPECT_EQ(from("198.51.100.70", invite), "drop not_registrar");
}

TEST_F(Sip, reaches_a_learned_port_from_its_parties_only) {
    learned_port port{};
    port.zones[0] = 1U << zone_provider;
    port.party[0] = IpAddress::parse("192.88.99.1")->abi();
    learned("192.0.2.10", 41000, port);
    EXPECT_EQ(from("198.51.100.7", invite, 41000), "pass sip_learned");
    EXPECT_EQ(from("192.88.99.1", invite, 41000), "pass sip_learned");
    EXPECT_EQ(from("192.88.99.2", invite, 41000), "drop no_pinhole");
    EXPECT_EQ(from("203.0.113.5", invite, 41000), "drop no_pinhole");
    EXPECT_EQ(from("198.51.100.7", invite, 41001), "drop no_pinhole");
    port.flags = LEARNED_ANY_SOURCE;
    learned("192.0.2.10", 41000, port);
    EXPECT_EQ(from("192.88.99.2", invite, 41000), "pass sip_learned");
    learned("192.0.2.10", 41000, port, -1s);
    EXPECT_EQ(from("192.88.99.2", invite, 41000), "drop no_pinhole");
}

TEST_F(Sip, of_a_learned_party_passes_a_configured_port_that_does_not_admit_it) {
    learned_port port{};
    port.party[3] = IpAddress::parse("192.88.99.1")->abi();
    learned("192.0.2.10", 5060, port);
    EXPECT_EQ(from("192.88.99.1", invite), "pass sip_learned");
    EXPECT_EQ(from("192.88.99.2", invite), "drop not_a_peer");
    network("192.88.99.1/32", 0, NETWORK_DENIED);
    EXPECT_EQ(from("192.88.99.1", invite), "drop denied");
}

TEST_F(Sip, answers_to_a_request_the_inside_sent_pass_from_exactly_there) {
    auto ask = [&](uint16_t port) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = "192.88.99.1"} / udp{.sport = port, .dport = 5070} / options);
    };
    auto answer = [&](const std::string& source, uint16_t sport, uint16_t dport) {
        return in(eth / ip4{.src = source} / udp{.sport = sport, .dport = dport} / ok);
    };
    EXPECT_EQ(answer("192.88.99.1", 5070, 5060), "drop not_a_peer");
    EXPECT_EQ(ask(5060), "pass out_sip");
    EXPECT_EQ(answer("192.88.99.1", 5070, 5060), "pass sip_return_path");
    EXPECT_EQ(answer("192.88.99.1", 5071, 5060), "drop not_a_peer");
    EXPECT_EQ(answer("192.88.99.2", 5070, 5060), "drop not_a_peer");
    EXPECT_EQ(ask(33000), "pass out_sip"); // neither a SIP port nor guarded: mirrored all the same
    EXPECT_EQ(answer("192.88.99.1", 5070, 33000), "pass sip_return_path");
    EXPECT_EQ(ask(45000), "pass out_sip"); // a guarded one
    EXPECT_EQ(answer("192.88.99.1", 5070, 45000), "pass sip_return_path");
    EXPECT_EQ(answer("192.88.99.1", 5070, 45001), "drop no_pinhole");
    EXPECT_EQ(ring("ring_strangers").size(), 3U);
}

TEST_F(Sip, answers_pass_only_while_the_way_back_is_fresh) {
    settings().sip_return_path_ns = 20000000;
    apply_settings();
    auto answer = [&] { return in(eth / ip4{.src = "192.88.99.1"} / udp{.sport = 5070, .dport = 5060} / ok); };
    auto start = now_ns();
    EXPECT_EQ(out(eth / ip4{.src = "192.0.2.10", .dst = "192.88.99.1"} / udp{.sport = 5060, .dport = 5070} / options),
              "pass out_sip");
    while (answer() == "pass sip_return_path" && now_ns() < start + 1000000000) continue;
    EXPECT_GE(now_ns(), start + 15000000);
    EXPECT_EQ(answer(), "drop not_a_peer"); // answers that came meanwhile renewed nothing
}

} // namespace
} // namespace ringwall::test

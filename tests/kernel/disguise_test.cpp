// SPDX-License-Identifier: Apache-2.0
// Messages and packets made to look like something else: what a server, a relay or the host takes them for all the same is
// what they are judged as.
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const std::string provider = "198.51.100.7", stranger = "203.0.113.5", pbx = "192.0.2.10";

class Disguise : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        network("203.0.113.0/24", zone_phones);
        zone(zone_phones, ZONE_SIP);
        network("198.51.100.0/24", zone_strict);
        zone(zone_strict, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
    }
    std::string sip(const raw& message, const std::string& source, uint16_t port = 5060) {
        return in(eth / ip4{.src = source} / udp{.sport = port, .dport = 5060} / message);
    }
    static std::string request(const std::string& method, const std::string& to = "<sip:b@x>") {
        return method + " sip:a@x SIP/2.0\r\nTo: " + to + "\r\nUser-Agent: sipvicious\r\n\r\n";
    }
};

const std::vector<std::string> before_a_message{"", "\r\n", "\r\n\r\n", "\n\n\r\n", std::string(20, '\n')};

TEST_F(Disguise, line_ends_and_small_letters_do_not_hide_an_invite_from_strict) {
    for (const std::string& ends : before_a_message)
        for (const char* method : {"INVITE", "invite", "InViTe"})
            EXPECT_EQ(sip(text(ends + request(method)), provider), "drop not_registrar") << method << ends.size();
    EXPECT_EQ(sip(text("INVITE\tsip:a@x SIP/2.0\r\n\r\n"), provider), "drop not_registrar"); // whatever that is
    known(provider, 0, KNOWN_REGISTRAR);
    for (const std::string& ends : before_a_message)
        EXPECT_EQ(sip(text(ends + request("INVITE")), provider), "pass sip");
    EXPECT_EQ(sip(text("\r\n" + request("OPTIONS")), provider), "pass sip");
}

TEST_F(Disguise, nor_a_tool_from_the_list) {
    list_agents({"sipvicious"});
    settings().flags |= WALL_USER_AGENTS;
    apply_settings();
    for (const std::string& ends : before_a_message)
        for (const char* method : {"REGISTER", "register", "OPTIONS"})
            EXPECT_EQ(sip(text(ends + request(method)), stranger), "drop attack_tool") << method << ends.size();
}

TEST_F(Disguise, nor_a_request_from_its_limit) {
    zone(zone_phones, ZONE_SIP, {{CLASS_REGISTER, hourly(1)}});
    EXPECT_EQ(sip(text(request("REGISTER")), stranger), "pass sip");
    for (const std::string& ends : before_a_message)
        EXPECT_EQ(sip(text(ends + request("register", "<sip:c@x>")), stranger), "drop rate_limited") << ends.size();
}

TEST_F(Disguise, more_line_ends_than_we_skip_are_no_message) {
    EXPECT_EQ(sip(text(std::string(31, '\r') + request("INVITE")), provider), "drop not_registrar");
    EXPECT_EQ(sip(text(std::string(32, '\r') + request("INVITE")), provider), "drop malformed");
    EXPECT_EQ(sip(text(std::string(900, '\n') + request("INVITE")), stranger), "drop malformed");
    for (const size_t count : {1U, 4U, 9U, 31U, 32U})
        EXPECT_EQ(sip(text(std::string(count, '\n')), stranger), "pass sip");
    EXPECT_EQ(sip(text(std::string(33, '\n')), stranger), "drop malformed");
}

TEST_F(Disguise, strict_lets_a_live_calls_party_ask_again) {
    const std::string within = request("INVITE", "<sip:b@x>;tag=1");
    EXPECT_EQ(sip(text(within), provider), "drop not_registrar");
    known(provider, 5060, KNOWN_PARTY);
    EXPECT_EQ(sip(text(within), provider), "pass sip");
    EXPECT_EQ(sip(text("\r\n\r\n" + within), provider), "pass sip");
    EXPECT_EQ(sip(text(request("INVITE")), provider), "drop not_registrar"); // a new call
    EXPECT_EQ(sip(text(within), provider, 5062), "drop not_registrar");      // another port than the party's
}

TEST_F(Disguise, sip_in_the_media_of_a_call_is_media) {
    const raw forged = text("INVITE sip:a@x SIP/2.0\r\n\r\n");
    const auto leaves = eth / ip4{.src = pbx, .dst = provider} / udp{.sport = 40000, .dport = 30000} / forged;
    open({.component = COMPONENT_UDPTL});
    EXPECT_EQ(out(leaves), "pass out_media");
    EXPECT_TRUE(ring("ring_inside").empty());
    close({});
    EXPECT_EQ(out(leaves), "pass out_sip"); // from whatever port SIP is sent
}

TEST_F(Disguise, a_port_with_a_call_is_no_sip_port_whoever_has_named_it) {
    learned(pbx, 40000, {.flags = LEARNED_ANY_SOURCE});
    const auto media = eth / ip4{.src = stranger} / udp{.sport = 4000} / rtp();
    EXPECT_EQ(in(media), "pass sip_learned");
    open({.constraint = CONSTRAINT_ANY});
    EXPECT_EQ(in(media), "pass pinhole_rtp");
    close({});
    EXPECT_EQ(in(media), "pass sip_learned");
}

// RFC 2675: Linux takes what there is, and asks for no jumbo option.
TEST_F(Disguise, an_ipv6_packet_without_a_length_hides_no_port) {
    const auto hidden = [&](uint16_t port) {
        Bytes frame = (eth / ip6{} / extension{.type = 0} / udp{.dport = port} / rtp()).bytes();
        EXPECT_EQ(in(frame), port == 5060 ? "drop not_a_peer" : "drop no_pinhole");
        frame[14 + 4] = frame[14 + 5] = 0;
        return in(frame);
    };
    EXPECT_EQ(hidden(40000), "drop malformed");
    network("2001:db8:1::/64", 0, NETWORK_SHARED); // an anycast address that the host answers to
    Bytes frame = (eth / ip6{.dst = "2001:db8:1::"} / extension{.type = 0} / udp{} / rtp()).bytes();
    EXPECT_EQ(in(frame), "drop no_pinhole");
    frame[14 + 4] = frame[14 + 5] = 0;
    EXPECT_EQ(in(frame), "drop malformed");
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Step 5d: whose INVITE is refused at a ceiling, and whose never; by the tag in To, however it is written. What is said of
// who is full is written here as the agent writes it.
#include "tests/kernel/parties.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr uint64_t identity_of_phones = 77;

raw invite_with(const std::string& to, const std::string& uri = "sip:bob@example.com") {
    static int number = 0;
    return text("INVITE " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK" + std::to_string(++number) +
                "\r\nFrom: <sip:a@h>;tag=x\r\n" + to + "\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n");
}
raw new_call(const std::string& uri = "sip:bob@example.com") { return invite_with("To: <sip:bob@example.com>", uri); }
raw reinvite() { return invite_with("To: <sip:bob@example.com>;tag=y"); }

class Ceiling : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        for (const char* phones : {"203.0.113.0/24", "2001:db8:77::/48"}) network(phones, zone_phones);
        for (const char* peers : {"198.51.100.0/24", "2001:db8:99::/48"}) network(peers, zone_provider);
        zone(zone_phones, ZONE_SIP, {}, 0, identity_of_phones);
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string address(const Party& party) const { return is_v4() ? party.v4 : party.v6; }
    // What a count of an address is kept under: of IPv6 the /64.
    std::string household(const Party& party) const {
        return is_v4() ? party.v4 : Prefix::of(*IpAddress::parse(party.v6), 64).address.to_string();
    }
    std::string send(const Party& from, const raw& message, uint16_t sport = 5060) {
        const udp ports{.sport = sport, .dport = 5060};
        if (is_v4()) return in(eth / ip4{.src = from.v4, .dst = inside.v4} / ports / message);
        return in(eth / ip6{.src = from.v6, .dst = inside.v6} / ports / message);
    }
};

TEST_P(Ceiling, of_strangers_refuses_their_new_calls_and_nothing_else) {
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    call_ceiling(CEILING_STRANGERS);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    EXPECT_EQ(send(phone, text("REGISTER sip:h SIP/2.0\r\n\r\n")), "pass sip");
    EXPECT_EQ(send(phone, text("BYE sip:h SIP/2.0\r\n\r\n")), "pass sip");
    EXPECT_EQ(send(phone, text("INVITED sip:h SIP/2.0\r\n\r\n")), "pass sip"); // no INVITE
    EXPECT_EQ(send(provider, new_call()), "pass sip");
    call_ceiling(0);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
}

TEST_P(Ceiling, of_all_refuses_peers_too_and_no_call_that_stands) {
    call_ceiling(CEILING_ALL);
    EXPECT_EQ(send(provider, new_call()), "drop calls_full");
    EXPECT_EQ(send(provider, reinvite()), "pass sip");
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    known(address(phone), 5060, KNOWN_PARTY);
    EXPECT_EQ(send(phone, reinvite()), "pass sip");
    EXPECT_EQ(send(phone, reinvite(), 5061), "pass sip"); // its NAT has changed the port
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    network(address(phone), zone_phones, NETWORK_ALLOWED);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
}

TEST_P(Ceiling, of_a_zone_or_peer_is_its_own_by_number_and_name) {
    call_ceiling(0, zone_phones, identity_of_phones);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    EXPECT_EQ(send(provider, new_call()), "pass sip");
    call_ceiling(0, zone_phones, identity_of_phones + 1); // a reload has given the number to another
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    call_ceiling(0, zone_provider, zone_provider);
    EXPECT_EQ(send(provider, new_call()), "drop calls_full");
    EXPECT_EQ(send(another_of_provider, new_call()), "drop calls_full");
    EXPECT_EQ(send(phone, new_call()), "pass sip");
}

TEST_P(Ceiling, of_a_source_is_of_its_household_alone_and_ends) {
    known(household(phone), 0, KNOWN_CALLS_FULL);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    EXPECT_EQ(send(phone, new_call(), 5999), "drop calls_full");
    EXPECT_EQ(send(another_phone, new_call()), "pass sip"); // of IPv6, in the /64 beside
    known(household(phone), 0, KNOWN_CALLS_FULL, -1s);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    known(address(provider), 0, KNOWN_CALLS_FULL);
    EXPECT_EQ(send(provider, new_call()), "pass sip"); // a peer's is counted as a whole
}

TEST_P(Ceiling, of_an_ipv4_host_behind_a_nat64_is_its_own) {
    const auto call_from = [&](const std::string& source) {
        return in(eth / ip6{.src = source} / udp{.sport = 5060, .dport = 5060} / new_call());
    };
    network("64:ff9b::/96", zone_phones);
    known("64:ff9b::203.0.113.5", 0, KNOWN_CALLS_FULL);
    EXPECT_EQ(call_from("64:ff9b::203.0.113.5"), "drop calls_full");
    EXPECT_EQ(call_from("64:ff9b::203.0.113.6"), "pass sip");
}

TEST_P(Ceiling, of_neighbours_and_strangers_is_none_for_who_is_registered) {
    known(household(phone), 0, KNOWN_CALLS_FULL);
    known(address(phone), 5060, KNOWN_REGISTERED);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    EXPECT_EQ(send(phone, new_call(), 5061), "drop calls_full");
    call_ceiling(CEILING_STRANGERS, zone_phones, identity_of_phones);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    known(address(phone), 5060, KNOWN_REGISTERED | KNOWN_CALLS_FULL);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
}

TEST_P(Ceiling, is_none_for_a_registrar_of_the_insides) {
    known(address(stranger), 0, KNOWN_REGISTRAR);
    settings().flags |= WALL_ADMIT_ALL;
    apply_settings();
    call_ceiling(CEILING_STRANGERS);
    EXPECT_EQ(send(stranger, new_call()), "pass sip");
    call_ceiling(CEILING_ALL);
    EXPECT_EQ(send(stranger, new_call()), "drop calls_full");
}

TEST_P(Ceiling, lets_who_is_registered_call_for_help) {
    call_ceiling(CEILING_ALL, 0, 0, "110");
    for (const char* uri :
         {"sip:110@h", "sips:110@h", "tel:110", "sip:110;x=y@h", "urn:service:sos", "urn:service:sos.fire"})
        EXPECT_EQ(send(phone, new_call(uri)), "drop calls_full") << uri;
    known(address(phone), 5060, KNOWN_REGISTERED | KNOWN_CALLS_FULL);
    for (const char* uri :
         {"sip:110@h", "sips:110@h", "tel:110", "sip:110;x=y@h", "urn:service:sos", "urn:service:sos.fire"})
        EXPECT_EQ(send(phone, new_call(uri)), "pass sip") << uri;
    // RFC 3966 3, RFC 8141 3.1, RFC 5031 4.2
    for (const char* uri : {"tel:1-1-0", "tel:(11)0;phone-context=+49", "sip:1.1.0@h;user=phone", "urn:service:SOS",
                            "URN:Service:Sos.Fire", "urn:service:sos?+x"})
        EXPECT_EQ(send(phone, new_call(uri)), "pass sip") << uri;
    for (const char* uri : {"urn:service:sosx", "urn:service:sos.", "urn:service:sos-x", "tel:1-1-0-0", "sip:-@h",
                            "sip:1-1-0--------------------------@h"})
        EXPECT_EQ(send(phone, new_call(uri)), "drop calls_full") << uri;
    for (const char* uri : {"sip:11@h", "sip:1100@h", "sip:0110@h", "sip:110a@h", "sip:112@h", "sip:@h", "x:110@h",
                            "sip:a@110", "urn:service:so", "sip:110110110110@h", "sip:h"})
        EXPECT_EQ(send(phone, new_call(uri)), "drop calls_full") << uri;
}

TEST_P(Ceiling, is_none_without_the_agent_and_lets_all_pass_in_monitor_mode) {
    call_ceiling(CEILING_ALL);
    heartbeat(11s);
    EXPECT_EQ(send(phone, new_call()), "pass sip");
    heartbeat(9s);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    settings().flags |= WALL_MONITOR;
    apply_settings();
    ring("ring_strangers");
    EXPECT_EQ(send(phone, new_call()), "pass calls_full");
    EXPECT_EQ(ring("ring_strangers").size(), 1U); // the agent follows what the PBX will answer
}

TEST_P(Ceiling, comes_behind_the_limit_and_leaves_no_free_copies) {
    zone(zone_phones, ZONE_SIP, {{CLASS_INVITE, hourly(2)}}, 0, identity_of_phones);
    call_ceiling(CEILING_STRANGERS);
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    EXPECT_EQ(send(phone, new_call()), "drop calls_full");
    EXPECT_EQ(send(phone, new_call()), "drop rate_limited");
    EXPECT_EQ(event(EVENT_free_copies), 0U);
}

// RFC 3261 sections 7.3.1, 20.39, 25.1, and what RFC 4475 makes of them.
TEST_P(Ceiling, knows_a_call_that_stands_by_its_tag_however_it_is_written) {
    call_ceiling(CEILING_ALL);
    known(address(phone), 5060, KNOWN_PARTY);
    for (const char* to :
         {"To: <sip:b@h>;tag=y", "to:<sip:b@h>;TAG=y", "t: sip:b@h;tag=y", "T : sip:b@h ; x=1 ; tag = y",
          "TO\t:\r\n <sip:b@h>\r\n ;\r\n\ttag=y", "To: \"b \\\" ;x\" <sip:b@h;x=tag>;tag=y",
          "X: y\r\n folded\r\nTo: <sip:b@h>;x;tag=y", "To: b <sip:b@h>;tagx=1;tag=y"})
        EXPECT_EQ(send(phone, invite_with(to)), "pass sip") << to;
    for (const char* to :
         {"To: <sip:b@h>", "To: <sip:b@h;tag=y>", "To: \";tag=y\" <sip:b@h>", "To: \"\\\";tag=y\" <sip:b@h>",
          "To: sip:b@h;tags=y", "To: sip:b@h;xtag=y", "To: sip:b@h;tag", "To: sip:b@h\r\nX: ;tag=y",
          "Too: <sip:b@h>;tag=y", "X: y\r\n To: <sip:b@h>;tag=y", "To <sip:b@h>;tag=y", "X-To: sip:b@h;tag=y",
          "To: <sip:b@h>\r\n\r\nTo: x;tag=y", "To: <sip:b@h>\n\nTo: x;tag=y"})
        EXPECT_EQ(send(phone, invite_with(to)), "drop calls_full") << to;
}

TEST_P(Ceiling, reads_to_as_far_as_it_looks) {
    call_ceiling(CEILING_ALL);
    known(address(phone), 5060, KNOWN_PARTY);
    const auto behind = [](size_t bytes) {
        std::string message = "INVITE sip:b@h SIP/2.0\r\nX: ";
        message += std::string(bytes - message.size() - 2, 'x') + "\r\n";
        return message + "To: <sip:b@h>;tag=y\r\n\r\n" + std::string(500, 'b');
    };
    const size_t length = std::string("To: <sip:b@h>;tag=").size();
    EXPECT_EQ(send(phone, text(behind(EXCUSE_BYTES - length))), "pass sip");
    EXPECT_EQ(send(phone, text(behind(EXCUSE_BYTES - length + 1))), "drop calls_full");
}

INSTANTIATE_TEST_SUITE_P(OfBothFamilies, Ceiling, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Who becomes known by what is said, and which SIP ports are learned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/unit/core/run_script.hpp"
#include "tests/unit/core/script_words.hpp"

namespace ringwall::test {
namespace {

using testing::IsEmpty;

TEST(Core, knows_the_party_of_a_call_that_the_inside_took_part_in) {
    CallScript script;
    run(script, "policy none\nin INVITE f=a b=1 sdp=30000 peer=203.0.113.9:5066\n");
    EXPECT_THAT(script.maps().known, IsEmpty()); // anyone can send an INVITE
    run(script, "out 200 f=a t=z b=1 sdp=40000 peer=203.0.113.9:5066\n");
    EXPECT_TRUE(script.maps().known.contains("203.0.113.9:5066"));
    run(script,
        "in BYE f=a t=z b=2 n=2 peer=203.0.113.9:5066\nout 200 f=a t=z b=2 n=2 m=BYE peer=203.0.113.9:5066\nwait "
        "700\n");
    EXPECT_THAT(script.maps().known, IsEmpty());
}

TEST(Core, knows_the_registrar_by_address_whatever_the_port) {
    CallScript script;
    run(script, "out REGISTER f=a b=1\n");
    ASSERT_TRUE(script.maps().known.contains("198.51.100.1:0"));
    EXPECT_EQ(script.maps().known["198.51.100.1:0"].flags, uint32_t{KNOWN_REGISTRAR});
    run(script, "in REGISTER f=a b=2 peer=198.51.100.9:5060\n");
    EXPECT_FALSE(script.maps().known.contains("198.51.100.9:0"));
}

TEST(Core, learns_the_ports_of_contact_and_via_for_the_parties_it_speaks_to) {
    CallScript script;
    run(script, "out INVITE f=a b=1 contact=192.0.2.10:65002 via=192.0.2.10:5062\n");
    ASSERT_EQ(script.maps().learned.size(), 2U);
    const auto& port = script.maps().learned.at({{*IpAddress::parse("192.0.2.10"), Port{65002}}, Protocol::udp});
    EXPECT_EQ(port.zones[0], uint64_t{1} << 1); // the declared peer
    EXPECT_EQ(port.flags, 0U);
    run(script, "out INVITE call=two f=a b=2 contact=192.0.2.10:65002 peer=203.0.113.77:5060\n");
    const auto& again = script.maps().learned.at({{*IpAddress::parse("192.0.2.10"), Port{65002}}, Protocol::udp});
    EXPECT_EQ(IpAddress::from(again.party[0]).to_string(), "203.0.113.77");
}

TEST(Core, learns_nothing_from_what_outsiders_name) {
    CallScript script;
    run(script,
        "in INVITE f=a b=1 contact=192.0.2.10:22\n"
        "out INVITE call=proxied f=a b=2 contact=192.0.2.10:22 via=192.0.2.10:5060\n" // an inside proxy passes it on
        "out 200 m=REGISTER f=a t=z b=3 contact=192.0.2.10:2222\n");                  // a registrar lists bindings
    EXPECT_THAT(script.maps().learned, IsEmpty());
}

TEST(Core, keeps_a_learned_port_while_the_call_lives) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 contact=192.0.2.10:65002 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\nwait "
        "1200\n");
    EXPECT_EQ(script.maps().learned.size(), 1U);
    run(script, "out BYE f=a t=z b=3 n=2\nin 200 f=a t=z b=3 n=2 m=BYE\nwait 700\n");
    EXPECT_THAT(script.maps().learned, IsEmpty());
}

// The script's policy, with these declared peers in this order.
policy::View with_peers(const std::vector<std::string>& names) {
    const std::map<std::string, std::string> networks{
        {"provider", "198.51.100.0/24"}, {"branch", "203.0.113.0/24"}, {"depot", "100.64.0.0/24"}};
    std::string text = policy_text("none", "", "") + (names.empty() ? "" : "peers:\n");
    for (const std::string& name : names) text += "  - { name: " + name + ", networks: [" + networks.at(name) + "] }\n";
    const auto config = policy::read(text);
    if (!config) throw std::logic_error(to_string(config.error().front(), "with_peers"));
    return policy::View(*config, policy::Facts{});
}

void reload(CallScript& script, const std::vector<std::string>& names) {
    EXPECT_THAT(script.maps().apply(script.core().reload(with_peers(names), script.now())), IsEmpty());
}

TEST(Core, keeps_a_learned_port_open_to_the_peers_that_keep_their_names) {
    CallScript script;
    run(script, "out REGISTER f=a b=1 contact=192.0.2.10:65002\n"); // with "provider"
    const auto open_to = [&](size_t zone) {
        const auto& port = script.maps().learned.at({{*IpAddress::parse("192.0.2.10"), Port{65002}}, Protocol::udp});
        return std::ranges::equal(port.zones, std::array<uint64_t, 4>{uint64_t{zone != 0} << zone}) && port.flags == 0;
    };
    const uint64_t until = script.maps().learned.begin()->second.until_ns;
    EXPECT_TRUE(open_to(1));
    reload(script, {"branch", "depot", "provider"});
    EXPECT_TRUE(open_to(3));
    reload(script, {"depot", "provider", "branch"});
    EXPECT_TRUE(open_to(2));
    EXPECT_EQ(script.maps().learned.begin()->second.until_ns, until);
    reload(script, {"depot", "branch"}); // branch has its number now
    EXPECT_TRUE(open_to(0));
    reload(script, {"depot", "provider", "branch"}); // its name alone brings nothing back
    EXPECT_TRUE(open_to(0));
    run(script, "out REGISTER f=a b=2 n=2 contact=192.0.2.10:65002\n");
    EXPECT_TRUE(open_to(2));
}

TEST(Core, leaves_a_learned_port_to_its_addresses_whatever_peers_there_are) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 contact=192.0.2.10:65002\n"
        "out INVITE call=two f=a b=2 contact=192.0.2.10:65002 peer=203.0.113.77:5060\n");
    reload(script, {"depot"});
    const auto& port = script.maps().learned.at({{*IpAddress::parse("192.0.2.10"), Port{65002}}, Protocol::udp});
    EXPECT_THAT(port.zones, testing::Each(0U));
    EXPECT_EQ(IpAddress::from(port.party[0]).to_string(), "203.0.113.77");
}

TEST(Core, keeps_a_learned_port_while_the_call_lives_though_its_peer_has_another_number) {
    CallScript script;
    run(script,
        "out INVITE f=a b=1 contact=192.0.2.10:65002 sdp=40000/muxonly\nin 200 f=a t=z b=1 sdp=30000/muxonly\n");
    reload(script, {"branch", "provider"});
    run(script, "wait 1200\n");
    EXPECT_EQ(script.maps().learned.size(), 1U);
    reload(script, {"branch"}); // the call lives on, and the port is the peer's no longer
    run(script, "wait 700\n");
    ASSERT_EQ(script.maps().learned.size(), 1U);
    EXPECT_THAT(script.maps().learned.begin()->second.zones, testing::Each(0U));
    EXPECT_EQ(script.maps().learned.begin()->second.flags, 0U);
    run(script, "out BYE f=a t=z b=3 n=2\nin 200 f=a t=z b=3 n=2 m=BYE\nwait 700\n");
    EXPECT_THAT(script.maps().learned, IsEmpty());
}

} // namespace
} // namespace ringwall::test

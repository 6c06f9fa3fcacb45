// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/permitted.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

policy::View view(const std::string& denied, const std::string& allowed = "") {
    return policy_view("deny: { networks: [" + denied + "] }\nallow: [" + allowed + "]\n");
}

TEST(Permitted, takes_denied_networks_out_of_who_may_send_and_gives_them_back) {
    const Endpoint local{*IpAddress::parse("192.0.2.10"), Port{40000}};
    const Endpoint bad{*IpAddress::parse("203.0.113.7"), Port{30000}},
        good{*IpAddress::parse("198.51.100.7"), Port{30000}};
    const std::vector<pinhole::Claim> claims{
        {.local = local, .is_answered = true, .constraint = pinhole::Constraint::peers, .peers = {bad, good}}};
    EXPECT_THAT(permitted(claims, view("")).at(0).peers, testing::ElementsAre(bad, good));
    EXPECT_THAT(permitted(claims, view("203.0.113.7")).at(0).peers, testing::ElementsAre(good));
    EXPECT_THAT(permitted(claims, view("203.0.113.8")).at(0).peers, testing::ElementsAre(bad, good));
    EXPECT_THAT(permitted(claims, view("203.0.113.0/24", "203.0.113.7")).at(0).peers, testing::ElementsAre(bad, good));
    const auto nobody = permitted(claims, view("any"));
    EXPECT_THAT(nobody.at(0).peers, testing::IsEmpty());
    EXPECT_EQ(nobody.at(0).constraint, pinhole::Constraint::peers); // and not any
}

TEST(Permitted, leaves_a_claim_that_names_too_many_as_it_is) {
    pinhole::Claim claim{.local = {*IpAddress::parse("192.0.2.10"), Port{40000}},
                         .constraint = pinhole::Constraint::peers};
    for (uint16_t port = 1; port <= PEERS_PER_SET + 1; ++port)
        claim.peers.push_back({*IpAddress::parse("203.0.113.7"), Port{port}});
    EXPECT_EQ(permitted({claim}, view("203.0.113.7")).at(0).peers.size(), PEERS_PER_SET + 1); // merge() widens it
    claim.peers.pop_back();
    EXPECT_THAT(permitted({claim}, view("203.0.113.7")).at(0).peers, testing::IsEmpty());
}

TEST(Permitted, leaves_out_ports_that_are_not_guarded_and_gives_them_back) {
    const auto at = [](const char* address, uint16_t port, Protocol protocol = Protocol::udp) {
        return pinhole::Claim{.local = {*IpAddress::parse(address), Port{port}}, .protocol = protocol};
    };
    const std::vector<pinhole::Claim> claims{at("192.0.2.10", 40000), at("192.0.2.10", 9998), at("10.0.0.1", 40000),
                                             at("192.0.2.10", 40000, Protocol::tcp)};
    EXPECT_THAT(permitted(claims, view("")), testing::ElementsAre(claims[0]));
}

} // namespace
} // namespace ringwall::dialog

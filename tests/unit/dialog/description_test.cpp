// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::dialog {
namespace {

policy::View view(const std::string& denied) {
    const auto config = policy::read(R"(
version: 1
mode: enforce
outside: [eth0]
protect: { networks: [192.0.2.0/24], media_ports: 10000-50000 }
sip: { udp: [5060] }
deny: { networks: [)" + denied + "] }\n");
    if (!config) throw std::logic_error(to_string(config.error().front(), "policy"));
    return policy::View(*config, {});
}

TEST(Reconsider, takes_newly_denied_networks_out_of_who_may_send) {
    const Endpoint local{*IpAddress::parse("192.0.2.10"), Port{40000}};
    const Endpoint bad{*IpAddress::parse("203.0.113.7"), Port{30000}},
        good{*IpAddress::parse("198.51.100.7"), Port{30000}};
    std::vector<pinhole::Claim> claims{
        {.local = local, .is_answered = true, .constraint = pinhole::Constraint::peers, .peers = {bad, good}}};
    reconsider(claims, {.signalling = good}, view(""));
    EXPECT_THAT(claims.at(0).peers, testing::ElementsAre(bad, good));
    reconsider(claims, {.signalling = good}, view("203.0.113.0/24"));
    EXPECT_THAT(claims.at(0).peers, testing::ElementsAre(good));
    EXPECT_EQ(claims.at(0).constraint, pinhole::Constraint::peers);
}

} // namespace
} // namespace ringwall::dialog

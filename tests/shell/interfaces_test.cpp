// SPDX-License-Identifier: Apache-2.0
// Which interfaces `outside:` takes, by names and globs, without counting a packet twice.
#include "agent/kernel/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Result<Selection>& selection) {
    std::vector<std::string> all;
    for (const auto& device : selection.value().devices) all.push_back(device.name);
    return all;
}

const std::vector<Device> machine = {
    {.index = 1, .name = "lo"},
    {.index = 2, .name = "eth0"},
    {.index = 3, .name = "eth1"},
    {.index = 4, .name = "eth0.100", .kind = "vlan", .below = 2},
    {.index = 5, .name = "bond0", .kind = "bond"},
    {.index = 6, .name = "slave0", .master = 5},
    {.index = 7, .name = "slave1", .master = 5},
    {.index = 8, .name = "bond0.5", .kind = "vlan", .below = 5},
    {.index = 9, .name = "gre0", .kind = "gre", .below = 2},
    {.index = 10, .name = "veth0", .kind = "veth", .below = 11},
    {.index = 11, .name = "veth1", .kind = "veth", .below = 10},
};

Result<Selection> select(std::vector<std::string> patterns) { return select_devices(machine, patterns); }

TEST(Select, takes_names_and_globs_each_once) {
    EXPECT_THAT(names(select({"eth1", "eth?"})), ElementsAre("eth1", "eth0"));
}

TEST(Select, leaves_out_a_vlan_above_a_taken_parent) {
    const auto selection = select({"eth*"});
    EXPECT_THAT(names(selection), ElementsAre("eth0", "eth1"));
    EXPECT_THAT(selection->warnings, ElementsAre(HasSubstr("eth0.100 stands above eth0")));
}

TEST(Select, takes_a_vlan_alone) { EXPECT_THAT(names(select({"eth0.100"})), ElementsAre("eth0.100")); }

TEST(Select, leaves_out_a_bond_above_taken_slaves_and_what_stands_above_it) {
    EXPECT_THAT(names(select({"bond*", "slave*"})), ElementsAre("slave0", "slave1"));
}

TEST(Select, takes_a_bond_without_its_slaves_but_not_its_vlan) {
    EXPECT_THAT(names(select({"bond*"})), ElementsAre("bond0"));
}

TEST(Select, takes_a_tunnel_beside_its_parent_as_its_packets_are_others) {
    EXPECT_THAT(names(select({"eth0", "gre0"})), ElementsAre("eth0", "gre0"));
}

TEST(Select, takes_both_ends_of_a_veth) { EXPECT_THAT(names(select({"veth*"})), ElementsAre("veth0", "veth1")); }

TEST(Select, refuses_a_name_that_no_interface_has) {
    const auto selection = select({"eth0", "eth9"});
    ASSERT_FALSE(selection);
    EXPECT_THAT(selection.error().message(), HasSubstr("eth9"));
}

TEST(Select, only_warns_of_a_glob_that_matches_nothing) {
    const auto selection = select({"wlan*"});
    EXPECT_THAT(names(selection), IsEmpty());
    EXPECT_THAT(selection->warnings, ElementsAre(HasSubstr("wlan*")));
}

TEST(ListDevices, finds_the_loopback) {
    const auto devices = list_devices();
    ASSERT_TRUE(devices) << devices.error().message();
    EXPECT_THAT(*devices, testing::Contains(testing::Field(&Device::name, "lo")));
}

} // namespace
} // namespace ringwall::kernel

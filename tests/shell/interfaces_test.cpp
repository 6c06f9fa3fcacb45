// SPDX-License-Identifier: Apache-2.0
// Which interfaces `outside:` takes, by names and globs, without counting a packet twice, and which addresses are theirs.
#include "agent/kernel/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>

#include <algorithm>
#include <iterator>

#include "agent/kernel/addresses.hpp"

namespace ringwall::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> names(const Selection& selection) {
    std::vector<std::string> all;
    for (const auto& [device, is_watched] : selection.devices) all.push_back(device.name + (is_watched ? "?" : ""));
    return all;
}

const std::vector<Device> machine = {
    {.index = 1, .name = "lo", .type = ARPHRD_LOOPBACK},
    {.index = 2, .name = "eth0"},
    {.index = 3, .name = "eth1"},
    {.index = 4, .name = "eth0.100", .kind = "vlan", .below = 2},
    {.index = 5, .name = "bond0", .kind = "bond"},
    {.index = 6, .name = "slave0", .master = 5},
    {.index = 7, .name = "slave1", .master = 5},
    {.index = 8, .name = "bond0.5", .kind = "vlan", .below = 5},
    {.index = 9, .name = "gre0", .kind = "gre", .below = 2, .type = ARPHRD_IPGRE},
    {.index = 10, .name = "veth0", .kind = "veth", .below = 11},
    {.index = 11, .name = "veth1", .kind = "veth", .below = 10},
    {.index = 12, .name = "wg0", .kind = "wireguard", .type = ARPHRD_NONE},
    {.index = 13, .name = "ib0", .type = ARPHRD_INFINIBAND},
    {.index = 14, .name = "vrf0", .kind = "vrf"},
    {.index = 15, .name = "br0", .kind = "bridge", .master = 14},
    {.index = 16, .name = "port0", .master = 15},
    {.index = 17, .name = "eth0.200", .kind = "vlan", .below = 2},
    {.index = 18, .name = "macvlan0", .kind = "macvlan", .below = 4},
    {.index = 19, .name = "switch0", .kind = "bridge"},
    {.index = 20, .name = "card0", .master = 19},
    {.index = 21, .name = "card1", .master = 19},
    {.index = 22, .name = "switch0.7", .kind = "vlan", .below = 19},
};

Selection select(std::vector<std::string> outside, std::vector<std::string> watch = {}) {
    return select_devices(machine, outside, watch);
}

TEST(Select, takes_names_and_globs_each_once) {
    EXPECT_THAT(names(select({"eth1", "eth?"})), ElementsAre("eth1", "eth0"));
}

TEST(Select, takes_the_loopback_for_outside_by_its_name_only) {
    EXPECT_THAT(names(select({"l*"}, {"l?"})), ElementsAre("lo?"));
    EXPECT_THAT(names(select({"lo"})), ElementsAre("lo"));
}

TEST(Select, leaves_out_a_vlan_above_a_taken_parent) {
    const auto selection = select({"eth?", "eth0.100"});
    EXPECT_THAT(names(selection), ElementsAre("eth0", "eth1"));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("eth0.100 stands above eth0")));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"eth0.100", false, LeftOut::Why::seen_below, "eth0"}));
}

TEST(Select, takes_an_outside_vlan_though_its_parent_is_watched) {
    const auto selection = select({"eth0.100"}, {"eth0", "eth0.200"});
    EXPECT_THAT(names(selection), ElementsAre("eth0.100", "eth0.200?"));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"eth0", true, LeftOut::Why::outside_above, "eth0.100"}));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("eth0 is not watched, as eth0.100, which is outside")));
    EXPECT_THAT(selection.reached, ElementsAre(4));
}

TEST(Select, takes_an_outside_bond_though_a_slave_is_watched_or_the_parent_of_a_parent) {
    EXPECT_THAT(names(select({"bond0"}, {"slave*"})), ElementsAre("bond0"));
    EXPECT_THAT(names(select({"macvlan0"}, {"eth0"})), ElementsAre("macvlan0"));
    EXPECT_THAT(names(select({"bond0.5"}, {"bond0"})), ElementsAre("bond0.5"));
}

TEST(Select, misses_nothing_of_what_is_watched_between_two_outside_ones) {
    const auto selection = select({"eth0", "macvlan0"}, {"eth0.100"});
    EXPECT_THAT(names(selection), ElementsAre("eth0"));
    for (const LeftOut& each : selection.left_out) EXPECT_EQ(each.why, LeftOut::Why::seen_below) << each.name;
    EXPECT_THAT(selection.reached, ElementsAre(2, 18));
}

TEST(Select, takes_a_vlan_alone) { EXPECT_THAT(names(select({"eth0.100"})), ElementsAre("eth0.100")); }

TEST(Select, leaves_out_a_bond_above_taken_slaves_and_what_stands_above_it) {
    EXPECT_THAT(names(select({"bond*", "slave*"})), ElementsAre("slave0", "slave1"));
}

TEST(Select, takes_a_bond_without_its_slaves_but_not_its_vlan) {
    EXPECT_THAT(names(select({"bond*"})), ElementsAre("bond0"));
}

TEST(Select, takes_a_bond_of_which_one_slave_is_not_named_and_leaves_out_the_other) {
    for (const auto& outside : {std::vector<std::string>{"bond0", "slave1"}, {"slave1", "bond*"}}) {
        const auto selection = select(outside);
        EXPECT_THAT(names(selection), ElementsAre("bond0"));
        EXPECT_THAT(selection.left_out, testing::Contains(LeftOut{"slave1", false, LeftOut::Why::seen_above, "bond0"}));
        EXPECT_THAT(selection.reached, testing::IsSupersetOf({5, 7}));
        EXPECT_THAT(selection.twice, ElementsAre());
    }
}

TEST(Select, takes_a_bridge_and_a_port_of_it_where_another_port_is_not_named) {
    const auto selection = select({"switch0", "card1"});
    EXPECT_THAT(names(selection), ElementsAre("switch0", "card1"))
        << "card0's by the bridge, what card1 forwards by card1";
    EXPECT_THAT(selection.twice, ElementsAre(Twice{"switch0", "card1"}));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("switch0 stands above card1, and both are attached")));
}

TEST(Select, leaves_out_a_bridge_all_of_whose_ports_are_taken) {
    const auto selection = select({"switch0", "card?"});
    EXPECT_THAT(names(selection), ElementsAre("card0", "card1"));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"switch0", false, LeftOut::Why::seen_below, "card0"}));
    EXPECT_THAT(selection.twice, ElementsAre());
}

TEST(Select, takes_a_vlan_above_a_bridge_or_bond_of_which_one_port_is_not_named) {
    const auto selection = select({"switch0.7", "card0"});
    EXPECT_THAT(names(selection), ElementsAre("switch0.7", "card0"));
    EXPECT_THAT(selection.twice, ElementsAre(Twice{"switch0.7", "card0"}));
    EXPECT_THAT(names(select({"bond0.5", "slave0"})), ElementsAre("bond0.5", "slave0"));
    EXPECT_THAT(names(select({"switch0.7", "switch0", "card0"})), ElementsAre("switch0", "card0"));
    EXPECT_THAT(names(select({"switch0.7", "card*"})), ElementsAre("card0", "card1"));
}

TEST(Select, does_not_watch_above_an_outside_port_and_says_so_where_packets_are_missed) {
    auto selection = select({"card0"}, {"switch0"});
    EXPECT_THAT(names(selection), ElementsAre("card0"));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"switch0", true, LeftOut::Why::outside_below, "card0"}));
    EXPECT_THAT(selection.reached, ElementsAre(20, 19));
    selection = select({"card*"}, {"switch0"});
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"switch0", true, LeftOut::Why::seen_below, "card0"}));
}

TEST(Select, takes_a_tunnel_beside_its_parent_as_its_packets_are_others) {
    EXPECT_THAT(names(select({"eth0", "gre0"})), ElementsAre("eth0", "gre0"));
}

TEST(Select, takes_both_ends_of_a_veth) { EXPECT_THAT(names(select({"veth*"})), ElementsAre("veth0", "veth1")); }

TEST(Select, waits_with_a_warning_for_names_and_globs_that_nothing_has) {
    const auto selection = select({"eth0", "eth9", "wlan*"}, {"wg9"});
    EXPECT_THAT(names(selection), ElementsAre("eth0"));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("no interface eth9 yet"), HasSubstr("matches wlan* yet"),
                                                HasSubstr("watch: there is no interface wg9 yet")));
}

TEST(Select, watches_beside_the_outside_but_nothing_twice) {
    EXPECT_THAT(names(select({"eth0"}, {"wg*", "lo"})), ElementsAre("eth0", "wg0?", "lo?"));
    EXPECT_THAT(names(select({"eth0"}, {"eth0"})), ElementsAre("eth0")) << "outside is the stronger word";
    EXPECT_THAT(names(select({"eth0"}, {"eth0.100"})), ElementsAre("eth0")) << "its packets are seen below already";
}

TEST(Select, leaves_out_frames_that_the_programs_do_not_read) {
    const auto selection = select({"ib0", "wg0"});
    EXPECT_THAT(names(selection), ElementsAre("wg0"));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("ib0 has frames")));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"ib0", false, LeftOut::Why::unreadable, ""}));
    EXPECT_THAT(selection.reached, ElementsAre(12));
    EXPECT_TRUE(select({"wg0"}, {"ib0"}).left_out.at(0).is_watched);
}

TEST(Select, leaves_out_a_vrf_and_names_its_members) {
    const auto selection = select({"vrf0"});
    EXPECT_THAT(names(selection), ElementsAre());
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"vrf0", false, LeftOut::Why::without_packets, "br0"}));
    EXPECT_THAT(selection.warnings, ElementsAre(HasSubstr("vrf0 is a VRF, and no program sees a packet there")));
    EXPECT_THAT(selection.reached, ElementsAre()) << "nothing is guarded by it";
    EXPECT_EQ(select({"eth0"}, {"vrf0"}).left_out,
              (std::vector{LeftOut{"vrf0", true, LeftOut::Why::without_packets, "br0"}}));
}

TEST(Select, leaves_out_a_vrf_without_a_fault_where_its_members_are_named) {
    for (const char* member : {"br0", "port0"}) {
        const auto selection = select({"vrf*", member});
        EXPECT_THAT(names(selection), ElementsAre(member));
        EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"vrf0", false, LeftOut::Why::seen_below, member}));
        EXPECT_THAT(selection.reached, testing::IsSupersetOf({14, 15}));
    }
}

TEST(Framing, is_by_the_kind_of_link) {
    EXPECT_EQ(machine[0].framing(), Framing::loopback);
    EXPECT_EQ(machine[1].framing(), Framing::ethernet);
    EXPECT_EQ(machine[8].framing(), Framing::bare);
    EXPECT_EQ(machine[11].framing(), Framing::bare);
    EXPECT_EQ(machine[12].framing(), Framing::other);
}

TEST(ListDevices, finds_the_loopback) {
    const auto devices = list_devices();
    ASSERT_TRUE(devices) << devices.error().message();
    EXPECT_THAT(*devices, testing::Contains(testing::Field(&Device::name, "lo")));
}

OwnAddress own(int ifindex, const char* prefix, const char* broadcast = nullptr) {
    const std::string text = prefix;
    const auto address = *IpAddress::parse(text.substr(0, text.find('/')));
    const int length = std::stoi(text.substr(text.find('/') + 1)) + (address.is_v4() ? 96 : 0);
    return {.ifindex = ifindex,
            .address = address,
            .network = Prefix::of(address, static_cast<uint8_t>(length)),
            .broadcast = broadcast != nullptr ? IpAddress::parse(broadcast) : std::nullopt};
}

const std::vector<OwnAddress> on_machine = {
    own(1, "127.0.0.1/8"),
    own(2, "192.0.2.10/24", "192.0.2.255"),
    own(2, "192.0.2.77/32"),
    own(2, "2001:db8:1::10/64"),
    own(2, "fe80::1/64"),
    own(3, "198.51.100.1/24", "198.51.100.255"),
    own(2, "192.0.2.10/25", "192.0.2.127"),
    own(14, "127.0.0.1/8"),
    own(14, "::1/128"),
    own(14, "203.0.113.1/32"),
};

std::vector<std::string> texts(const auto& all) {
    std::vector<std::string> made;
    for (const auto& each : all) made.push_back(each.to_string());
    return made;
}

TEST(Addresses, are_those_of_outside_interfaces_without_link_local_ones) {
    const auto selection = select({"eth0"}, {"eth1"});
    EXPECT_THAT(texts(addresses_of(selection.reached, on_machine)),
                ElementsAre("192.0.2.10", "192.0.2.77", "2001:db8:1::10"));
    EXPECT_THAT(texts(addresses_of(select({"eth1"}).reached, on_machine)), ElementsAre("198.51.100.1"));
}

TEST(Addresses, are_those_of_a_named_vlan_too_though_its_parent_is_attached_and_not_it) {
    const auto selection = select({"eth0", "eth0.100"});
    EXPECT_THAT(selection.reached, UnorderedElementsAre(2, 4));
    EXPECT_THAT(selection.left_out, ElementsAre(LeftOut{"eth0.100", false, LeftOut::Why::seen_below, "eth0"}));
    EXPECT_THAT(select({"eth0"}).reached, ElementsAre(2)) << "a VLAN that nobody has named may be inside";
    EXPECT_THAT(select({"eth0"}, {"eth0.100"}).reached, ElementsAre(2)) << "and one that is watched is";
}

TEST(Addresses, are_those_of_the_bond_or_bridge_that_an_outside_interface_belongs_to) {
    EXPECT_THAT(select({"slave*"}).reached, UnorderedElementsAre(6, 7, 5));
    EXPECT_THAT(select({"port0"}).reached, UnorderedElementsAre(16, 15, 14));
}

TEST(Addresses, leave_out_the_loopback_addresses_of_a_vrf) {
    EXPECT_THAT(texts(addresses_of(select({"port0"}).reached, on_machine)), ElementsAre("203.0.113.1"));
}

TEST(Addresses, bring_broadcast_and_the_anycast_of_their_networks) {
    const auto shared = texts(shared_prefixes_of(select({"eth0"}).reached, on_machine));
    for (const char* expected : {"192.0.2.255/32", "192.0.2.127/32", "192.0.2.0/32", "2001:db8:1::/128", "fe80::/128"})
        EXPECT_THAT(shared, testing::Contains(expected));
    for (const char* not_ours : {"198.51.100.255/32", "192.0.2.77/32"})
        EXPECT_THAT(shared, testing::Not(testing::Contains(not_ours)));
}

std::vector<std::string> shared_with(const OwnAddress& one) {
    const std::vector<OwnAddress> all{one};
    const auto with = texts(shared_prefixes_of(std::vector{one.ifindex}, all));
    const auto without = texts(shared_prefixes_of({}, all));
    std::vector<std::string> added;
    std::ranges::copy_if(with, std::back_inserter(added),
                         [&](const std::string& each) { return !std::ranges::count(without, each); });
    return added;
}

TEST(Addresses, bring_the_last_of_an_ipv4_network_whatever_broadcast_was_set) {
    EXPECT_THAT(shared_with(own(2, "192.0.9.1/24")), ElementsAre("192.0.9.0/32", "192.0.9.255/32"));
    EXPECT_THAT(shared_with(own(2, "192.0.9.1/24", "192.0.9.127")),
                ElementsAre("192.0.9.0/32", "192.0.9.127/32", "192.0.9.255/32"));
    EXPECT_THAT(shared_with(own(2, "10.1.2.3/13")), ElementsAre("10.0.0.0/32", "10.7.255.255/32"));
    EXPECT_THAT(shared_with(own(2, "192.0.9.5/30")), ElementsAre("192.0.9.4/32", "192.0.9.7/32"));
    EXPECT_THAT(shared_with(own(2, "192.0.9.255/24")), ElementsAre("192.0.9.0/32")) << "our own";
    EXPECT_THAT(shared_with(own(2, "2001:db8::1/64")), ElementsAre("2001:db8::/128")) << "IPv6 has no broadcast";
}

TEST(Addresses, bring_the_ends_of_the_other_ends_network) {
    OwnAddress one = own(2, "192.0.7.1/24");
    one.network = *Prefix::parse("192.0.6.0/24");
    EXPECT_THAT(shared_with(one), ElementsAre("192.0.6.0/32", "192.0.6.255/32"));
    one.network = *Prefix::parse("192.0.6.1/32");
    EXPECT_THAT(shared_with(one), ElementsAre()) << "which is the other end itself";
}

TEST(Addresses, bring_nothing_where_both_ends_of_a_network_are_hosts) {
    for (const char* own_address :
         {"192.0.9.1/31", "192.0.9.0/31", "192.0.9.1/32", "2001:db8::1/127", "2001:db8::1/128"})
        EXPECT_THAT(shared_with(own(2, own_address)), ElementsAre()) << own_address;
    EXPECT_THAT(shared_with(own(2, "2001:db8::1/126")), ElementsAre("2001:db8::/128"));
}

TEST(Addresses, bring_the_loopback_but_where_what_this_host_says_to_itself_arrives) {
    const auto has_loopback = testing::Contains("127.0.0.0/8");
    EXPECT_THAT(texts(shared_prefixes_of(select({"eth0"}, {"lo"}).reached, on_machine)), has_loopback);
    EXPECT_THAT(texts(shared_prefixes_of(select({"eth0", "lo"}).reached, on_machine)), testing::Not(has_loopback));
    EXPECT_THAT(texts(shared_prefixes_of(select({"br0"}).reached, on_machine)), testing::Not(has_loopback));
}

TEST(Addresses, of_this_machine_have_that_of_the_loopback) {
    const auto all = list_addresses();
    ASSERT_TRUE(all) << all.error().message();
    for (const OwnAddress& each : *all)
        if (each.address == *IpAddress::parse("127.0.0.1")) {
            EXPECT_EQ(each.ifindex, 1); // of every network namespace
            EXPECT_EQ(each.network.to_string(), "127.0.0.0/8");
        }
}

} // namespace
} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
#include "maps/net/address.hpp"

#include <gtest/gtest.h>

namespace ringwall {
namespace {

TEST(IpAddress, of_ipv4_is_four_decimal_octets) {
    for (const auto* text : {"0.0.0.0", "192.0.2.10", "255.255.255.255", "10.100.9.99"}) {
        const auto address = IpAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_TRUE(address->is_v4());
        EXPECT_EQ(address->to_string(), text);
    }
    EXPECT_EQ(IpAddress::parse("192.0.2.10"), IpAddress::v4(0xc000020a));
    for (const auto* bad : {"",
                            ".",
                            "1",
                            "1.2.3",
                            "1.2.3.",
                            ".1.2.3",
                            "1.2.3.4.",
                            "1.2.3.4.5",
                            "1..2.3",
                            "256.0.0.1",
                            "1.2.3.256",
                            "01.2.3.4",
                            "1.2.3.00",
                            "1.2.3.010",
                            "1.2.3.1000",
                            "1.2.3.4294967297",
                            "1.2.3.4 ",
                            " 1.2.3.4",
                            "1.2.3.a",
                            "0x1.2.3.4",
                            "255.255.255.2555"})
        EXPECT_EQ(IpAddress::parse(bad), std::nullopt) << bad;
}

TEST(IpAddress, of_ipv6_is_what_inet_pton_takes) {
    EXPECT_EQ(IpAddress::parse("2001:DB8::1")->to_string(), "2001:db8::1");
    EXPECT_EQ(IpAddress::parse("::")->to_string(), "::");
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.10"), IpAddress::parse("192.0.2.10"));
    for (const auto* bad : {":", ":::", "2001:db8", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "[::1]", "::ffff:192.0.2.256",
                            "12345::", "2001:db8:::1"})
        EXPECT_EQ(IpAddress::parse(bad), std::nullopt) << bad;
    EXPECT_EQ(IpAddress::parse(std::string_view("::1\0", 4)), std::nullopt);
    EXPECT_EQ(IpAddress::parse(std::string_view("1.2.3.4\0", 8)), std::nullopt);
}

TEST(IpAddress, is_unroutable_where_it_means_nothing_across_a_nat) {
    const auto is_unroutable = [](const char* text) { return IpAddress::parse(text)->is_unroutable(); };
    for (const auto* text : {"10.0.0.0",
                             "10.255.255.255",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.168.0.0",
                             "192.168.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.0",
                             "127.0.1.1",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.255.255",
                             "192.0.0.0",
                             "192.0.0.7",
                             "198.18.0.0",
                             "198.19.255.255",
                             "::ffff:127.0.0.1",
                             "::1",
                             "fc00::",
                             "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                             "fe80::1",
                             "febf::1"})
        EXPECT_TRUE(is_unroutable(text)) << text;
    for (const auto* text :
         {"9.255.255.255",  "11.0.0.0",       "172.15.255.255",  "172.32.0.0", "192.167.255.255", "192.169.0.0",
          "100.63.255.255", "100.128.0.0",    "126.255.255.255", "128.0.0.0",  "169.253.255.255", "169.255.0.0",
          "192.0.0.8",      "198.17.255.255", "198.20.0.0",      "::2",        "fbff::1",         "fe00::1",
          "fec0::1",        "2001:db8::1"})
        EXPECT_FALSE(is_unroutable(text)) << text;
    EXPECT_FALSE(is_unroutable("0.0.0.0")) << "nobody's address, but a hold (RFC 3264 8.4)";
    EXPECT_FALSE(is_unroutable("::"));
}

TEST(Household, is_an_ipv4_host_or_an_ipv6_64) {
    const auto household = [](const char* address) { return household_of(*IpAddress::parse(address)).to_string(); };
    EXPECT_EQ(household("192.0.2.10"), "192.0.2.10/32");
    EXPECT_EQ(household("2001:db8::1:2:3:4"), "2001:db8::/64");
    EXPECT_EQ(household("64:ff9b::192.0.2.10"), "64:ff9b::c000:20a/128"); // behind a NAT64
    EXPECT_EQ(household("64:ff9b::1:0:0"), "64:ff9b::/64");
    EXPECT_EQ(household("64:ff9b:0:1::1"), "64:ff9b:0:1::/64");
}

TEST(Endpoint, reads_what_it_writes_and_nothing_else) {
    for (const char* text : {"192.0.2.1:5060", "[2001:db8::1]:5060", "0.0.0.0:0", "[::]:65535"})
        EXPECT_EQ(Endpoint::parse(text).value().to_string(), text);
    for (const char* text :
         {"", ":", "192.0.2.1", "192.0.2.1:", ":5060", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:5060 ",
          "[192.0.2.1]:5060", "2001:db8::1:5060", "[2001:db8::1]", "[2001:db8::1]5060", "[]:1", "host:5060"})
        EXPECT_FALSE(Endpoint::parse(text)) << text;
}

} // namespace
} // namespace ringwall

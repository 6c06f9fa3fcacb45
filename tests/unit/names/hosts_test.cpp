// SPDX-License-Identifier: Apache-2.0
#include "agent/names/hosts.hpp"

#include <gtest/gtest.h>

namespace ringwall::names {
namespace {

TEST(Hosts, have_no_address_that_is_nobodys) {
    for (const char* address : {"0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255", "224.0.0.1",
                                "239.255.255.255", "255.255.255.255", "::", "::1", "ff02::1", "::ffff:127.0.0.1"})
        EXPECT_FALSE(is_of_a_host(*IpAddress::parse(address))) << address;
    for (const char* address : {"1.0.0.0", "126.255.255.255", "128.0.0.0", "223.255.255.255", "255.255.255.254",
                                "10.0.0.1", "::2", "fe80::1", "2001:db8::1"})
        EXPECT_TRUE(is_of_a_host(*IpAddress::parse(address))) << address;
}

} // namespace
} // namespace ringwall::names

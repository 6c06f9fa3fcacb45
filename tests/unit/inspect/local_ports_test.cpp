// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/local_ports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringwall::inspect {
namespace {

using policy::PortRange;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ChosenPorts, are_the_range_without_what_is_reserved) {
    EXPECT_THAT(chosen_ports("32768\t60999", ""), ElementsAre(PortRange{{32768}, {60999}}));
    EXPECT_THAT(chosen_ports("32768\t60999", "8080,32768-40000,50000,65535"),
                ElementsAre(PortRange{{40001}, {49999}}, PortRange{{50001}, {60999}}));
    EXPECT_THAT(chosen_ports("1024 65535", "1-65535"), IsEmpty());
}

TEST(ChosenPorts, of_what_nobody_can_read_are_none) {
    EXPECT_THAT(chosen_ports("", ""), IsEmpty());
    EXPECT_THAT(chosen_ports("a b", "c"), IsEmpty());
    EXPECT_THAT(chosen_ports("65535 99999", "x-y,,"), ElementsAre(PortRange{{65535}, {65535}}));
}

TEST(SysctlText, is_what_sysctl_takes) {
    EXPECT_EQ(sysctl_text({{{10000}, {20000}}, {{30000}, {30000}}}), "10000-20000,30000");
    EXPECT_EQ(sysctl_text({}), "");
}

} // namespace
} // namespace ringwall::inspect

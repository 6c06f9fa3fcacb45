// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/sockets.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "agent/inspect/owners.hpp"

namespace ringwall::inspect {
namespace {

constexpr std::string_view head =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

std::vector<std::string> local(std::string_view lines, Protocol protocol) {
    std::vector<std::string> all;
    for (const Listener& each : listeners_in(std::string(head) + std::string(lines), protocol))
        all.push_back(each.local.to_string());
    return all;
}
using Texts = std::vector<std::string>;

TEST(Listeners, of_udp_are_bound_and_not_connected) {
    EXPECT_EQ(local("  1: 0A0200C0:13C4 00000000:0000 07 00000000:00000000 00:00000000 0 0 0 1 2 0 0\n"
                    "  2: 00000000:2745 00000000:0000 07 0 0\n"
                    "  3: 0A0200C0:2746 076433C6:1388 01 0 0\n",
                    Protocol::udp),
              (Texts{"192.0.2.10:5060", "0.0.0.0:10053"}));
}

TEST(Listeners, of_tcp_listen) {
    EXPECT_EQ(local("  1: 00000000000000000000000000000000:13C5 00000000000000000000000000000000:0000 0A 0 0\n"
                    "  2: B80D0120010000000000000010000000:13C4 00000000000000000000000000000000:0000 0A 0 0\n"
                    "  3: 0100007F:13C4 0100007F:9C40 01 0 0\n",
                    Protocol::tcp),
              (Texts{"[::]:5061", "[2001:db8:0:1::10]:5060"}));
}

TEST(Listeners, of_lines_that_are_none_there_are_none) {
    EXPECT_EQ(local("\n  1:\n  2: XYZ:13C4 0:0 07\n  3: 0A0200C0:FFFFF 0:0 07\n  4: 0A0200:13C4 0:0 07\n"
                    "  5: 0A0200C0:0000 00000000:0000 07\n",
                    Protocol::udp),
              Texts{});
}

TEST(Listeners, bear_the_inode_of_their_socket) {
    const auto found = listeners_in(
        std::string(head) +
            "  1: 0A0200C0:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000  107  0 41234 2 0 0\n",
        Protocol::udp);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].inode, 41234U);
}

// This test's own.
TEST(Owners, are_the_processes_that_hold_the_socket) {
    const int made = socket(AF_INET, SOCK_DGRAM, 0);
    ASSERT_GE(made, 0);
    struct stat about{};
    ASSERT_EQ(fstat(made, &about), 0);
    std::vector<Listener> all{{{}, Protocol::udp, about.st_ino, {}, {}}, {{}, Protocol::udp, 0, {}, {}}};
    find_owners(all);
    close(made);
    EXPECT_EQ(all[0].owners, std::vector<int>{getpid()});
    EXPECT_FALSE(all[0].program.empty());
    EXPECT_TRUE(all[1].owners.empty());
}

} // namespace
} // namespace ringwall::inspect

// SPDX-License-Identifier: Apache-2.0
// The way without tcx (Linux before 6.6), on whatever kernel this is: our clsact filter is added, replaced in place and
// removed, and another's filter and the qdisc stay. In a network namespace of its own.
#include "agent/kernel/clsact.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>

#include "agent/fd.hpp"

namespace ringwall::kernel {
namespace {

int load_program(const char* name) {
    // r0 = TC_ACT_UNSPEC; exit
    const struct bpf_insn instructions[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = -1},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    };
    return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", instructions, std::size(instructions), nullptr);
}

TEST(Clsact, filter_is_added_replaced_and_removed_beside_another_walls) {
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root and network namespaces";
    ASSERT_EQ(std::system("ip link add rw0 type veth peer name rw1"), 0);
    const int ifindex = static_cast<int>(if_nametoindex("rw0"));
    const Device device{.index = ifindex, .name = "rw0", .kind = "veth"};
    libbpf_set_print(nullptr);
    const uint32_t ours = 4711, theirs = 4712;

    for (const auto hook : {Hook::tc_ingress, Hook::tc_egress}) {
        const char* name = hook == Hook::tc_ingress ? "ringwall_tc_in" : "ringwall_tc_eg";
        const Fd first(load_program(name)), second(load_program(name)), stranger(load_program("stranger"));
        ASSERT_TRUE(first && second && stranger);
        EXPECT_FALSE(detach_clsact(ifindex, hook, ours)) << "there is none yet";
        ASSERT_TRUE(attach_clsact(device, hook, first.get(), theirs));
        EXPECT_EQ(clsact_program(ifindex, hook, ours), 0U);
        ASSERT_TRUE(attach_clsact(device, hook, first.get(), ours));
        const auto before = clsact_program(ifindex, hook, ours);
        EXPECT_NE(before, 0U);

        ASSERT_TRUE(attach_clsact(device, hook, second.get(), ours));
        EXPECT_NE(clsact_program(ifindex, hook, ours), 0U);
        EXPECT_NE(clsact_program(ifindex, hook, ours), before);

        EXPECT_TRUE(detach_clsact(ifindex, hook, ours));
        EXPECT_EQ(clsact_program(ifindex, hook, ours), 0U);
        EXPECT_NE(clsact_program(ifindex, hook, theirs), 0U) << "another wall's filter is left alone";
        ASSERT_TRUE(attach_clsact(device, hook, stranger.get(), ours));
        EXPECT_FALSE(detach_clsact(ifindex, hook, ours)) << "a stranger's, of whatever handle";
    }
    EXPECT_EQ(std::system("tc qdisc show dev rw0 | grep -q clsact"), 0);
}

TEST(FilterHandle, is_that_of_the_place) {
    const uint32_t handle = filter_handle("/sys/fs/bpf/ringwall");
    for (const char* same : {"/sys/fs/bpf/ringwall/", "/sys/fs/../fs/bpf//ringwall"})
        EXPECT_EQ(filter_handle(same), handle) << same;
    EXPECT_NE(filter_handle("/sys/fs/bpf/ringwall2"), handle);
    EXPECT_GE(handle, 0x4000'0000U);
}

} // namespace
} // namespace ringwall::kernel

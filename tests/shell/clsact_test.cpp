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

int load_program() {
    // r0 = TC_ACT_UNSPEC; exit
    const struct bpf_insn instructions[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = -1},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    };
    return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "ringwall_test", "GPL", instructions, std::size(instructions),
                         nullptr);
}

uint32_t program_id(int ifindex, Hook where, uint32_t handle) {
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = ifindex;
    hook.attach_point = where == Hook::tc_ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = handle;
    options.priority = where == Hook::tc_ingress ? 2 : 49000;
    return bpf_tc_query(&hook, &options) == 0 ? options.prog_id : 0;
}

TEST(Clsact, filter_is_added_replaced_and_removed_beside_another_walls) {
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root and network namespaces";
    ASSERT_EQ(std::system("ip link add rw0 type veth peer name rw1"), 0);
    const int ifindex = static_cast<int>(if_nametoindex("rw0"));
    libbpf_set_print(nullptr);
    const Fd first(load_program()), second(load_program());
    ASSERT_TRUE(first && second);
    const uint32_t ours = 4711, theirs = 4712;

    for (const auto hook : {Hook::tc_ingress, Hook::tc_egress}) {
        EXPECT_FALSE(detach_clsact(ifindex, hook, ours)) << "there is none yet";
        ASSERT_TRUE(attach_clsact(ifindex, hook, first.get(), theirs));
        EXPECT_FALSE(has_clsact(ifindex, hook, ours));
        ASSERT_TRUE(attach_clsact(ifindex, hook, first.get(), ours));
        EXPECT_TRUE(has_clsact(ifindex, hook, ours));
        const auto before = program_id(ifindex, hook, ours);
        EXPECT_NE(before, 0U);

        ASSERT_TRUE(attach_clsact(ifindex, hook, second.get(), ours));
        EXPECT_NE(program_id(ifindex, hook, ours), 0U);
        EXPECT_NE(program_id(ifindex, hook, ours), before);

        EXPECT_TRUE(detach_clsact(ifindex, hook, ours));
        EXPECT_EQ(program_id(ifindex, hook, ours), 0U);
        EXPECT_EQ(program_id(ifindex, hook, theirs), before) << "another wall's filter is left alone";
    }
    EXPECT_EQ(std::system("tc qdisc show dev rw0 | grep -q clsact"), 0);
}

} // namespace
} // namespace ringwall::kernel

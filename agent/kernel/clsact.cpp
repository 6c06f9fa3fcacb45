// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/clsact.hpp"

#include <bpf/libbpf.h>

#include <cerrno>

namespace ringwall::kernel {
namespace {

// Not 1: agents that both took priority 1, handle 1 have deleted each other's filters.
constexpr uint32_t clsact_priority = 49000;

bpf_tc_hook egress_hook(int ifindex) {
    bpf_tc_hook hook{};
    hook.sz = sizeof hook;
    hook.ifindex = ifindex;
    hook.attach_point = BPF_TC_EGRESS;
    return hook;
}

bpf_tc_opts filter(uint32_t handle) {
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = handle;
    options.priority = clsact_priority;
    return options;
}

} // namespace

Result<void> attach_clsact_egress(int ifindex, int program_fd, uint32_t handle) {
    auto hook = egress_hook(ifindex);
    if (const int failed = bpf_tc_hook_create(&hook); failed != 0 && failed != -EEXIST)
        return fail_errno(-failed, "add the clsact qdisc to ");
    auto options = filter(handle);
    options.prog_fd = program_fd;
    options.flags = BPF_TC_F_REPLACE;
    if (const int failed = bpf_tc_attach(&hook, &options); failed != 0)
        return fail_errno(-failed, "attach the egress program by clsact to ");
    return {};
}

bool detach_clsact_egress(int ifindex, uint32_t handle) {
    const auto hook = egress_hook(ifindex);
    auto found = filter(handle);
    if (bpf_tc_query(&hook, &found) != 0) return false;
    const auto ours = filter(handle);
    return bpf_tc_detach(&hook, &ours) == 0;
}

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/clsact.hpp"

#include <bpf/libbpf.h>

#include <cerrno>
#include <string>

namespace ringwall::kernel {
namespace {

// Inwards before (nearly) all others: a filter before us that accepts would let a packet past the wall. Outwards after
// them, as we only listen. Not 1: agents that both took priority 1, handle 1 have deleted each other's filters.
uint32_t priority_of(Hook hook) { return hook == Hook::tc_ingress ? 2 : 49000; }

bpf_tc_hook where(int ifindex, Hook hook) {
    bpf_tc_hook place{};
    place.sz = sizeof place;
    place.ifindex = ifindex;
    place.attach_point = hook == Hook::tc_ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
    return place;
}

bpf_tc_opts filter(Hook hook, uint32_t handle) {
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = handle;
    options.priority = priority_of(hook);
    return options;
}

} // namespace

Result<void> attach_clsact(int ifindex, Hook hook, int program_fd, uint32_t handle) {
    auto place = where(ifindex, hook);
    if (const int failed = bpf_tc_hook_create(&place); failed != 0 && failed != -EEXIST)
        return fail_errno(-failed, "add the clsact qdisc to ");
    auto options = filter(hook, handle);
    options.prog_fd = program_fd;
    options.flags = BPF_TC_F_REPLACE;
    if (const int failed = bpf_tc_attach(&place, &options); failed != 0)
        return fail_errno(-failed, std::string("attach the ") + name_of(hook) + " program by clsact to ");
    return {};
}

uint32_t clsact_program(int ifindex, Hook hook, uint32_t handle) {
    const auto place = where(ifindex, hook);
    auto found = filter(hook, handle);
    return bpf_tc_query(&place, &found) == 0 ? found.prog_id : 0;
}

bool detach_clsact(int ifindex, Hook hook, uint32_t handle) {
    if (clsact_program(ifindex, hook, handle) == 0) return false;
    const auto place = where(ifindex, hook);
    const auto ours = filter(hook, handle);
    return bpf_tc_detach(&place, &ours) == 0;
}

} // namespace ringwall::kernel

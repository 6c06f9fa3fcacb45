// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/held.hpp"

#include <bpf/bpf.h>

#include "agent/kernel/attaching.hpp"
#include "agent/kernel/clsact.hpp"

namespace ringwall::kernel {
namespace {

Held hold_link(const PinnedLink& pinned) {
    Held held{.ifindex = pinned.ifindex,
              .hook = pinned.hook,
              .link = Fd(bpf_obj_get(pinned.path.c_str())),
              .pin = pinned.path};
    held.program = link_program(held.link.get(), held.ifindex);
    return held;
}

Held hold_filter(int ifindex, Hook hook, uint32_t wall) {
    return {.ifindex = ifindex, .hook = hook, .link = {}, .pin = {}, .program = clsact_program(ifindex, hook, wall)};
}

} // namespace

std::vector<Held> hold(const Pins& pins, uint32_t wall, std::span<const Attachment> attachments) {
    std::vector<Held> all;
    for (const PinnedLink& pinned : read_pinned(pins)) all.push_back(hold_link(pinned));
    for (const Attachment& each : attachments) {
        const int ifindex = each.device.index;
        if (each.ingress == "clsact") all.push_back(hold_filter(ifindex, Hook::tc_ingress, wall));
        if (each.egress == "clsact") all.push_back(hold_filter(ifindex, Hook::tc_egress, wall));
        if (each.ingress == name_of(XdpWay::dispatcher))
            all.push_back({.ifindex = ifindex, .hook = Hook::xdp, .link = {}, .pin = {}});
    }
    return all;
}

bool stands(const Held& held, uint32_t wall, const Dispatcher& dispatcher) {
    if (held.hook == Hook::xdp && !held.link) return dispatcher.is_on(held.ifindex);
    if (held.program == 0) return false; // taken away before we looked first
    if (held.link) return link_program(held.link.get(), held.ifindex) == held.program;
    return clsact_program(held.ifindex, held.hook, wall) == held.program;
}

} // namespace ringwall::kernel

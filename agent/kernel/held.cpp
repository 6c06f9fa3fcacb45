// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/held.hpp"

#include <bpf/bpf.h>

#include <algorithm>

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

Held hold_filter(int ifindex, Hook hook, uint32_t handle) {
    return {.ifindex = ifindex, .hook = hook, .link = {}, .pin = {}, .program = clsact_program(ifindex, hook, handle)};
}

bool has(const std::vector<Held>& all, int ifindex, Hook hook) {
    return std::ranges::any_of(all, [&](const Held& each) { return each.ifindex == ifindex && each.hook == hook; });
}

void require(std::vector<Held>& all, int ifindex, Hook hook) {
    if (!has(all, ifindex, hook)) all.push_back({.ifindex = ifindex, .hook = hook, .link = {}, .pin = {}});
}

bool is_link(const std::string& way) {
    return way == "tcx" || way == name_of(XdpWay::native) || way == name_of(XdpWay::generic);
}

} // namespace

std::vector<Held> hold(const Pins& pins, std::span<const Attachment> attachments, std::vector<Held> before) {
    const uint32_t handle = filter_handle(pins.root());
    std::vector<Held> all;
    for (const PinnedLink& pinned : read_pinned(pins))
        if (Held held = hold_link(pinned); held.link) all.push_back(std::move(held)); // else it has just been deleted
    for (Held& each : before) {
        if (!each.link || has(all, each.ifindex, each.hook)) continue;
        each.program = link_program(each.link.get(), each.ifindex); // it may have another one by now
        if (each.program != 0) all.push_back(std::move(each));
    }
    for (const Attachment& each : attachments) {
        if (is_link(each.ingress))
            require(all, each.device.index, each.ingress == "tcx" ? Hook::tc_ingress : Hook::xdp);
        if (is_link(each.egress)) require(all, each.device.index, Hook::tc_egress);
    }
    for (const Attachment& each : attachments) {
        const int ifindex = each.device.index;
        if (each.ingress == "clsact") all.push_back(hold_filter(ifindex, Hook::tc_ingress, handle));
        if (each.egress == "clsact") all.push_back(hold_filter(ifindex, Hook::tc_egress, handle));
        if (each.ingress == name_of(XdpWay::dispatcher))
            all.push_back({.ifindex = ifindex, .hook = Hook::xdp, .link = {}, .pin = {}});
    }
    return all;
}

bool stands(const Held& held, const Pins& pins, const Dispatcher& dispatcher) {
    if (held.hook == Hook::xdp && !held.link) return dispatcher.is_on(held.ifindex);
    if (held.program == 0) return false; // taken away before we looked first
    if (held.link) return link_program(held.link.get(), held.ifindex) == held.program;
    return clsact_program(held.ifindex, held.hook, filter_handle(pins.root())) == held.program;
}

} // namespace ringwall::kernel

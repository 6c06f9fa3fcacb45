// SPDX-License-Identifier: Apache-2.0
// The attachments: which program runs on which interface. XDP and tcx by pinned bpf_links, which a restart updates in
// place (a detach would reset some NICs and open a gap) and which nobody removes by accident; clsact before 6.6.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "agent/kernel/pins.hpp"
#include "policy/config.hpp"

namespace ringwall::kernel {

struct Attachment {
    Device device;
    std::string ingress; // "xdp native", "xdp generic"
    std::string egress;  // "tcx", "clsact"
};

struct HookPrograms {
    int xdp_fd = -1;
    int egress_fd = -1;
};

class Links {
public:
    // `wall` is a number that no other wall on this kernel has, and that this one keeps over restarts: the id of its
    // pinned `meta` map. It is the handle of our clsact filters, which have no pin.
    Links(const Pins& pins, uint32_t wall) : pins_(pins), wall_(wall) {}

    // Makes the attachments be exactly these: updates those there are, adds, then removes those no longer wanted. On
    // error those added are taken back; a stranger's program is never touched.
    Result<std::vector<Attachment>> reconcile(std::span<const Device> wanted, policy::Attach mode,
                                              HookPrograms programs);
    // Detaches everything of this wall in this network namespace.
    Result<void> remove_all();

private:
    const Pins& pins_;
    uint32_t wall_;
};

} // namespace ringwall::kernel

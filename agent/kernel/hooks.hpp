// SPDX-License-Identifier: Apache-2.0
// One program on one hook of one interface: XDP and tcx by pinned bpf_links, which a restart updates in place (a detach
// would reset some NICs and open a gap) and which nobody removes by accident; TC before Linux 6.6 by filters of the
// clsact qdisc. Which hooks an interface gets is decided in links.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "agent/kernel/pins.hpp"

namespace ringwall::kernel {

enum class Hook { xdp, tc_ingress, tc_egress };
const char* name_of(Hook hook); // as in the pins: "xdp", "ingress", "egress"

struct PinnedLink {
    Hook hook;
    int ifindex;
    std::string path;
};

// What is pinned and still attached, here. Links whose interface went away (a recreated veth) or was moved to another network
// namespace are detached and unpinned, and the rest get the pins that their interfaces' names of today ask for.
std::vector<PinnedLink> read_pinned(const Pins& pins);

// None of them is attached anywhere any more, in whatever network namespace. Not so where there are none, or one cannot be asked.
bool are_all_gone(const std::vector<std::string>& links);

// Adds the program and pins the link at `path`. Where another program holds the XDP slot it is left alone: an error.
Result<void> create_xdp(const Device& device, bool is_generic, int program_fd, const std::string& path);
Result<void> create_tcx(const Device& device, Hook hook, int program_fd, const std::string& path);
Result<void> update_link(const std::string& path, int program_fd);
void detach_and_unpin(const std::string& path);

// The id of the program that the link has on this interface; 0: it is detached, or elsewhere (another interface, another
// network namespace).
uint32_t link_program(int link, int ifindex);

// Linux 6.6 has tcx. `program_fd`: any TC program.
bool has_tcx(int program_fd);

bool is_xdp_generic(int ifindex);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// Our TC programs as filters of the clsact qdisc: the way on kernels without tcx (before 6.6). A filter has no pin, and
// outlives the pins of its wall: it is known by its handle, which is the wall's place, and by its program's name.
#pragma once

#include <cstdint>
#include <string>

#include "agent/kernel/hooks.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

// Of the filters of the wall that is pinned at `root`, or was: whoever comes there next knows them again.
uint32_t filter_handle(const std::string& root);

// Adds the filter with this handle, or replaces its program in place; the qdisc is shared with others and stays. An error
// where the qdisc `ingress` has its place.
Result<void> attach_clsact(const Device& device, Hook hook, int program_fd, uint32_t handle);
// The id of its program; 0: there is no such filter.
uint32_t clsact_program(int ifindex, Hook hook, uint32_t handle);
// The others that packets meet before it ("bpf NAME (pref 1), u32 (pref 2)"): what they accept it does not see.
std::string filters_before(int ifindex, Hook hook, uint32_t handle);
// True if there was one.
bool detach_clsact(int ifindex, Hook hook, uint32_t handle);

} // namespace ringwall::kernel

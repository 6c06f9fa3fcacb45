// SPDX-License-Identifier: Apache-2.0
// What stands at the clsact hooks of an interface, whoever's it is: by rtnetlink, which shows it to anybody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/kernel/hooks.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

struct Filter {
    uint16_t priority = 0;
    uint16_t protocol_be = 0; // ETH_P_ALL, …
    std::string kind;         // "bpf", "u32", …: one, and one protocol, for each priority
    uint32_t handle = 0;      // 0: the priority itself, listed before its filters
    std::string name;         // of a BPF program, with its id: "ringwall_tc_in:[36]"
    uint32_t program = 0;     // its id
};

// In the order in which packets meet them. Those of other chains than the first are met by none that nobody sends there.
Result<std::vector<Filter>> list_filters(int ifindex, Hook hook);

// The kind of the qdisc that has the interface's way in: "clsact", or "ingress", which has no way out; empty: none.
Result<std::string> ingress_qdisc(int ifindex);

} // namespace ringwall::kernel

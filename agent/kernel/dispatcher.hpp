// SPDX-License-Identifier: Apache-2.0
// How the wall shares an interface's one XDP slot: libxdp's dispatcher, a small program of empty functions. libxdp puts
// each XDP program in the place of one of them (freplace), pins them all in its own folder (/sys/fs/bpf/xdp, or xdp below
// $LIBXDP_BPFFS), and gives the interface the whole in one swap; whoever comes or goes makes a new whole.
//
// A new agent's program joins behind the old one and lets everything pass; then one word, which both look at, says that
// it is its turn and no longer the old one's; then the old one leaves. Packets are judged throughout, and only those under
// way in that instant twice.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "maps/net/result.hpp"

struct bpf_object;

namespace ringwall::kernel {

// The XDP program opened but not loaded, with a number of its own, whose turn it is: libxdp loads it as a part of the
// dispatcher.
using OpenXdp = std::function<Result<std::shared_ptr<bpf_object>>(uint32_t own_turn)>;

class Dispatcher {
public:
    // `wall`: the id of the wall's pinned map `meta`. The programs that use it are ours, whichever agent loaded them.
    explicit Dispatcher(uint32_t wall) : wall_(wall) {}

    // Interfaces of this network namespace where a program of ours is in a dispatcher.
    std::vector<int> interfaces() const;
    bool is_on(int ifindex) const { return !ours_on(ifindex).empty(); }

    // A program that this object has made is in the interface's dispatcher, and no other of ours. Nothing has changed
    // where that fails: the kernel has no freplace, a program holds the slot without a dispatcher, ten are in it.
    Result<void> join(const Device& device, const OpenXdp& open);
    // Ours go, the others stay.
    void leave(int ifindex) const;

private:
    using Ids = std::vector<uint32_t>; // of programs

    Ids ours_on(int ifindex) const;
    Result<uint32_t> add(const Device& device, bpf_object* object) const; // the program's id
    void retire(int ifindex, const Ids& programs) const;

    uint32_t wall_;
    std::set<uint32_t> made_;
};

} // namespace ringwall::kernel

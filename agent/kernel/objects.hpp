// SPDX-License-Identifier: Apache-2.0
// The BPF objects, loaded with one set of maps: those pinned where a wall runs already, else new ones that are pinned as
// they are created. XDP, TC egress and `apply` are loaded at once; TC ingress, and the copies for watched interfaces and
// for those without Ethernet header, when an interface needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/hooks.hpp"
#include "agent/kernel/pins.hpp"
#include "policy/config.hpp"

struct bpf_object;

namespace ringwall::kernel {

class Objects {
public:
    // `tables` must be as large as those that are pinned, where some are.
    static Result<Objects> load(const Pins& pins, const policy::Tables& tables);
    Objects(Objects&&) noexcept;
    Objects& operator=(Objects&&) noexcept;
    ~Objects();

    Result<int> program(Hook hook, const Selected& selected);
    Result<std::shared_ptr<bpf_object>> open_for_dispatcher(uint32_t own_turn) const; // as OpenXdp
    int apply_fd() const;
    int map_fd(const char* name) const;
    // The maps that are pinned, with their places: every object has them all.
    std::vector<std::pair<int, std::string>> pinned_maps() const;

private:
    struct Skeletons;
    explicit Objects(std::unique_ptr<Skeletons> skeletons);
    std::unique_ptr<Skeletons> skeletons_;
};

// libbpf's and libxdp's own messages become log lines: warnings as such, the rest at level debug.
void log_libbpf();

} // namespace ringwall::kernel

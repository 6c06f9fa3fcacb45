// SPDX-License-Identifier: Apache-2.0
// The three BPF objects, loaded with one set of maps: those pinned where a wall runs already, else new ones that are
// pinned as they are created.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agent/kernel/pins.hpp"

namespace ringwall::kernel {

class Objects {
public:
    static Result<Objects> load(const Pins& pins);
    Objects(Objects&&) noexcept;
    Objects& operator=(Objects&&) noexcept;
    ~Objects();

    int xdp_fd() const;
    int egress_fd() const;
    int apply_fd() const;
    int map_fd(const char* name) const;

private:
    struct Skeletons;
    explicit Objects(std::unique_ptr<Skeletons> skeletons);
    std::unique_ptr<Skeletons> skeletons_;
};

// libbpf's own messages become log lines: warnings as such, the rest at level debug.
void log_libbpf();

} // namespace ringwall::kernel

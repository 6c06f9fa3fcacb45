// SPDX-License-Identifier: Apache-2.0
// Where one wall lives on the BPF file system, and the lock that keeps it to one agent:
//   ROOT/maps/<name>   ROOT/programs/<name>   ROOT/links/<interface>-xdp and -egress
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fd.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

// The pinned links of ROOT, whoever has its lock: full paths.
std::vector<std::string> links_below(const std::string& root);

class Pins {
public:
    // Makes ROOT (mode 0700) on a BPF file system and takes its lock. The error says what to do: mount one, enter the
    // namespace otherwise than with `ip netns exec`, or stop the agent that holds the lock.
    static Result<Pins> create(const std::string& root);
    // As above for what exists already; nothing where there is no such directory. One that is on no BPF file system is an
    // error: no wall is pinned there, and nothing of it is ours to remove.
    static Result<std::optional<Pins>> find(const std::string& root);

    const std::string& root() const { return root_; }
    std::string map(std::string_view name) const;
    std::string program(std::string_view name) const;
    std::string link(std::string_view interface, std::string_view hook) const;
    std::vector<std::string> links() const { return links_below(root_); }

    // Held until the last copy of this descriptor closes; the worker keeps one, so that a killed parent's worker and
    // its successor never consume the same rings.
    int lock_fd() const { return lock_.get(); }

    // Makes anew what somebody has deleted of the directories, with the lock. An error where another agent, or something
    // else, has taken their place.
    Result<void> restore();

    // Unpins everything below ROOT, then ROOT. What is not there is no error.
    Result<void> remove();

private:
    Pins(std::string root, Fd lock) : root_(std::move(root)), lock_(std::move(lock)) {}

    std::string root_;
    Fd lock_;
};

// The object that `fd` stands for is pinned there; true where it had to be pinned anew. What else is there is left alone: an
// error.
Result<bool> keep_pinned(int fd, const std::string& path);

// The process that locked ROOT (the parent of a running agent), where there is one and /proc/locks names it.
std::optional<int> holder(const std::string& root);
// Waits until no agent holds ROOT, or ROOT is gone; false after `patience_ms`.
bool wait_until_free(const std::string& root, int patience_ms);

} // namespace ringwall::kernel

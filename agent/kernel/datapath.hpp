// SPDX-License-Identifier: Apache-2.0
// The privileged half of the wall, for the parent process: programs loaded against the pinned maps (or new ones),
// attached by pinned links, policy written. A start takes over what runs already, without a detach.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "agent/kernel/held.hpp"
#include "agent/kernel/links.hpp"
#include "agent/kernel/maps.hpp"
#include "agent/kernel/objects.hpp"
#include "agent/kernel/pins.hpp"
#include "agent/kernel/policy_writer.hpp"
#include "policy/compile.hpp"

namespace ringwall::kernel {

// Refuses, with the mend, pinned maps of another ABI version or of another network namespace; not those that open() takes down.
Result<void> check_pinned(const std::string& pin_path);
// Likewise, and where no wall is pinned.
Result<void> require_pinned(const std::string& pin_path);

// Refuses, with the mend, tables of another size than those pinned: a map keeps the size it was made with.
Result<void> check_tables(const std::string& pin_path, const policy::Tables& tables);

struct Lost {
    int ifindex;
    Hook hook;
};

class Datapath {
public:
    // As check_pinned() and check_tables(), and a second agent is refused. Attaches nothing and changes nothing that
    // packets meet: a wall of another network namespace that is attached to nothing any more makes room for a new one.
    static Result<Datapath> open(const std::string& pin_path, const policy::Tables& tables);

    Result<void> check_tables(const policy::Tables& tables) const; // as the function of that name
    bool took_over() const { return took_over_; }
    const Pins& pins() const { return *pins_; }
    MapPaths map_paths() const;                                // for the worker
    uint64_t heartbeat_ns() const;                             // the worker's last
    std::array<uint64_t, 2> secret() const { return secret_; } // struct meta's

    Result<std::vector<Attachment>> attach(std::span<const Selected> devices, policy::Attach mode,
                                           OnFailure on_failure);
    // What somebody else has taken away since then, each told once; of interfaces that have vanished, nothing.
    std::vector<Lost> take_lost();
    // Pins again what somebody has deleted; how many. On error some are missing still.
    Result<size_t> keep_pins();
    Result<void> write(const policy::Compiled& compiled);
    Result<void> write(const struct wall& wall); // of the policy in force: nothing else of it differs
    Result<void> take_down();

private:
    Datapath(std::unique_ptr<Pins> pins, Objects objects, uint32_t meta, std::array<uint64_t, 2> secret, bool took_over)
        : pins_(std::move(pins)),
          objects_(std::move(objects)),
          secret_(secret),
          dispatcher_(meta),
          took_over_(took_over) {
        if (!took_over) standing_.networks.fill(std::vector<Prefix>()); // nobody has written any
    }

    PolicyMaps policy_maps() const;

    std::unique_ptr<Pins> pins_;
    Objects objects_;
    std::array<uint64_t, 2> secret_;
    Dispatcher dispatcher_;
    std::vector<Held> held_;
    Standing standing_;
    bool took_over_;
};

// The interfaces ("eth0, eth1") with clsact filters of a wall whose pins have gone: they refuse as before, and an agent that
// starts at these pins takes them over. Empty where a wall is pinned there.
std::string left_filters(const std::string& pin_path);
// Removes those.
void remove_left_filters(const std::string& pin_path);

// Takes down what is pinned, without loading anything: for `ringwall detach` where no agent runs, whatever version of
// the maps that is.
Result<void> take_down(Pins& pins);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// The attachments: which hooks each interface gets, by what its driver has and what others hold. What is there already
// is updated in place; what is new stands before anything old goes, so that no packet passes between two ways unseen.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "agent/kernel/dispatcher.hpp"
#include "agent/kernel/hooks.hpp"
#include "agent/kernel/interfaces.hpp"
#include "agent/kernel/pins.hpp"
#include "policy/config.hpp"

namespace ringwall::kernel {

struct Attachment {
    Device device;
    bool is_watched = false;
    std::string ingress;     // "xdp native", "xdp generic", "xdp dispatcher", "tcx", "clsact", "none"
    std::string egress;      // "tcx", "clsact"; "none" where it was refused
    std::string why;         // of the ingress, where it is not what was asked for first; of a refusal; else empty
    bool is_refused = false; // with OnFailure::leave_out: it has what it had before
};

struct Programs {
    std::function<Result<int>(Hook, const Selected&)> loaded; // when it is asked for
    OpenXdp for_dispatcher;
};

enum class OnFailure {
    refuse_all, // what was added is taken back
    leave_out,  // the others are attached; this one keeps what it had, and says so
};

class Links {
public:
    Links(const Pins& pins, Dispatcher& dispatcher) : pins_(pins), dispatcher_(dispatcher) {}

    // Makes the attachments be exactly these: updates those there are, adds, then removes those no longer wanted. A
    // stranger's program is never touched. An interface that has just vanished is left out.
    Result<std::vector<Attachment>> reconcile(std::span<const Selected> wanted, policy::Attach mode,
                                              const Programs& programs, OnFailure on_failure);
    // Detaches everything of this wall in this network namespace.
    void remove_all();

private:
    const Pins& pins_;
    Dispatcher& dispatcher_;
};

} // namespace ringwall::kernel

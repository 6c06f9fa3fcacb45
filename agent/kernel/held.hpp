// SPDX-License-Identifier: Apache-2.0
// What is attached, as the agent holds it: so it sees when somebody takes a program away, and a pin that is deleted takes
// none. Links by a descriptor, which alone keeps them; clsact filters and libxdp's dispatchers are nobody's to hold, and the
// kernel is asked for them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/fd.hpp"
#include "agent/kernel/links.hpp"

namespace ringwall::kernel {

struct Held {
    int ifindex;
    Hook hook;
    Fd link;              // none of a filter and of what is in a dispatcher
    std::string pin;      // of the link
    uint32_t program = 0; // id; of a dispatcher 0
};

// All that stands, right after it was attached. Of what lost its pin in between, what `before` has; and what nothing holds any
// more is there as one that does not stand.
std::vector<Held> hold(const Pins& pins, std::span<const Attachment> attachments, std::vector<Held> before);

// Whether it has our program still.
bool stands(const Held& held, const Pins& pins, const Dispatcher& dispatcher);

} // namespace ringwall::kernel

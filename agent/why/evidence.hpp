// SPDX-License-Identifier: Apache-2.0
// What the maps hold about one packet: what the explanation of its verdict is made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/ban.h"
#include "maps/abi/dialog.h"
#include "maps/abi/party.h"
#include "maps/abi/pinhole.h"
#include "maps/abi/policy.h"

namespace ringwall::why {

// Further packets like it that would pass now, and when the next one would.
struct Headroom {
    uint32_t more = 0;
    bool is_counted = false; // whether `more` is: some limit holds
    std::optional<uint64_t> next_in_ns;
};

struct Evidence {
    uint64_t now_ns = 0; // CLOCK_MONOTONIC
    // The policy in force, as far as it concerns the packet.
    struct wall wall = {};
    struct network source = {}, destination = {};
    struct zone zone = {};        // of the outside endpoint
    struct port_policy bits = {}; // of the inside port
    std::vector<uint32_t> rules;  // that name both ends and the port, and are not past
    // What is remembered.
    uint64_t heartbeat_ns = 0;                               // of the agent
    std::optional<pinhole::PresentPinhole> hole;             // of the inside endpoint
    std::optional<struct dialog_record> owner;               // of that
    std::optional<struct refusal> refusal;                   // on that
    std::optional<struct learned_port> learned;              // the inside port, while it is
    std::vector<std::pair<struct ban_key, struct ban>> bans; // of the outside endpoint, that stand
    uint32_t known = 0;                                      // enum known_flag of it, all keys together
    Headroom headroom;
    std::string limited_lately; // what a limit has refused of the source, where that is why it is what is asked about

    bool is_agent_alive() const { return now_ns < heartbeat_ns + wall.agent_loss_ns; }
};

} // namespace ringwall::why

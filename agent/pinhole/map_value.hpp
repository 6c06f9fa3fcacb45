// SPDX-License-Identifier: Apache-2.0
// Between the book's values and what stands in the maps: peers, payload types, times, and a claim made of what a restart
// finds.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

#include "agent/pinhole/claim.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/operation.h"

namespace ringwall::pinhole {

constexpr uint64_t to_ns(TimePoint time) {
    return static_cast<uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}
inline void extend(__u64& until_ns, TimePoint until) { until_ns = std::max<uint64_t>(until_ns, to_ns(until)); }
constexpr TimePoint from_ns(uint64_t ns) { return TimePoint(std::chrono::nanoseconds(ns)); }

bool names(const PresentPinhole& hole, const std::vector<Endpoint>& peers); // exactly these, in this order
struct peer_set set_of(const std::vector<Endpoint>& peers);                 // PEERS_PER_SET at most

void put_payload_types(const PayloadTypes& types, struct pinhole& value);

// Which of the agent's fields differ between what stands and what shall stand: enum operation_field, without ctl.
uint32_t changed_fields(const struct pinhole& now, const struct pinhole& next);
inline constexpr uint32_t every_field = FIELD_DEADLINE | FIELD_SOFT_DEADLINE | FIELD_IDLE | FIELD_PEER |
                                        FIELD_PAYLOAD_TYPES | FIELD_PACKET_PERIOD | FIELD_OWNER | FIELD_UFRAG |
                                        FIELD_RESET;

// A claim as a restart finds it: the hole's own constraint and peers.
Claim claim_of(const PresentPinhole& hole, uint8_t component, uint8_t media);

} // namespace ringwall::pinhole

// SPDX-License-Identifier: Apache-2.0
// What a hole shall be, given the claims of all its owners.
#pragma once

#include <optional>
#include <vector>

#include "agent/pinhole/claim.hpp"

namespace ringwall::pinhole {

// One owner's claim on the hole, with what it inherits from its leg.
struct OwnedClaim {
    LegId leg = 0;
    uint64_t group = 0;
    TimePoint deadline;
    std::optional<TimePoint> soft_deadline;
    Claim claim;
    bool operator==(const OwnedClaim&) const = default;
};

struct Wanted {
    uint8_t phase = PHASE_OFFERED; // offered, answered or held
    Constraint constraint = Constraint::any;
    Component component = Component::rtp;
    uint8_t zone = 0;
    uint8_t media = 0;
    uint8_t flags = 0;           // enum pinhole_flag
    std::vector<Endpoint> peers; // more than PEERS_PER_SET have been widened away
    std::vector<Endpoint>
        named; // by the other sides, whatever the constraint: others than before, and nobody is latched
    PayloadTypes payload_types = any_payload_type;
    uint64_t ufrag_hash = 0;
    uint32_t packet_period_ns = 0;
    uint32_t round = 0; // of all owners together
    TimePoint deadline;
    std::optional<TimePoint> soft_deadline;
    LegId owner = 0;
    bool never_sleeps = false; // one owner has no idle limit
    bool is_widened = false;   // named more peers than a set holds
};

// Adds those that are not there yet; past PEERS_PER_SET, which widens the hole in any case, it adds none.
void add_peers(std::vector<Endpoint>& peers, const std::vector<Endpoint>& more);

// Who may send is who either lets: the weaker constraint, and the peers of both.
void add_senders(Claim& claim, const Claim& other);

// The sum of all owners' claims (at least one). Forks of one INVITE: once one of them has answered, the merely offered
// step aside. Owners of different calls: the weakest constraint wins, so that each of them has its audio. Deadlines
// are the latest; a soft deadline holds only where every owner has one.
Wanted merge(const std::vector<OwnedClaim>& owners);

} // namespace ringwall::pinhole

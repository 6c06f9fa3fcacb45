// SPDX-License-Identifier: Apache-2.0
// What the maps hold about one packet, read and never written: the evidence for `ringwall why`.
#pragma once

#include "agent/kernel/maps.hpp"
#include "agent/why/evidence.hpp"
#include "agent/why/question.hpp"

namespace ringwall::kernel {

class Witness {
public:
    static Result<Witness> open(const MapSource& live); // read-only descriptors

    // At `now_ns` of CLOCK_MONOTONIC.
    why::Evidence look(const why::Question& question, uint64_t now_ns) const;

private:
    struct Descriptors {
        Fd active, wall, ports, networks, zones, rules, pinholes, peer_sets, refusals, dialogs, known, learned, bans,
            liveness;
    };
    explicit Witness(Descriptors fds) : fds_(std::move(fds)) {}
    struct network network_of(const IpAddress& address, uint32_t generation) const;
    void look_at_hole(const struct pinhole_key& key, why::Evidence& evidence) const;
    void look_at_rules(const why::Question& question, uint32_t generation, why::Evidence& evidence) const;

    Descriptors fds_;
};

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// The maps as the worker has them: reads what is there (Present), carries out what shall change (MapOps). Descriptors
// are read-only but for what opens and closes holes; all are opened before the worker drops its privileges.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "agent/fd.hpp"
#include "agent/kernel/mapped.hpp"
#include "agent/pinhole/map_ops.hpp"
#include "maps/abi/counters.h"
#include "maps/abi/record.h"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

using Refusals = std::vector<std::pair<struct pinhole_key, struct refusal>>;

// Where the maps are pinned. A value, so that the worker needs none of the parent's objects.
struct MapPaths {
    std::string directory; // ROOT/maps
    std::string apply;     // the pinned program
};

class Maps {
public:
    static Result<Maps> open(const MapPaths& paths);

    std::array<uint64_t, 2> secret() const { return secret_; }
    uint64_t pinhole_capacity() const { return pinhole_capacity_; }

    // In the order that MapOps names. Returns the operations that failed, `result` filled in with -errno.
    std::vector<struct operation> apply(const pinhole::MapOps& ops);

    uint64_t dialogs_refused() const { return dialogs_refused_; } // put, but the map was full

    pinhole::Present read() const;
    std::vector<pinhole::PresentPinhole> find(std::span<const struct pinhole_key> keys) const; // those that exist
    std::optional<struct dialog_record> find_dialog(uint64_t leg) const;
    Refusals refusals() const;
    std::vector<std::pair<uint32_t, struct reason_count>> reasons() const; // non-zero ones, summed over CPUs
    std::vector<uint64_t> events() const;                                  // by enum event, summed over CPUs

    // The worker's sign of life, and whether the next urgent record has to wake it.
    void beat(uint64_t now_ns);
    void set_asleep(bool is_asleep);

private:
    struct Descriptors {
        Fd pinholes, peer_sets, refusals, dialogs, known, learned, operations, liveness, reasons, events, apply;
    };
    Maps(Descriptors descriptors, MappedArray<struct operation> operations, MappedArray<struct peer_set> peer_sets,
         MappedArray<struct liveness> liveness);

    void run_batch(std::span<const struct operation> batch, std::vector<struct operation>& failed);
    pinhole::PresentPinhole with_peers(const struct pinhole_key& key, const struct pinhole& value) const;

    Descriptors fds_;
    MappedArray<struct operation> operations_;
    MappedArray<struct peer_set> peer_sets_;
    MappedArray<struct liveness> liveness_;
    std::array<uint64_t, 2> secret_{};
    uint64_t pinhole_capacity_ = 0;
    uint64_t dialogs_refused_ = 0;
};

} // namespace ringwall::kernel

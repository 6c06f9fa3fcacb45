// SPDX-License-Identifier: Apache-2.0
// The maps as the worker has them: reads what is there (Present), carries out what shall change (MapOps). Descriptors
// are read-only but for what opens and closes holes; all are opened before the worker drops its privileges.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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

using Ban = std::pair<struct ban_key, struct ban>;
using Known = std::pair<struct known_key, struct known>;
// A walk through a map, a part at a time: a million bans, or all pinholes, take longer than calls may wait.
struct MapWalk {
    uint32_t position = 0; // the kernel's
    bool is_begun = false, is_over = false;
};

// Where the maps are pinned. A value, so that the worker needs none of the parent's objects.
struct MapPaths {
    std::string directory; // ROOT/maps
    std::string apply;     // the pinned program
};

// Who hands out the maps: their pins, or objects that nobody pinned (replay).
struct MapSource {
    std::function<Result<Fd>(const std::string& name, uint32_t flags)> map; // flags: BPF_F_RDONLY or 0
    std::function<Result<Fd>()> apply;                                      // the program
};
MapSource pinned(const MapPaths& paths);

class Maps {
public:
    static Result<Maps> open(const MapSource& source);

    std::array<uint64_t, 2> secret() const { return secret_; }
    uint64_t pinhole_capacity() const { return pinhole_capacity_; }

    // In the order that MapOps names. Returns the operations that failed, `result` filled in with -errno.
    std::vector<struct operation> apply(const pinhole::MapOps& ops);

    uint64_t dialogs_refused() const { return dialogs_refused_; } // put, but the map was full

    pinhole::Present read() const;
    std::vector<pinhole::PresentPinhole> find(std::span<const struct pinhole_key> keys) const; // those that exist
    std::optional<struct dialog_record> find_dialog(uint64_t leg) const;
    Refusals refusals() const;
    std::optional<struct known> find_known(const struct known_key& key) const;
    std::optional<struct refusal> find_refusal(const struct pinhole_key& key) const;
    std::vector<std::pair<uint32_t, struct reason_count>> reasons() const; // non-zero ones, summed over CPUs
    std::vector<uint64_t> events() const;                                  // by enum event, summed over CPUs

    // Some thousand; may be none before the end.
    std::vector<Ban> next_bans(MapWalk& walk) const;
    std::vector<struct pinhole_key> next_pinholes(MapWalk& walk) const;
    std::vector<Known> next_known(MapWalk& walk) const;
    std::vector<std::pair<uint64_t, struct dialog_record>> next_dialogs(MapWalk& walk) const;
    std::optional<struct ban> find_ban(const struct ban_key& key) const;

    // The worker's sign of life, and whether the next urgent record has to wake it.
    uint64_t heartbeat_ns(); // the last, of an agent before us where we had none
    void beat(uint64_t now_ns);
    void set_asleep(bool is_asleep);

private:
    struct Descriptors {
        Fd pinholes, peer_sets, refusals, dialogs, known, learned, externals, bans, operations, liveness, ceilings,
            reasons, events, apply;
    };
    Maps(Descriptors descriptors, MappedArray<struct operation> operations, MappedArray<struct peer_set> peer_sets,
         MappedArray<struct liveness> liveness, MappedArray<struct call_ceilings> ceilings);

    void run_batch(std::span<const struct operation> batch, std::vector<struct operation>& failed);
    void put_dialogs(std::span<const std::pair<uint64_t, struct dialog_record>> dialogs);
    void delete_dialogs(const std::vector<uint64_t>& legs);
    pinhole::PresentPinhole with_peers(const struct pinhole_key& key, const struct pinhole& value) const;

    Descriptors fds_;
    MappedArray<struct operation> operations_;
    MappedArray<struct peer_set> peer_sets_;
    MappedArray<struct liveness> liveness_;
    MappedArray<struct call_ceilings> ceilings_;
    std::array<uint64_t, 2> secret_{};
    uint64_t pinhole_capacity_ = 0;
    uint64_t dialogs_refused_ = 0;
    std::vector<uint64_t> keys_; // of a batch; both are kept for their memory
    std::vector<struct dialog_record> records_;
};

} // namespace ringwall::kernel

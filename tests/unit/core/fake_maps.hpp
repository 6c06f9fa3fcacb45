// SPDX-License-Identifier: Apache-2.0
// The maps as plain containers: carries out MapOps as `ringwall_apply` does, so that the core's tests see what the
// kernel would hold. Media is put in by hand.
#pragma once

#include <map>
#include <string>

#include "agent/core.hpp"
#include "agent/pinhole/book.hpp"

namespace ringwall::test {

class FakeMaps {
public:
    // Returns the operations that failed, results filled in.
    std::vector<struct operation> apply(const pinhole::MapOps& ops);
    pinhole::Present present() const;
    std::vector<pinhole::PresentPinhole> find(const std::vector<struct pinhole_key>& keys) const;
    // A packet passed through this hole now.
    // The latch of a hole, as the packet path would set it; says whether it was set.
    bool exchange_latch(const Endpoint& local, bool to);
    void media(const pinhole::HoleKey& key, bool inwards, std::chrono::steady_clock::time_point now);
    // "192.0.2.10:40000/answered/198.51.100.7:30000,…" (of TCP "192.0.2.10:40000/tcp/answered/…") of every hole, sorted; peers or the constraint's name.
    std::string holes() const;
    size_t capacity = 1000;

    std::chrono::steady_clock::time_point applied_at{}; // what comes next
    std::map<pinhole::HoleKey, struct pinhole> pinholes;
    std::map<uint32_t, struct peer_set> peer_sets;
    std::map<uint64_t, struct dialog_record> dialogs;
    std::map<std::string, struct known> known; // by "address:port"
    std::map<pinhole::HoleKey, struct learned_port> learned;
    std::map<pinhole::HoleKey, struct external> externals;
    std::map<std::string, struct ban> bans;
    struct call_ceilings ceilings{};

private:
    int carry_out(const struct operation& operation);
    int insert(const pinhole::HoleKey& key, const struct operation& operation);
    int change(const pinhole::HoleKey& key, const struct operation& operation);
    struct peer_set peers_of(const struct pinhole& hole) const;
};

} // namespace ringwall::test

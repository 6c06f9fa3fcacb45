// SPDX-License-Identifier: Apache-2.0
// An agent's core with its maps, and the policies that it may have.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/unit/core/call_script.hpp"
#include "tests/unit/core/script_words.hpp"

namespace ringwall::test {

inline constexpr std::array<uint64_t, 2> secret{1, 2};

// The scripts' policy, without what no agent here asks for: each of them has a copy of it.
inline policy::View view_of(const char* peers) {
    policy::Config config = policy::read(policy_text(peers, "", "")).value();
    config.places.clear();
    config.user_agents.clear(); // no message names its own
    policy::Lookup networks = policy::View(config, {}).lookup();
    return {std::move(networks), std::move(config)};
}

inline const policy::View& view(size_t which) {
    static const auto views = [] {
        std::vector<policy::View> all;
        for (const char* peers : {"negotiated", "strict", "networks", "any", "none"}) all.push_back(view_of(peers));
        return all;
    }();
    return views[which % views.size()];
}

// One agent with its maps.
struct World {
    FakeMaps maps;
    Core core;

    void carry_out(const pinhole::MapOps& ops, Now now) {
        if (const auto failed = maps.apply(ops); !failed.empty()) maps.apply(core.on_failed(failed, now));
    }
    void tick(Now now) { carry_out(core.tick(maps.find(core.due(now)), now), now); }
    bool is_empty() const { return maps.pinholes.empty() && maps.dialogs.empty(); }
    std::string text() const {
        std::string all = maps.holes();
        for (const auto& [id, record] : maps.dialogs) all.append(reinterpret_cast<const char*>(&record), sizeof record);
        for (const auto& [name, known] : maps.known) all += name + std::to_string(known.until_ns);
        return all;
    }
};

} // namespace ringwall::test

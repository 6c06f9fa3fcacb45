// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/policy_writer.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "policy/hints.hpp"

namespace ringwall::kernel {
namespace {

constexpr int patience = 2000;        // milliseconds
constexpr uint32_t port_words = 1024; // 65536 ports, 64 a word (maps/abi/policy.h)

template <class Key, class Value>
Result<void> put(int map, const Key& key, const Value& value, const char* what) {
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) == 0) return {};
    return fail_errno(errno, std::string("write the policy: ") + what);
}

Result<uint32_t> generations_so_far(int map) {
    const uint32_t key = 0;
    struct active active{};
    if (bpf_map_lookup_elem(map, &key, &active) != 0)
        return fail_errno(errno, "read which policy generation is in use");
    return active.generation;
}

struct network_key network_key(const Prefix& prefix, uint32_t generation) {
    return {.prefix_length = 32U + prefix.length, .generation = generation, .address = prefix.address.abi()};
}

// Collected first: deleting under get_next_key() would start the walk over again.
std::vector<struct network_key> walk(int map, uint32_t generation) {
    std::vector<struct network_key> stale;
    struct network_key key{}, next{};
    for (int more = bpf_map_get_next_key(map, nullptr, &next); more == 0;
         more = bpf_map_get_next_key(map, &key, &next)) {
        key = next;
        if (key.generation == generation) stale.push_back(key);
    }
    return stale;
}

// Leaves none of that generation.
void delete_networks(int map, uint32_t generation, Standing& standing) {
    auto& known = standing.networks[generation];
    if (!known)
        for (const auto& each : walk(map, generation)) bpf_map_delete_elem(map, &each);
    else
        for (const Prefix& each : *known) {
            const auto key = network_key(each, generation);
            bpf_map_delete_elem(map, &key);
        }
    known.emplace();
}

Result<void> write_ports(int map, const policy::Compiled& compiled, uint32_t generation) {
    std::array<struct port_policy, port_words> words{};
    for (const auto& [word, ports] : compiled.ports) words.at(word) = ports;
    for (uint32_t word = 0; word < port_words; ++word)
        if (auto written = put(map, generation * port_words + word, words[word], "ports"); !written) return written;
    return {};
}

Result<void> write_zones(int map, const policy::Compiled& compiled, uint32_t generation) {
    if (compiled.zones.size() > ZONES) return fail("write the policy: more peers and zones than 255");
    for (uint32_t zone = 0; zone < ZONES; ++zone) {
        struct zone value{};
        if (zone < compiled.zones.size()) value = compiled.zones[zone];
        if (auto written = put(map, generation * ZONES + zone, value, "zones"); !written) return written;
    }
    return {};
}

Result<void> write_rules(int map, const policy::Compiled& compiled, uint32_t generation) {
    if (compiled.rules.size() > RULES) return fail("write the policy: more rules than 64");
    for (uint32_t number = 0; number < RULES; ++number) {
        const struct rule rule = number < compiled.rules.size() ? compiled.rules[number] : ::rule{};
        if (auto written = put(map, generation * RULES + number, rule, "rules"); !written) return written;
    }
    return {};
}

// The kernel takes memory for an element without waiting for it; after a moment there is more.
Result<void> put_network(int map, const struct network_key& key, const struct network& network) {
    for (int left = patience; bpf_map_update_elem(map, &key, &network, BPF_ANY) != 0; --left) {
        if (errno != ENOMEM || left == 0) return fail_errno(errno, "write the policy: networks");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
}

Result<void> write_networks(int map, const policy::Compiled& compiled, uint32_t generation, Standing& standing) {
    if (compiled.networks.size() > NETWORKS)
        return fail("write the policy: more networks than " + std::to_string(NETWORKS));
    auto& known = standing.networks[generation];
    known.emplace().reserve(compiled.networks.size());
    for (const auto& [prefix, network] : compiled.networks) {
        known->push_back(prefix);
        if (auto written = put_network(map, network_key(prefix, generation), network); !written) return written;
    }
    return {};
}

// All pages, as those of the policy before the last still stand there: 4 MiB in some 500 calls.
Result<void> write_hints(const PolicyMaps& maps, const policy::Hints& hints, uint32_t generation) {
    for (const bool is_v4 : {false, true})
        if (auto written = put(maps.elsewhere, generation * 2 + (is_v4 ? 1U : 0U), hints.elsewhere(is_v4), "elsewhere");
            !written)
            return written;
    for (uint32_t page = 0; page < hints.pages().size(); ++page)
        if (auto written =
                put(maps.network_hints, generation * HINT_PAGES + page, hints.pages()[page], "network_hints");
            !written)
            return written;
    return {};
}

Result<void> write_generation(const PolicyMaps& maps, const policy::Compiled& compiled, uint32_t generation,
                              Standing& standing) {
    delete_networks(maps.networks, generation, standing); // left by a start that died half-way
    if (auto written = put(maps.wall, generation, compiled.wall, "wall"); !written) return written;
    if (auto written = write_ports(maps.ports, compiled, generation); !written) return written;
    if (auto written = write_zones(maps.zones, compiled, generation); !written) return written;
    if (auto written = write_rules(maps.rules, compiled, generation); !written) return written;
    if (auto written = put(maps.user_agents, generation, compiled.user_agents, "user_agents"); !written) return written;
    if (auto written = write_hints(maps, policy::Hints(compiled.networks), generation); !written) return written;
    return write_networks(maps.networks, compiled, generation, standing);
}

} // namespace

Result<void> write_policy(const PolicyMaps& maps, const policy::Compiled& compiled) {
    Standing unknown;
    return write_policy(maps, compiled, unknown);
}

Result<void> write_wall(const PolicyMaps& maps, const struct wall& wall) {
    const auto so_far = generations_so_far(maps.active);
    if (!so_far) return tl::make_unexpected(so_far.error());
    return put(maps.wall, *so_far % GENERATIONS, wall, "wall");
}

Result<void> write_policy(const PolicyMaps& maps, const policy::Compiled& compiled, Standing& standing) {
    const auto so_far = generations_so_far(maps.active);
    if (!so_far) return tl::make_unexpected(so_far.error());
    const uint32_t in_use = *so_far % GENERATIONS;
    const uint32_t next = (*so_far + 1) % GENERATIONS;
    if (auto written = write_generation(maps, compiled, next, standing); !written) {
        delete_networks(maps.networks, next, standing);
        return written;
    }
    const struct active active{.generation = *so_far + 1}; // counted on: what `spent` remembers is of one of them
    if (auto switched = put(maps.active, uint32_t{0}, active, "active"); !switched) return switched;
    // A packet that read `active` just before still looks its addresses up in the old generation; a NAPI poll ends well
    // within this. The old ports and zones stay: the next policy writes every one of them.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    delete_networks(maps.networks, in_use, standing);
    return {};
}

} // namespace ringwall::kernel

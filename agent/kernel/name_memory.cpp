// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/name_memory.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "agent/fd.hpp"
#include "maps/abi/named.h"
#include "maps/fnv1a.hpp"

namespace ringwall::kernel {
namespace {

std::string path_of(const std::string& pin_path) { return pin_path + "/maps/names"; }

std::vector<uint64_t> keys_of(int map) {
    std::vector<uint64_t> keys;
    uint64_t key = 0, next = 0;
    for (int more = bpf_map_get_next_key(map, nullptr, &next); more == 0; more = bpf_map_get_next_key(map, &key, &next))
        keys.push_back(key = next);
    return keys;
}

// No program uses it, so that no object makes it.
Result<Fd> open_or_make(const std::string& path) {
    Fd map(bpf_obj_get(path.c_str()));
    if (map) return map;
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
    map.reset(bpf_map_create(BPF_MAP_TYPE_HASH, "names", sizeof(uint64_t), sizeof(struct named), NAMES, &options));
    if (!map || bpf_obj_pin(map.get(), path.c_str()) != 0) return fail_errno(errno, "make the map names");
    return map;
}

struct named entry_of(const std::string& name, const NamedParty& party) {
    struct named entry{};
    name.copy(entry.name, sizeof entry.name - 1);
    for (const IpAddress& address : party.resolved)
        if (entry.count < ADDRESSES_PER_NAME) entry.address[entry.count++] = address.abi();
    for (const auto& [registrar, until] : party.registrars) {
        if (entry.registrars == REGISTRARS_PER_NAME) break;
        entry.registrar[entry.registrars] = registrar.abi();
        entry.until_ns[entry.registrars++] = static_cast<uint64_t>(until.time_since_epoch().count());
    }
    return entry;
}

NamedParty party_of(const struct named& entry) {
    NamedParty party;
    for (uint32_t i = 0; i < std::min<uint32_t>(entry.count, ADDRESSES_PER_NAME); ++i)
        party.resolved.push_back(IpAddress::from(entry.address[i]));
    for (uint32_t i = 0; i < std::min<uint32_t>(entry.registrars, REGISTRARS_PER_NAME); ++i) {
        const NamedParty::TimePoint until{std::chrono::nanoseconds(entry.until_ns[i])};
        if (until > std::chrono::steady_clock::now()) party.registrars[IpAddress::from(entry.registrar[i])] = until;
    }
    return party;
}

} // namespace

std::vector<IpAddress> NamedParty::addresses() const {
    std::vector<IpAddress> all = resolved;
    for (const auto& [registrar, until] : registrars)
        if (std::ranges::find(resolved, registrar) == resolved.end()) all.push_back(registrar);
    return all;
}

NamedParties remembered_names(const std::string& pin_path) {
    NamedParties names;
    const Fd map(bpf_obj_get(path_of(pin_path).c_str()));
    if (!map) return names;
    for (const uint64_t key : keys_of(map.get())) {
        struct named entry{};
        if (bpf_map_lookup_elem(map.get(), &key, &entry) != 0) continue;
        names[std::string(entry.name, strnlen(entry.name, sizeof entry.name))] = party_of(entry);
    }
    return names;
}

Result<void> remember_names(const std::string& pin_path, const NamedParties& names) {
    const auto map = open_or_make(path_of(pin_path));
    if (!map) return tl::make_unexpected(map.error());
    std::set<uint64_t> wanted;
    for (const auto& [name, party] : names) wanted.insert(fnv1a(name));
    for (const uint64_t key : keys_of(map->get()))
        if (!wanted.contains(key)) bpf_map_delete_elem(map->get(), &key);
    for (const auto& [name, party] : names) {
        const uint64_t key = fnv1a(name);
        const struct named entry = entry_of(name, party);
        if (bpf_map_update_elem(map->get(), &key, &entry, BPF_ANY) != 0) return fail_errno(errno, "remember " + name);
    }
    return {};
}

} // namespace ringwall::kernel

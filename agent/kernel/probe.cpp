// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/probe.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <span>
#include <string_view>

#include "agent/clock.hpp"
#include "agent/pinhole/claim.hpp"
#include "maps/bans.hpp"

namespace ringwall::kernel {
namespace {

constexpr uint32_t read_only = BPF_F_RDONLY;
constexpr uint32_t few = 64; // elements that concern one question

// What the programs only read: the live map itself.
constexpr std::array<std::string_view, 16> shared{
    "active",    "wall",        "ports",   "networks",  "network_hints", "elsewhere", "zones", "rules",
    "peer_sets", "known_hints", "learned", "ban_hints", "ceilings",      "liveness",  "meta",  "user_agents"};
// What they write, small enough to be copied whole: 25 MiB in all.
constexpr std::array<std::string_view, 8> copied_whole{"limiter",      "excuses",   "excuse_marks", "spent",
                                                       "return_paths", "fragments", "ice_pairs",    "opaque"};
// What they write, of which a question concerns few elements.
constexpr std::array<std::string_view, 3> copied_in_part{"pinholes", "known", "bans"};
// What they fill, and nobody reads back.
constexpr std::array<std::string_view, 3> unread{"refusals", "dialogs", "externals"};
constexpr std::array<std::string_view, 3> rings{"ring_inside", "ring_known", "ring_strangers"};
constexpr uint32_t ring_bytes = 1 << 16;

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

Result<void> prepare(bpf_map* map, const MapSource& live) {
    const std::string name = bpf_map__name(map);
    int failed = 0;
    if (is_one_of(shared, name)) {
        const auto fd = live.map(name, read_only);
        if (!fd) return tl::make_unexpected(fd.error());
        failed = bpf_map__reuse_fd(map, fd->get());
    } else if (is_one_of(copied_in_part, name) || is_one_of(unread, name)) {
        failed = bpf_map__set_max_entries(map, few);
    } else if (is_one_of(rings, name)) {
        failed = bpf_map__set_max_entries(map, ring_bytes);
    }
    if (failed != 0) return fail_errno(-failed, "prepare a copy of the map " + name);
    return {};
}

struct Shape {
    uint32_t type, value_size, elements;
};

Result<Shape> shape_of(int map, const std::string& name) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    if (bpf_obj_get_info_by_fd(map, &about, &size) != 0) return fail_errno(errno, "read about the map " + name);
    return Shape{about.type, about.value_size, about.max_entries};
}

// By two system calls. To map it into memory takes a descriptor that may write (do_mmap() takes VM_SHARED from others).
Result<void> copy_array(int from, int to, const std::string& name) {
    const auto shape = shape_of(from, name);
    if (!shape) return tl::make_unexpected(shape.error());
    const bool is_per_cpu = shape->type == BPF_MAP_TYPE_PERCPU_ARRAY;
    const size_t copies = is_per_cpu ? static_cast<size_t>(libbpf_num_possible_cpus()) : 1;
    std::vector<char> values(size_t{shape->value_size} * shape->elements * copies);
    std::vector<uint32_t> keys(shape->elements);
    uint32_t position = 0, count = shape->elements;
    // At the end of the map it says ENOENT, though all were read.
    const int failed = bpf_map_lookup_batch(from, nullptr, &position, keys.data(), values.data(), &count, nullptr);
    if ((failed != 0 && failed != -ENOENT) || count != shape->elements)
        return fail_errno(-failed, "read the map " + name);
    std::iota(keys.begin(), keys.end(), 0U);
    const int refused = bpf_map_update_batch(to, keys.data(), values.data(), &count, nullptr);
    if (refused != 0) return fail_errno(-refused, "copy the map " + name);
    return {};
}

Result<void> clear(int map, const std::string& name) {
    std::array<char, 64> key{};
    while (bpf_map_get_next_key(map, nullptr, key.data()) == 0)
        if (bpf_map_delete_elem(map, key.data()) != 0) return fail_errno(errno, "empty the copy of " + name);
    return {};
}

template <class Key>
Result<void> copy_elements(int from, int to, const std::vector<Key>& keys, const std::string& name) {
    const auto shape = shape_of(from, name);
    if (!shape) return tl::make_unexpected(shape.error());
    if (auto emptied = clear(to, name); !emptied) return emptied;
    std::vector<char> value(shape->value_size);
    for (const Key& key : keys)
        if (bpf_map_lookup_elem(from, &key, value.data()) == 0 &&
            bpf_map_update_elem(to, &key, value.data(), BPF_ANY) != 0)
            return fail_errno(errno, "copy the map " + name);
    return {};
}

std::vector<struct pinhole_key> pinholes_of(const Endpoint& one, const Endpoint& other) {
    std::vector<struct pinhole_key> keys;
    for (const Endpoint& end : {one, other})
        for (const Protocol protocol : {Protocol::udp, Protocol::tcp})
            keys.push_back(pinhole::HoleKey{end, protocol}.abi());
    return keys;
}

} // namespace

Result<Probe> Probe::load(const MapSource& live) {
    auto copy = ReplayWall::load([&](bpf_object* object) -> Result<void> {
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, object) {
            if (bpf_map__is_internal(map)) continue;
            if (auto ready = prepare(map, live); !ready) return ready;
        }
        return {};
    });
    if (!copy) return tl::make_unexpected(copy.error());
    std::vector<Copied> arrays, hashes;
    for (const auto& [names, into] : {std::pair(std::span<const std::string_view>(copied_whole), &arrays),
                                      std::pair(std::span<const std::string_view>(copied_in_part), &hashes)})
        for (const std::string_view name : names) {
            auto fd = live.map(std::string(name), read_only);
            if (!fd) return tl::make_unexpected(fd.error());
            into->push_back({std::string(name), std::move(*fd)});
        }
    return Probe(std::move(*copy), std::move(arrays), std::move(hashes));
}

Result<void> Probe::look(const Endpoint& source, const Endpoint& destination) {
    for (const Copied& array : arrays_)
        if (auto done = copy_array(array.live.get(), copy_.map_fd(array.name.c_str()), array.name); !done) return done;
    for (const Copied& hash : hashes_) {
        const int to = copy_.map_fd(hash.name.c_str());
        Result<void> done;
        if (hash.name == "pinholes")
            done = copy_elements(hash.live.get(), to, pinholes_of(source, destination), hash.name);
        else if (hash.name == "known") done = copy_elements(hash.live.get(), to, known_keys_of(source), hash.name);
        else done = copy_elements(hash.live.get(), to, ban_keys_of(source), hash.name);
        if (!done) return done;
    }
    now_ns_ = static_cast<uint64_t>(read_clock(CLOCK_MONOTONIC_COARSE).count());
    tai_ns_ = static_cast<uint64_t>(read_clock(CLOCK_TAI).count());
    pass_time(0);
    return {};
}

void Probe::pass_time(uint64_t ns) {
    now_ns_ += ns;
    tai_ns_ += ns;
    copy_.set_time(now_ns_, tai_ns_);
}

} // namespace ringwall::kernel

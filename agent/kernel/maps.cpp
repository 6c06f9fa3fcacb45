// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/maps.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "maps/abi/meta.h"

namespace ringwall::kernel {
namespace {

constexpr uint32_t read_only = BPF_F_RDONLY;
constexpr uint32_t read_write = 0;

Result<Fd> open_pinned(const std::string& path, uint32_t flags) {
    struct bpf_obj_get_opts options{}; // a function has the same name
    options.sz = sizeof options;
    options.file_flags = flags;
    const int fd = bpf_obj_get_opts(path.c_str(), &options);
    if (fd < 0) return fail_errno(-fd, "open " + path);
    return Fd(fd);
}

uint32_t capacity(int map) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    return bpf_obj_get_info_by_fd(map, &about, &size) == 0 ? about.max_entries : 0;
}

// A whole HASH by batches: whole buckets at a time, so that an element neither comes twice nor is missed because
// another one was deleted meanwhile, as happens under get_next_key().
template <class Key, class Value>
std::vector<std::pair<Key, Value>> read_all(int map) {
    std::vector<std::pair<Key, Value>> all;
    std::vector<Key> keys(1024);
    std::vector<Value> values(keys.size());
    __u32 position = 0; // of the bucket: a u32, whatever the key's size
    for (bool is_first = true;; is_first = false) {
        auto count = static_cast<__u32>(keys.size());
        const int failed = bpf_map_lookup_batch(map, is_first ? nullptr : &position, &position, keys.data(),
                                                values.data(), &count, nullptr);
        if (failed == -ENOSPC && keys.size() < (1U << 20)) { // one bucket is larger than the batch
            keys.resize(keys.size() * 2);
            values.resize(keys.size());
            continue;
        }
        if (failed != 0 && failed != -ENOENT) return all;
        for (size_t i = 0; i < count; ++i) all.emplace_back(keys[i], values[i]);
        if (failed == -ENOENT) return all;
    }
}

template <class T>
std::optional<T> sum_over_cpus(int map, uint32_t key, T (*add)(T, const T&)) {
    std::vector<T> per_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(map, &key, per_cpu.data()) != 0) return std::nullopt;
    T sum{};
    for (const auto& one : per_cpu) sum = add(sum, one);
    return sum;
}

uint32_t slot_of(const struct pinhole& value) {
    return static_cast<uint32_t>((value.ctl >> CTL_SLOT_SHIFT) & CTL_SLOT_MASK);
}

} // namespace

Maps::Maps(Descriptors descriptors, MappedArray<struct operation> operations, MappedArray<struct peer_set> peer_sets,
           MappedArray<struct liveness> liveness)
    : fds_(std::move(descriptors)),
      operations_(std::move(operations)),
      peer_sets_(std::move(peer_sets)),
      liveness_(std::move(liveness)) {}

Result<Maps> Maps::open(const MapPaths& paths) {
    Descriptors fds;
    const struct {
        Fd& fd;
        const char* name;
        uint32_t flags;
    } wanted[] = {
        {fds.pinholes, "pinholes", read_only},
        {fds.peer_sets, "peer_sets", read_write},
        {fds.refusals, "refusals", read_only},
        {fds.dialogs, "dialogs", read_write},
        {fds.known, "known", read_only},
        {fds.learned, "learned", read_only},
        {fds.operations, "operations", read_write},
        {fds.liveness, "liveness", read_write},
        {fds.reasons, "reasons", read_only},
        {fds.events, "events", read_only},
    };
    for (const auto& each : wanted) {
        auto opened = open_pinned(paths.directory + "/" + each.name, each.flags);
        if (!opened) return tl::make_unexpected(opened.error());
        each.fd = std::move(*opened);
    }
    auto apply = open_pinned(paths.apply, 0);
    if (!apply) return tl::make_unexpected(apply.error());
    fds.apply = std::move(*apply);
    const auto meta = open_pinned(paths.directory + "/meta", read_only);
    if (!meta) return tl::make_unexpected(meta.error());
    const uint32_t zero = 0;
    struct meta about{};
    if (bpf_map_lookup_elem(meta->get(), &zero, &about) != 0) return fail_errno(errno, "read the pinned map meta");

    auto operations = MappedArray<struct operation>::map(fds.operations.get(), OPERATIONS, "operations");
    auto peer_sets = MappedArray<struct peer_set>::map(fds.peer_sets.get(), capacity(fds.peer_sets.get()), "peer_sets");
    auto liveness = MappedArray<struct liveness>::map(fds.liveness.get(), 1, "liveness");
    if (!operations) return tl::make_unexpected(operations.error());
    if (!peer_sets) return tl::make_unexpected(peer_sets.error());
    if (!liveness) return tl::make_unexpected(liveness.error());
    Maps maps(std::move(fds), std::move(*operations), std::move(*peer_sets), std::move(*liveness));
    maps.secret_ = {about.secret[0], about.secret[1]};
    maps.pinhole_capacity_ = capacity(maps.fds_.pinholes.get());
    return maps;
}

std::vector<struct operation> Maps::apply(const pinhole::MapOps& ops) {
    for (const auto& [slot, peers] : ops.peer_sets)
        if (slot < peer_sets_.size()) peer_sets_[slot] = peers;
    std::vector<struct operation> failed;
    const std::span all(ops.operations);
    for (size_t done = 0; done < all.size(); done += OPERATIONS)
        run_batch(all.subspan(done, std::min<size_t>(OPERATIONS, all.size() - done)), failed);
    // A dialog that finds no room costs a restarted agent that call's end, not the call: its holes carry deadlines.
    for (const auto& [leg, record] : ops.put_dialogs)
        if (bpf_map_update_elem(fds_.dialogs.get(), &leg, &record, BPF_ANY) != 0) ++dialogs_refused_;
    for (const auto leg : ops.delete_dialogs) bpf_map_delete_elem(fds_.dialogs.get(), &leg);
    return failed;
}

void Maps::run_batch(std::span<const struct operation> batch, std::vector<struct operation>& failed) {
    std::copy(batch.begin(), batch.end(), &operations_[0]);
    struct apply_call call{.count = static_cast<uint32_t>(batch.size())};
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.ctx_in = &call;
    options.ctx_size_in = sizeof call;
    const int ran = bpf_prog_test_run_opts(fds_.apply.get(), &options);
    for (size_t i = 0; i < batch.size(); ++i) {
        struct operation done = operations_[i];
        if (ran != 0) done.result = ran;
        if (done.result != 0) failed.push_back(done);
    }
}

pinhole::PresentPinhole Maps::with_peers(const struct pinhole_key& key, const struct pinhole& value) const {
    pinhole::PresentPinhole present{.key = key, .value = value, .peers = {}};
    const uint32_t slot = slot_of(value);
    if (slot != 0 && slot < peer_sets_.size()) {
        present.peers = peer_sets_[slot];
    } else {
        present.peers.count = 1;
        present.peers.peer[0] = value.peer;
    }
    return present;
}

pinhole::Present Maps::read() const {
    pinhole::Present present;
    for (const auto& [key, value] : read_all<struct pinhole_key, struct pinhole>(fds_.pinholes.get()))
        present.pinholes.push_back(with_peers(key, value));
    present.dialogs = read_all<uint64_t, struct dialog_record>(fds_.dialogs.get());
    present.known = read_all<struct known_key, struct known>(fds_.known.get());
    present.learned = read_all<struct pinhole_key, struct learned_port>(fds_.learned.get());
    return present;
}

std::vector<pinhole::PresentPinhole> Maps::find(std::span<const struct pinhole_key> keys) const {
    std::vector<pinhole::PresentPinhole> found;
    for (const auto& key : keys) {
        struct pinhole value{};
        if (bpf_map_lookup_elem(fds_.pinholes.get(), &key, &value) == 0) found.push_back(with_peers(key, value));
    }
    return found;
}

std::optional<struct dialog_record> Maps::find_dialog(uint64_t leg) const {
    struct dialog_record record{};
    if (bpf_map_lookup_elem(fds_.dialogs.get(), &leg, &record) != 0) return std::nullopt;
    return record;
}

Refusals Maps::refusals() const { return read_all<struct pinhole_key, struct refusal>(fds_.refusals.get()); }

std::vector<std::pair<uint32_t, struct reason_count>> Maps::reasons() const {
    std::vector<std::pair<uint32_t, struct reason_count>> counts;
    for (uint32_t reason = 0; reason < REASON_LIMIT; ++reason) {
        const auto sum = sum_over_cpus<struct reason_count>(fds_.reasons.get(), reason,
                                                            [](struct reason_count a, const struct reason_count& b) {
                                                                a.packets += b.packets;
                                                                a.bytes += b.bytes;
                                                                return a;
                                                            });
        if (sum && sum->packets != 0) counts.emplace_back(reason, *sum);
    }
    return counts;
}

std::vector<uint64_t> Maps::events() const {
    std::vector<uint64_t> counts;
    for (uint32_t event = 0; event < EVENT_COUNT; ++event)
        counts.push_back(sum_over_cpus<uint64_t>(fds_.events.get(), event, [](uint64_t a, const uint64_t& b) {
                             return a + b;
                         }).value_or(0));
    return counts;
}

void Maps::beat(uint64_t now_ns) {
    std::atomic_ref<__u64>(liveness_[0].heartbeat_ns).store(now_ns, std::memory_order_relaxed);
}

void Maps::set_asleep(bool is_asleep) {
    // Ordered before the look at the rings that follows: a record is then either seen or wakes us.
    std::atomic_ref<__u32>(liveness_[0].asleep).store(is_asleep ? 1 : 0, std::memory_order_seq_cst);
}

} // namespace ringwall::kernel

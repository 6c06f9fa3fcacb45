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
constexpr size_t most_records = 128; // put at a time

Result<Fd> open_pinned(const std::string& path, uint32_t flags) {
    struct bpf_obj_get_opts options{}; // a function has the same name
    options.sz = sizeof options;
    options.file_flags = flags;
    const int fd = bpf_obj_get_opts(path.c_str(), &options);
    if (fd < 0) return fail_errno(-fd, "open " + path);
    return Fd(fd);
}

// Up to OPERATIONS of them. What changes one record is carried out in one, so that no end of this process leaves half of
// it (none has more than a batch).
size_t end_of_batch(std::span<const struct operation> all, size_t begin) {
    size_t end = std::min<size_t>(begin + OPERATIONS, all.size());
    if (end == all.size()) return end;
    const auto goes_on = [](const struct operation& a, const struct operation& b) {
        return a.code == OP_CHANGE_DIALOG && b.code == OP_CHANGE_DIALOG && std::memcmp(a.key, b.key, sizeof a.key) == 0;
    };
    while (goes_on(all[end - 1], all[end])) --end;
    return end;
}

// Of a batch that failed. Where the number says "all", it was never written: the kernel has not begun.
size_t carried_out(size_t said, size_t asked) { return said < asked ? said : 0; }

uint32_t capacity(int map) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    return bpf_obj_get_info_by_fd(map, &about, &size) == 0 ? about.max_entries : 0;
}

// A HASH by batches: whole buckets at a time, so that an element neither comes twice nor is missed because another one
// was deleted meanwhile, as happens under get_next_key().
template <class Key, class Value>
class Batches {
public:
    explicit Batches(int map, size_t room = 1024) : map_(map), keys_(room), values_(room) {}

    // Shows each element of the next one; false at the end. `position` is a bucket's: a u32, whatever the key's size.
    template <class Show>
    bool next(bool is_first, __u32& position, const Show& show) {
        auto count = static_cast<__u32>(keys_.size());
        const int failed = bpf_map_lookup_batch(map_, is_first ? nullptr : &position, &position, keys_.data(),
                                                values_.data(), &count, nullptr);
        if (failed == -ENOSPC && keys_.size() < (1U << 20)) { // one bucket is larger than the batch
            keys_.resize(keys_.size() * 2);
            values_.resize(keys_.size());
            return next(is_first, position, show);
        }
        if (failed != 0 && failed != -ENOENT) return false;
        for (size_t i = 0; i < count; ++i) show(keys_[i], values_[i]);
        return failed == 0;
    }

private:
    int map_;
    std::vector<Key> keys_;
    std::vector<Value> values_;
};

template <class Key, class Value>
std::vector<std::pair<Key, Value>> read_all(int map) {
    std::vector<std::pair<Key, Value>> all;
    Batches<Key, Value> batches(map);
    __u32 position = 0;
    const auto keep = [&](const Key& key, const Value& value) { all.emplace_back(key, value); };
    for (bool is_first = true; batches.next(is_first, position, keep); is_first = false) {}
    return all;
}

template <class Key, class Value, class Show>
void show_part(int map, size_t room, MapWalk& walk, const Show& show) {
    walk.is_over = !Batches<Key, Value>(map, room).next(!walk.is_begun, walk.position, show);
    walk.is_begun = true;
}

template <class Key, class Value>
std::vector<std::pair<Key, Value>> next_of(int map, size_t room, MapWalk& walk) {
    std::vector<std::pair<Key, Value>> some;
    show_part<Key, Value>(map, room, walk, [&](const Key& key, const Value& value) { some.emplace_back(key, value); });
    return some;
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
           MappedArray<struct liveness> liveness, MappedArray<struct call_ceilings> ceilings)
    : fds_(std::move(descriptors)),
      operations_(std::move(operations)),
      peer_sets_(std::move(peer_sets)),
      liveness_(std::move(liveness)),
      ceilings_(std::move(ceilings)) {}

MapSource pinned(const MapPaths& paths) {
    return {.map = [directory = paths.directory](const std::string& name,
                                                 uint32_t flags) { return open_pinned(directory + "/" + name, flags); },
            .apply = [path = paths.apply] { return open_pinned(path, read_write); }};
}

Result<Maps> Maps::open(const MapSource& source) {
    libbpf_num_possible_cpus(); // remembers what it has read of /sys, which the worker cannot read later
    Descriptors fds;
    const struct {
        Fd& fd;
        const char* name;
        uint32_t flags;
    } wanted[] = {
        {fds.pinholes, "pinholes", read_only},   {fds.peer_sets, "peer_sets", read_write},
        {fds.refusals, "refusals", read_only},   {fds.dialogs, "dialogs", read_write},
        {fds.known, "known", read_only},         {fds.learned, "learned", read_only},
        {fds.bans, "bans", read_only},           {fds.operations, "operations", read_write},
        {fds.externals, "externals", read_only}, {fds.liveness, "liveness", read_write},
        {fds.reasons, "reasons", read_only},     {fds.events, "events", read_only},
        {fds.ceilings, "ceilings", read_write},
    };
    for (const auto& each : wanted) {
        auto opened = source.map(each.name, each.flags);
        if (!opened) return tl::make_unexpected(opened.error());
        each.fd = std::move(*opened);
    }
    auto apply = source.apply();
    if (!apply) return tl::make_unexpected(apply.error());
    fds.apply = std::move(*apply);
    const auto meta = source.map("meta", read_only);
    if (!meta) return tl::make_unexpected(meta.error());
    const uint32_t zero = 0;
    struct meta about{};
    if (bpf_map_lookup_elem(meta->get(), &zero, &about) != 0) return fail_errno(errno, "read the map meta");

    auto operations = MappedArray<struct operation>::map(fds.operations.get(), OPERATIONS, "operations");
    auto peer_sets = MappedArray<struct peer_set>::map(fds.peer_sets.get(), capacity(fds.peer_sets.get()), "peer_sets");
    auto liveness = MappedArray<struct liveness>::map(fds.liveness.get(), 1, "liveness");
    auto ceilings = MappedArray<struct call_ceilings>::map(fds.ceilings.get(), 1, "ceilings");
    if (!ceilings) return tl::make_unexpected(ceilings.error());
    if (!operations) return tl::make_unexpected(operations.error());
    if (!peer_sets) return tl::make_unexpected(peer_sets.error());
    if (!liveness) return tl::make_unexpected(liveness.error());
    Maps maps(std::move(fds), std::move(*operations), std::move(*peer_sets), std::move(*liveness),
              std::move(*ceilings));
    maps.secret_ = {about.secret[0], about.secret[1]};
    maps.pinhole_capacity_ = capacity(maps.fds_.pinholes.get());
    return maps;
}

std::vector<struct operation> Maps::apply(const pinhole::MapOps& ops) {
    for (const auto& [slot, peers] : ops.peer_sets)
        if (slot < peer_sets_.size()) peer_sets_[slot] = peers;
    std::vector<struct operation> failed;
    const std::span all(ops.operations);
    for (size_t done = 0, end = 0; done < all.size(); done = end) {
        end = end_of_batch(all, done);
        run_batch(all.subspan(done, end - done), failed);
    }
    if (ops.ceilings) ceilings_[0] = *ops.ceilings;
    const std::span put(ops.put_dialogs);
    for (size_t done = 0; done < put.size(); done += most_records)
        put_dialogs(put.subspan(done, std::min(most_records, put.size() - done)));
    delete_dialogs(ops.delete_dialogs);
    return failed;
}

// A dialog that finds no room costs a restarted agent that call's end, not the call: its holes carry deadlines.
void Maps::put_dialogs(std::span<const std::pair<uint64_t, struct dialog_record>> dialogs) {
    keys_.clear();
    records_.clear();
    for (const auto& [leg, record] : dialogs) {
        keys_.push_back(leg);
        records_.push_back(record);
    }
    const int map = fds_.dialogs.get();
    for (size_t done = 0; done < keys_.size(); ++done) {
        auto count = static_cast<__u32>(keys_.size() - done);
        if (bpf_map_update_batch(map, &keys_[done], &records_[done], &count, nullptr) == 0) return;
        done += carried_out(count, keys_.size() - done); // to the one that failed; memory is refilled between two
        if (bpf_map_update_elem(map, &keys_[done], &records_[done], BPF_ANY) != 0) ++dialogs_refused_;
    }
}

void Maps::delete_dialogs(const std::vector<uint64_t>& legs) {
    for (size_t done = 0; done < legs.size(); ++done) { // past those that are not there
        auto count = static_cast<__u32>(legs.size() - done);
        if (bpf_map_delete_batch(fds_.dialogs.get(), &legs[done], &count, nullptr) == 0) return;
        done += carried_out(count, legs.size() - done);
    }
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
        if (ran == 0 && operations_[i].result == 0) continue;
        failed.push_back(operations_[i]);
        if (ran != 0) failed.back().result = ran;
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
    present.externals = read_all<struct pinhole_key, struct external>(fds_.externals.get());
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

std::optional<struct known> Maps::find_known(const struct known_key& key) const {
    struct known known{};
    if (bpf_map_lookup_elem(fds_.known.get(), &key, &known) != 0) return std::nullopt;
    return known;
}

std::optional<struct refusal> Maps::find_refusal(const struct pinhole_key& key) const {
    struct refusal refusal{};
    if (bpf_map_lookup_elem(fds_.refusals.get(), &key, &refusal) != 0) return std::nullopt;
    return refusal;
}

std::vector<Ban> Maps::next_bans(MapWalk& walk) const {
    return next_of<struct ban_key, struct ban>(fds_.bans.get(), 4096, walk);
}

std::vector<struct pinhole_key> Maps::next_pinholes(MapWalk& walk) const {
    std::vector<struct pinhole_key> some;
    show_part<struct pinhole_key, struct pinhole>(fds_.pinholes.get(), 2048, walk,
                                                  [&](const auto& key, const auto&) { some.push_back(key); });
    return some;
}

std::vector<Known> Maps::next_known(MapWalk& walk) const {
    return next_of<struct known_key, struct known>(fds_.known.get(), 2048, walk);
}

std::vector<std::pair<uint64_t, struct dialog_record>> Maps::next_dialogs(MapWalk& walk) const {
    return next_of<uint64_t, struct dialog_record>(fds_.dialogs.get(), 256, walk);
}

std::optional<struct ban> Maps::find_ban(const struct ban_key& key) const {
    struct ban ban{};
    if (bpf_map_lookup_elem(fds_.bans.get(), &key, &ban) != 0) return std::nullopt;
    return ban;
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

uint64_t Maps::heartbeat_ns() {
    return std::atomic_ref<__u64>(liveness_[0].heartbeat_ns).load(std::memory_order_relaxed);
}

void Maps::beat(uint64_t now_ns) {
    std::atomic_ref<__u64>(liveness_[0].heartbeat_ns).store(now_ns, std::memory_order_relaxed);
}

void Maps::set_asleep(bool is_asleep) {
    // Ordered before the look at the rings that follows: a record is then either seen or wakes us.
    std::atomic_ref<__u32>(liveness_[0].asleep).store(is_asleep ? 1 : 0, std::memory_order_seq_cst);
}

} // namespace ringwall::kernel

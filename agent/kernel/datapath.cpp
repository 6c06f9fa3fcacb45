// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/datapath.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>

#include "agent/kernel/clsact.hpp"
#include "agent/kernel/policy_writer.hpp"
#include "agent/log.hpp"
#include "maps/abi/meta.h"
#include "maps/abi/record.h"

namespace ringwall::kernel {
namespace {

constexpr const char* apply_pin = "ringwall_apply";

uint64_t our_netns_inode() {
    struct stat about{};
    return stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
}

struct PinnedMeta {
    uint32_t map_id = 0;
    struct meta contents{};
};

// The version is the first word in every ABI, so that a struct meta of another size can still be asked for it.
Result<PinnedMeta> read_meta(int map) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    if (bpf_obj_get_info_by_fd(map, &about, &size) != 0) return fail_errno(errno, "read about the pinned map meta");
    std::vector<char> value(std::max<size_t>(about.value_size, sizeof(struct meta)));
    const uint32_t key = 0;
    if (bpf_map_lookup_elem(map, &key, value.data()) != 0) return fail_errno(errno, "read the pinned map meta");
    PinnedMeta meta{.map_id = about.id};
    std::memcpy(&meta.contents, value.data(), sizeof meta.contents);
    return meta;
}

// Nothing where no wall is pinned, or one whose start died before it said what it is.
Result<std::optional<PinnedMeta>> find_meta(const std::string& root) {
    const auto path = root + "/maps/meta";
    Fd map(bpf_obj_get(path.c_str()));
    if (!map && errno == ENOENT) return std::optional<PinnedMeta>();
    if (!map) return fail_errno(errno, "open " + path);
    auto meta = read_meta(map.get());
    if (!meta) return tl::make_unexpected(meta.error());
    if (meta->contents.abi_version == 0) return std::optional<PinnedMeta>();
    return std::optional(*meta);
}

Result<void> require_ours(const struct meta& meta, const std::string& root) {
    if (meta.abi_version != RINGWALL_ABI_VERSION)
        return fail("the wall pinned at " + root + " has map version " + std::to_string(meta.abi_version) +
                    ", and this ringwall has " + std::to_string(RINGWALL_ABI_VERSION) +
                    ": start the version that made it, or run `ringwall detach --pin-path " + root +
                    "` first (calls in progress lose their pinholes)");
    if (meta.netns_inode != our_netns_inode())
        return fail("the wall pinned at " + root + " belongs to another network namespace (net:[" +
                    std::to_string(meta.netns_inode) +
                    "]), where interface numbers mean other interfaces: enter it with `nsenter --net=…`, or give this "
                    "namespace a --pin-path of its own; where that namespace is no more, `ringwall detach --pin-path " +
                    root + "` takes its wall down");
    return {};
}

// Of another network namespace, and attached to nothing: its interfaces are gone, and the namespace perhaps with them. Nobody
// can enter that, and nobody misses such a wall. (A wall of clsact filters alone cannot be known for one.)
bool is_of_the_dead(const struct meta& meta, const std::string& root) {
    return meta.abi_version == RINGWALL_ABI_VERSION && meta.netns_inode != our_netns_inode() &&
           are_all_gone(links_below(root));
}

Result<void> clear(Pins& pins) {
    log::warn("start", "the wall pinned at " + pins.root() +
                           " was another network namespace's, whose interfaces are gone: a new one takes its place");
    if (auto removed = pins.remove(); !removed) return removed;
    return pins.restore();
}

Result<void> write_meta(int map) {
    struct meta meta{};
    meta.abi_version = RINGWALL_ABI_VERSION;
    meta.netns_inode = our_netns_inode();
    meta.created_s = static_cast<uint64_t>(std::time(nullptr));
    if (getrandom(meta.secret, sizeof meta.secret, 0) != sizeof meta.secret)
        return fail_errno(errno, "draw the wall's secret");
    const uint32_t key = 0;
    if (bpf_map_update_elem(map, &key, &meta, BPF_ANY) != 0) return fail_errno(errno, "write the map meta");
    return {};
}

Result<void> require_size(int pinholes, const policy::Tables& tables, const std::string& pin_path) {
    bpf_map_info about{};
    __u32 size = sizeof about;
    if (bpf_obj_get_info_by_fd(pinholes, &about, &size) != 0) return fail_errno(errno, "read about the map pinholes");
    if (about.max_entries == tables.pinholes) return {};
    return fail("the wall pinned at " + pin_path + " was made for " + std::to_string(about.max_entries) +
                " pinholes, and tables.pinholes is " + std::to_string(tables.pinholes) +
                ": keep its number, or run `ringwall detach --pin-path " + pin_path +
                "` and start again (calls in progress lose their pinholes)");
}

// Before the worker's first: on_agent_loss counts from the wall's birth, should no worker ever start.
Result<void> beat_once(int map) {
    const uint32_t key = 0;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const struct liveness liveness{.heartbeat_ns = static_cast<uint64_t>(std::chrono::nanoseconds(now).count())};
    if (bpf_map_update_elem(map, &key, &liveness, BPF_ANY) != 0) return fail_errno(errno, "write the map liveness");
    return {};
}

// Pinned for whoever must finish the work of a dead agent; nobody holds it open by its path.
Result<void> pin_apply(const Pins& pins, int program) {
    const auto path = pins.program(apply_pin);
    std::remove(path.c_str());
    if (bpf_obj_pin(program, path.c_str()) != 0) return fail_errno(errno, "pin " + path);
    return {};
}

} // namespace

Result<void> check_pinned(const std::string& pin_path) {
    const auto present = find_meta(pin_path);
    if (!present) return tl::make_unexpected(present.error());
    if (!*present || is_of_the_dead((*present)->contents, pin_path)) return {};
    return require_ours((*present)->contents, pin_path);
}

Result<void> require_pinned(const std::string& pin_path) {
    const auto present = find_meta(pin_path);
    if (!present) return tl::make_unexpected(present.error());
    if (*present) return require_ours((*present)->contents, pin_path);
    return fail("no wall is pinned at " + pin_path +
                ": nothing is filtered; `ringwall run` starts one, --pin-path names "
                "another");
}

Result<void> check_tables(const std::string& pin_path, const policy::Tables& tables) {
    const auto path = pin_path + "/maps/pinholes";
    const Fd map(bpf_obj_get(path.c_str()));
    if (!map && errno == ENOENT) return {};
    if (!map) return fail_errno(errno, "open " + path);
    return require_size(map.get(), tables, pin_path);
}

Result<Datapath> Datapath::open(const std::string& pin_path, const policy::Tables& tables) {
    auto pins = Pins::create(pin_path);
    if (!pins) return tl::make_unexpected(pins.error());
    if (auto ours = check_pinned(pin_path); !ours) return tl::make_unexpected(ours.error());
    auto present = find_meta(pin_path);
    if (!present) return tl::make_unexpected(present.error());
    if (*present && is_of_the_dead((*present)->contents, pin_path)) {
        if (auto cleared = clear(*pins); !cleared) return tl::make_unexpected(cleared.error());
        present->reset();
    }
    if (auto fits = kernel::check_tables(pin_path, tables); !fits) return tl::make_unexpected(fits.error());

    auto objects = Objects::load(*pins, tables);
    if (!objects) {
        if (!*present) pins->remove();
        return tl::make_unexpected(objects.error());
    }
    if (!*present) {
        if (auto beat = beat_once(objects->map_fd("liveness")); !beat) return tl::make_unexpected(beat.error());
        if (auto written = write_meta(objects->map_fd("meta")); !written) return tl::make_unexpected(written.error());
    }
    if (auto pinned = pin_apply(*pins, objects->apply_fd()); !pinned) return tl::make_unexpected(pinned.error());
    const auto meta = read_meta(objects->map_fd("meta"));
    if (!meta) return tl::make_unexpected(meta.error());
    return Datapath(std::make_unique<Pins>(std::move(*pins)), std::move(*objects), meta->map_id,
                    {meta->contents.secret[0], meta->contents.secret[1]}, present->has_value());
}

Result<void> Datapath::check_tables(const policy::Tables& tables) const {
    return require_size(objects_.map_fd("pinholes"), tables, pins_->root());
}

Result<std::vector<Attachment>> Datapath::attach(std::span<const Selected> devices, policy::Attach mode,
                                                 OnFailure on_failure) {
    const Programs programs{
        .loaded = [this](Hook hook, const Selected& selected) { return objects_.program(hook, selected); },
        .for_dispatcher = [this](uint32_t own_turn) { return objects_.open_for_dispatcher(own_turn); }};
    auto attached = Links(*pins_, dispatcher_).reconcile(devices, mode, programs, on_failure);
    if (attached) held_ = hold(*pins_, *attached, std::move(held_));
    return attached;
}

std::vector<Lost> Datapath::take_lost() {
    std::vector<Lost> lost;
    std::erase_if(held_, [&](const Held& held) {
        if (stands(held, *pins_, dispatcher_)) return false;
        std::array<char, IF_NAMESIZE> name{};
        if (if_indextoname(static_cast<unsigned>(held.ifindex), name.data()) != nullptr)
            lost.push_back({held.ifindex, held.hook});
        return true;
    });
    return lost;
}

Result<size_t> Datapath::keep_pins() {
    if (auto there = pins_->restore(); !there) return tl::make_unexpected(there.error());
    auto wanted = objects_.pinned_maps();
    wanted.emplace_back(objects_.apply_fd(), pins_->program(apply_pin));
    for (const Held& held : held_)
        if (held.link && stands(held, *pins_, dispatcher_)) wanted.emplace_back(held.link.get(), held.pin);
    size_t count = 0;
    for (const auto& [fd, path] : wanted) {
        const auto is_new = keep_pinned(fd, path);
        if (!is_new) return tl::make_unexpected(is_new.error());
        if (*is_new) ++count;
    }
    return count;
}

PolicyMaps Datapath::policy_maps() const {
    return PolicyMaps::of([this](const char* name) { return objects_.map_fd(name); });
}

Result<void> Datapath::write(const policy::Compiled& compiled) {
    return write_policy(policy_maps(), compiled, standing_);
}

Result<void> Datapath::write(const struct wall& wall) { return write_wall(policy_maps(), wall); }

MapPaths Datapath::map_paths() const { return {pins_->root() + "/maps", pins_->program(apply_pin)}; }

uint64_t Datapath::heartbeat_ns() const {
    const uint32_t key = 0;
    struct liveness liveness{};
    return bpf_map_lookup_elem(objects_.map_fd("liveness"), &key, &liveness) == 0 ? liveness.heartbeat_ns : 0;
}

Result<void> Datapath::take_down() { return kernel::take_down(*pins_); }

Result<void> take_down(Pins& pins) {
    const auto meta = find_meta(pins.root());
    const bool is_known = meta && *meta;
    if (is_known && (*meta)->contents.netns_inode != our_netns_inode())
        log::warn("detach",
                  "the wall belongs to another network namespace: its links go, clsact filters there (Linux "
                  "before 6.6) and programs in libxdp's dispatchers stay");
    // Without `meta` there never was an attachment: it is written before the first one.
    const uint32_t map_id = is_known ? (*meta)->map_id : 0;
    Dispatcher dispatcher(map_id);
    Links(pins, dispatcher).remove_all();
    return pins.remove();
}

std::string left_filters(const std::string& pin_path) {
    std::string names;
    if (access((pin_path + "/maps/meta").c_str(), F_OK) == 0 || errno != ENOENT) return names;
    const uint32_t handle = filter_handle(pin_path);
    for (const auto& device : list_devices().value_or(std::vector<Device>()))
        if (clsact_program(device.index, Hook::tc_ingress, handle) != 0 ||
            clsact_program(device.index, Hook::tc_egress, handle) != 0)
            names += (names.empty() ? "" : ", ") + device.name;
    return names;
}

void remove_left_filters(const std::string& pin_path) {
    const uint32_t handle = filter_handle(pin_path);
    for (const auto& device : list_devices().value_or(std::vector<Device>()))
        for (const auto hook : {Hook::tc_ingress, Hook::tc_egress}) detach_clsact(device.index, hook, handle);
}

} // namespace ringwall::kernel

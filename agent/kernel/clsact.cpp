// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/clsact.hpp"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/filters.hpp"

namespace ringwall::kernel {
namespace {

// Before (nearly) all others, both ways, as by tcx: a filter before us that accepts would let a packet past the wall, or past
// its ear. We pass on what we do not refuse (TC_ACT_UNSPEC), so that they meet it next. Not 1 first: agents that both took priority 1,
// handle 1 have deleted each other's filters.
constexpr std::array<uint16_t, 16> our_priorities = {2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

bpf_tc_hook where(int ifindex, Hook hook) {
    bpf_tc_hook place{};
    place.sz = sizeof place;
    place.ifindex = ifindex;
    place.attach_point = hook == Hook::tc_ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS;
    return place;
}

bpf_tc_opts filter(uint16_t priority, uint32_t handle) {
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.handle = handle;
    options.priority = priority;
    return options;
}

// Its program's name is looked at, too: handles are anybody's.
bool is_ours(const Filter& filter, Hook hook, uint32_t handle) {
    return filter.handle == handle && filter.kind == "bpf" &&
           filter.name.starts_with(hook == Hook::tc_ingress ? "ringwall_tc_in" : "ringwall_tc_eg");
}

const Filter* ours_of(const std::vector<Filter>& all, Hook hook, uint32_t handle) {
    const auto found = std::ranges::find_if(all, [&](const Filter& each) { return is_ours(each, hook, handle); });
    return found == all.end() ? nullptr : &*found;
}

std::optional<Filter> find_ours(int ifindex, Hook hook, uint32_t handle) {
    const auto all = list_filters(ifindex, hook);
    const Filter* found = all ? ours_of(*all, hook, handle) : nullptr;
    return found == nullptr ? std::nullopt : std::optional(*found);
}

// What has a priority already has it for one kind of filter, and for one protocol: EINVAL to others.
bool has_room(const std::vector<Filter>& all, uint16_t priority) {
    return std::ranges::none_of(all, [&](const Filter& each) {
        return each.priority == priority && (each.kind != "bpf" || each.protocol_be != htons(ETH_P_ALL));
    });
}

// Where ours is, or the first that has room.
Result<uint16_t> priority_on(const Device& device, Hook hook, uint32_t handle) {
    const auto all = list_filters(device.index, hook);
    if (!all) return tl::make_unexpected(all.error());
    if (const Filter* ours = ours_of(*all, hook, handle)) return ours->priority;
    for (const uint16_t priority : our_priorities)
        if (has_room(*all, priority)) return priority;
    return fail(std::string("attach the ") + name_of(hook) + " program by clsact to " + device.name +
                ": others' filters have every pref up to " + std::to_string(our_priorities.back()) +
                " (`tc filter show dev " + device.name + " " + name_of(hook) + "`): free one, best 2");
}

// The qdisc `ingress` takes filters for the way out, too, and has the packets that come in meet them.
Result<void> ensure_qdisc(const Device& device, Hook hook) {
    auto place = where(device.index, hook);
    const int failed = bpf_tc_hook_create(&place);
    if (failed == 0) return {};
    const std::string what = "add the clsact qdisc to " + device.name;
    if (failed != -EEXIST) return fail_errno(-failed, what);
    const auto kind = ingress_qdisc(device.index);
    if (!kind) return tl::make_unexpected(kind.error());
    if (*kind == "clsact") return {};
    return fail(what + ": it has the qdisc " + *kind +
                " there, where no program sees packets that go out. `tc qdisc del dev " + device.name +
                " ingress`, then `tc qdisc add dev " + device.name +
                " clsact`, and its filters anew, if it has any: clsact takes them as they are");
}

} // namespace

uint32_t filter_handle(const std::string& root) {
    namespace fs = std::filesystem;
    std::error_code unknown;
    auto whole = fs::weakly_canonical(fs::absolute(root, unknown), unknown).string();
    if (whole.empty()) whole = root;
    if (whole.back() == '/') whole.pop_back();
    uint32_t hash = 2166136261; // FNV-1a
    for (const char each : whole) hash = (hash ^ static_cast<unsigned char>(each)) * 16777619;
    return hash | 0x4000'0000; // no small number, as tools give
}

Result<void> attach_clsact(const Device& device, Hook hook, int program_fd, uint32_t handle) {
    if (auto there = ensure_qdisc(device, hook); !there) return there;
    const auto priority = priority_on(device, hook, handle);
    if (!priority) return tl::make_unexpected(priority.error());
    const auto place = where(device.index, hook);
    auto options = filter(*priority, handle);
    options.prog_fd = program_fd;
    options.flags = BPF_TC_F_REPLACE;
    if (const int failed = bpf_tc_attach(&place, &options); failed != 0)
        return fail_errno(-failed, std::string("attach the ") + name_of(hook) + " program by clsact to " + device.name);
    return {};
}

uint32_t clsact_program(int ifindex, Hook hook, uint32_t handle) {
    const auto found = find_ours(ifindex, hook, handle);
    return found ? found->program : 0;
}

bool detach_clsact(int ifindex, Hook hook, uint32_t handle) {
    const auto found = find_ours(ifindex, hook, handle);
    if (!found) return false;
    const auto place = where(ifindex, hook);
    const auto ours = filter(found->priority, handle);
    return bpf_tc_detach(&place, &ours) == 0;
}

std::string filters_before(int ifindex, Hook hook, uint32_t handle) {
    std::string before;
    for (const Filter& each : list_filters(ifindex, hook).value_or(std::vector<Filter>())) {
        if (is_ours(each, hook, handle)) return before;
        if ((each.handle == 0) == (each.kind == "bpf"))
            continue; // each program has a name, and of others the priority does
        before += (before.empty() ? "" : ", ") + each.kind + (each.name.empty() ? "" : " " + each.name) + " (pref " +
                  std::to_string(each.priority) + ")";
    }
    return {}; // ours is not there
}

} // namespace ringwall::kernel

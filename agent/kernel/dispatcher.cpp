// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/dispatcher.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <sys/random.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "agent/fd.hpp"
#include "agent/log.hpp"

namespace ringwall::kernel {
namespace {

// Filters stand before what reads or forwards (libxdp's default is 50); xdp-filter has 10 too.
constexpr unsigned run_priority = 10;
constexpr const char* turn_map = ".data.turn"; // bpf/xdp_ingress.bpf.c

struct Close {
    void operator()(xdp_program* program) const { xdp_program__close(program); }
    void operator()(xdp_multiprog* programs) const { xdp_multiprog__close(programs); }
};

// libxdp's functions return an error as a pointer.
template <class T>
std::unique_ptr<T, Close> owned(T* made) {
    return std::unique_ptr<T, Close>(libxdp_get_error(made) == 0 ? made : nullptr);
}

struct ProgramFacts {
    std::string name;
    std::vector<uint32_t> maps; // ids
};

std::optional<ProgramFacts> facts_of(uint32_t program) {
    const Fd held(bpf_prog_get_fd_by_id(program));
    std::array<uint32_t, 64> maps{};
    bpf_prog_info about{};
    about.nr_map_ids = maps.size();
    about.map_ids = reinterpret_cast<uintptr_t>(maps.data());
    __u32 size = sizeof about;
    if (!held || bpf_obj_get_info_by_fd(held.get(), &about, &size) != 0) return std::nullopt;
    const auto end = maps.begin() + std::min<size_t>(about.nr_map_ids, maps.size());
    return ProgramFacts{.name = about.name, .maps = {maps.begin(), end}};
}

bool is_dispatcher(uint32_t program) {
    const auto facts = facts_of(program);
    return facts && facts->name == "xdp_dispatcher";
}

// Whoever's. Of a device that has just gone: none.
uint32_t program_in_slot(int ifindex) {
    __u32 program = 0;
    return bpf_xdp_query_id(ifindex, 0, &program) == 0 ? program : 0;
}

// The word that a program of ours looks at, which is a map.
Fd turn_of(uint32_t program) {
    const auto facts = facts_of(program);
    if (!facts) return Fd();
    for (const uint32_t id : facts->maps) {
        Fd map(bpf_map_get_fd_by_id(id));
        bpf_map_info about{};
        __u32 size = sizeof about;
        if (map && bpf_obj_get_info_by_fd(map.get(), &about, &size) == 0 && std::string_view(about.name) == turn_map)
            return map;
    }
    return Fd();
}

Result<void> give_turn(const Fd& map, uint32_t to) {
    const uint32_t key = 0;
    if (bpf_map_update_elem(map.get(), &key, &to, BPF_ANY) != 0) return fail_errno(errno, "write the map .data.turn");
    return {};
}

// One that no other program has, dead agents' included.
uint32_t draw_turn() {
    uint32_t drawn = 0;
    while (drawn == 0)
        if (getrandom(&drawn, sizeof drawn, 0) != sizeof drawn) drawn = 0;
    return drawn;
}

// All of them in one swap.
Result<void> take_out(int ifindex, std::span<const uint32_t> ids) {
    std::vector<std::unique_ptr<xdp_program, Close>> programs;
    std::vector<xdp_program*> listed;
    for (const uint32_t id : ids) {
        programs.push_back(owned(xdp_program__from_id(id)));
        if (!programs.back()) return fail_errno(errno, "open a program of libxdp's dispatcher");
        listed.push_back(programs.back().get());
    }
    const int failed = xdp_program__detach_multi(listed.data(), listed.size(), ifindex, XDP_MODE_NATIVE, 0);
    if (failed != 0) return fail_errno(-failed, "take a program out of libxdp's dispatcher");
    return {};
}

// libxdp itself would attach a lone program without a dispatcher where it finds no freplace.
bool has_freplace() {
    static const bool answer = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, nullptr) == 1;
    return answer;
}

std::string attempt(const Device& device) {
    return "put the XDP program into libxdp's dispatcher on " + device.name + ": ";
}

Result<void> require_room(const Device& device) {
    if (!has_freplace())
        return fail(attempt(device) +
                    "this kernel cannot replace a function of a loaded program (BPF_PROG_TYPE_EXT), which is what the "
                    "dispatcher is made of");
    const uint32_t holder = program_in_slot(device.index);
    if (holder != 0 && !is_dispatcher(holder))
        return fail(attempt(device) +
                    "another XDP program holds this interface without a dispatcher and is left alone (`bpftool net` "
                    "names it)");
    return {};
}

tl::unexpected<Error> explain(int error, const Device& device) {
    switch (error) {
        case E2BIG: return fail_errno(error, attempt(device) + "it takes ten programs, one of them in passing");
        case EBUSY:
            return fail_errno(error, attempt(device) +
                                         "the one there was made by another version of libxdp, or its pins are not in "
                                         "/sys/fs/bpf/xdp (LIBXDP_BPFFS says where else)");
        case EEXIST: return fail_errno(error, attempt(device) + "the one there is in generic mode");
        case EOPNOTSUPP: return fail_errno(error, attempt(device) + "the driver has no native XDP");
        case ERANGE:
        case EINVAL:
            return fail_errno(error, attempt(device) +
                                         "the driver refuses it; the usual cause is an MTU above its limit where one "
                                         "program among them is not made for buffers in parts (xdp.frags)");
        default: return fail_errno(error, attempt(device) + "libxdp cannot");
    }
}

} // namespace

Dispatcher::Ids Dispatcher::ours_on(int ifindex) const {
    Ids ours;
    if (!is_dispatcher(program_in_slot(ifindex))) return ours;
    const auto programs = owned(xdp_multiprog__get_from_ifindex(ifindex));
    if (!programs) return ours;
    for (auto* each = xdp_multiprog__next_prog(nullptr, programs.get()); each != nullptr;
         each = xdp_multiprog__next_prog(each, programs.get())) {
        const auto facts = facts_of(xdp_program__id(each));
        if (facts && std::find(facts->maps.begin(), facts->maps.end(), wall_) != facts->maps.end())
            ours.push_back(xdp_program__id(each));
    }
    return ours;
}

std::vector<int> Dispatcher::interfaces() const {
    std::vector<int> found;
    const auto devices = list_devices();
    if (!devices) return found;
    for (const auto& device : *devices)
        if (device.xdp_program != 0 && !ours_on(device.index).empty()) found.push_back(device.index);
    return found;
}

Result<void> Dispatcher::join(const Device& device, const OpenXdp& open) {
    auto before = ours_on(device.index);
    if (std::erase_if(before, [&](uint32_t each) { return made_.contains(each); }) != 0) {
        retire(device.index, before);
        return {};
    }
    if (auto room = require_room(device); !room) return room;
    const uint32_t own_turn = draw_turn();
    const auto object = open(own_turn);
    if (!object) return tl::make_unexpected(object.error());
    const Fd turn = before.empty() ? Fd() : turn_of(before.front());
    if (turn && bpf_map__reuse_fd(bpf_object__find_map_by_name(object->get(), turn_map), turn.get()) != 0)
        return fail_errno(errno, attempt(device) + "share the map .data.turn");
    const auto added = add(device, object->get());
    if (!added) return tl::make_unexpected(added.error());
    if (turn)
        if (auto given = give_turn(turn, own_turn); !given) {
            take_out(device.index, {{*added}});
            return given;
        }
    made_.insert(*added);
    retire(device.index, before);
    return {};
}

Result<uint32_t> Dispatcher::add(const Device& device, bpf_object* object) const {
    const auto program = owned(xdp_program__from_bpf_obj(object, "xdp.frags"));
    if (!program) return fail_errno(errno, attempt(device) + "open it");
    xdp_program__set_run_prio(program.get(), run_priority);
    xdp_program__set_xdp_frags_support(program.get(), true);
    if (const int failed = xdp_program__attach(program.get(), device.index, XDP_MODE_NATIVE, 0); failed != 0)
        return explain(-failed, device);
    const uint32_t id = xdp_program__id(program.get());
    const auto there = ours_on(device.index);
    if (std::find(there.begin(), there.end(), id) != there.end()) return id;
    // Alone and without a dispatcher (LIBXDP_SKIP_DISPATCHER, or a dispatcher that did not load), by netlink.
    bpf_xdp_attach_opts only_ours{};
    only_ours.sz = sizeof only_ours;
    only_ours.old_prog_fd = xdp_program__fd(program.get());
    bpf_xdp_detach(device.index, XDP_FLAGS_DRV_MODE, &only_ours);
    return fail(attempt(device) + "libxdp made none");
}

// What cannot be taken out stays until the next attempt; its turn has come and gone.
void Dispatcher::retire(int ifindex, const Ids& programs) const {
    if (programs.empty()) return;
    if (const auto gone = take_out(ifindex, programs); !gone)
        log::warn("attach",
                  "interface " + std::to_string(ifindex) + ": " + gone.error().message() + "; it rests there");
}

void Dispatcher::leave(int ifindex) const {
    const auto ours = ours_on(ifindex);
    retire(ifindex, ours);
    // Nobody's turn: no more than a word, should they still be there.
    for (const uint32_t each : ours_on(ifindex))
        if (const auto turn = turn_of(each)) give_turn(turn, 0);
}

} // namespace ringwall::kernel

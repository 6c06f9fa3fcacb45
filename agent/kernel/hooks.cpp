// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/hooks.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace ringwall::kernel {
namespace {

// linux-libc-dev 6.1 and libbpf 1.1 do not name tcx (Linux 6.6) yet; libbpf passes both through.
constexpr auto attach_tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto attach_tcx_egress = static_cast<bpf_attach_type>(47);
constexpr size_t most_by_tcx = 64;       // BPF_MPROG_MAX
constexpr uint32_t before_all = 1U << 3; // BPF_F_BEFORE without a relative: the head of the list

bpf_attach_type attach_type_of(Hook hook) { return hook == Hook::tc_ingress ? attach_tcx_ingress : attach_tcx_egress; }

// struct bpf_link_info of 6.1 has no tcx: its ifindex stands where that of XDP does, its attach type where that of
// netns does (linux/bpf.h since 6.6).
Hook hook_of(const bpf_link_info& about) {
    if (about.type == BPF_LINK_TYPE_XDP) return Hook::xdp;
    return about.netns.attach_type == attach_tcx_ingress ? Hook::tc_ingress : Hook::tc_egress;
}

// A question that failed says nothing against a link, nor does an interface that is not here. (bpf_xdp_query() is not asked:
// the list that it reads may pass over an interface while others go.)
bool xdp_has(int ifindex, uint32_t program) {
    const auto devices = list_devices();
    if (!devices) return true;
    const auto device = std::ranges::find(*devices, ifindex, &Device::index);
    return device == devices->end() || device->xdp_program == program;
}

bool tcx_has(int ifindex, Hook hook, uint32_t program) {
    std::array<__u32, most_by_tcx> programs{};
    struct bpf_prog_query_opts answer{}; // a function has the same name
    answer.sz = sizeof answer;
    answer.prog_ids = programs.data();
    answer.prog_cnt = programs.size();
    if (bpf_prog_query_opts(ifindex, attach_type_of(hook), &answer) != 0) return true;
    return std::ranges::find(programs, program) != programs.end();
}

bool is_gone(const bpf_link_info& about) { return about.xdp.ifindex == 0; }

// The interface that has this index here carries it. A link tells the index alone, and where its interface was moved to
// another network namespace, that may be another one's here.
bool is_carried_here(const bpf_link_info& about) {
    const auto ifindex = static_cast<int>(about.xdp.ifindex);
    const Hook hook = hook_of(about);
    return hook == Hook::xdp ? xdp_has(ifindex, about.prog_id) : tcx_has(ifindex, hook, about.prog_id);
}

std::optional<bpf_link_info> ask(int link) {
    bpf_link_info about{};
    __u32 size = sizeof about;
    if (bpf_obj_get_info_by_fd(link, &about, &size) != 0) return std::nullopt;
    return about;
}

// With interface 0: it has gone, or is elsewhere. Asked once more before that is said: the program may have been replaced
// between the two questions.
std::optional<bpf_link_info> ask_of_here(int link) {
    for (int left = 2; left > 0; --left) {
        const auto about = ask(link);
        if (!about || is_gone(*about) || is_carried_here(*about)) return about;
    }
    return bpf_link_info{};
}

// Nothing of what cannot be opened just now, which may be all that holds a link.
std::optional<PinnedLink> describe(const std::string& path) {
    const Fd link(bpf_obj_get(path.c_str()));
    const auto about = link ? ask_of_here(link.get()) : std::nullopt;
    if (!about) return std::nullopt;
    return PinnedLink{hook_of(*about), static_cast<int>(about->xdp.ifindex), path};
}

bool rename_to(PinnedLink& link, const std::string& path) {
    if (std::rename(link.path.c_str(), path.c_str()) != 0) return false;
    link.path = path;
    return true;
}

// By way of names that no interface has: two interfaces may have swapped theirs, and a rename onto a pin removes it.
void settle_names(const Pins& pins, std::vector<PinnedLink>& links) {
    const auto devices = list_devices();
    if (!devices) return;
    std::vector<std::pair<PinnedLink*, std::string>> moved;
    for (auto& link : links) {
        const auto device = std::find_if(devices->begin(), devices->end(),
                                         [&](const Device& each) { return each.index == link.ifindex; });
        if (device == devices->end()) continue;
        auto path = pins.link(device->name, name_of(link.hook));
        if (path == link.path) continue;
        if (rename_to(link, pins.link("::" + std::to_string(link.ifindex), name_of(link.hook))))
            moved.emplace_back(&link, std::move(path));
    }
    for (auto& [link, path] : moved) rename_to(*link, path);
}

Result<void> pin(const Fd& link, const std::string& path) {
    if (bpf_obj_pin(link.get(), path.c_str()) == 0) return {};
    return fail_errno(errno, "pin " + path);
}

tl::unexpected<Error> explain_xdp(int error, const Device& device) {
    const std::string what = "attach the XDP program to " + device.name;
    switch (error) {
        case EBUSY:
        case EEXIST:
            return fail_errno(error, what +
                                         ": another XDP program holds this interface and is left alone (`bpftool "
                                         "net` names it)");
        case EOPNOTSUPP: return fail_errno(error, what + ": its driver has no native XDP");
        case ERANGE:
        case EINVAL:
            return fail_errno(error, what +
                                         ": the driver refuses it; an MTU above the driver's XDP limit is the usual "
                                         "cause");
        default: return fail_errno(error, what);
    }
}

} // namespace

const char* name_of(Hook hook) {
    switch (hook) {
        case Hook::xdp: return "xdp";
        case Hook::tc_ingress: return "ingress";
        case Hook::tc_egress: return "egress";
    }
    return "";
}

std::vector<PinnedLink> read_pinned(const Pins& pins) {
    std::vector<PinnedLink> links;
    for (const auto& path : pins.links()) {
        auto link = describe(path);
        if (link && link->ifindex != 0) links.push_back(std::move(*link));
        else if (link) detach_and_unpin(path);
    }
    settle_names(pins, links);
    return links;
}

bool are_all_gone(const std::vector<std::string>& links) {
    return !links.empty() && std::ranges::all_of(links, [](const std::string& path) {
        const Fd link(bpf_obj_get(path.c_str()));
        const auto about = link ? ask(link.get()) : std::nullopt;
        return about && is_gone(*about);
    });
}

Result<void> create_xdp(const Device& device, bool is_generic, int program_fd, const std::string& path) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = is_generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
    const Fd link(bpf_link_create(program_fd, device.index, BPF_XDP, &options));
    if (!link) return explain_xdp(errno, device);
    return pin(link, path);
}

Result<void> create_tcx(const Device& device, Hook hook, int program_fd, const std::string& path) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = before_all;
    const Fd link(bpf_link_create(program_fd, device.index, attach_type_of(hook), &options));
    if (!link)
        return fail_errno(errno, std::string("attach the ") + name_of(hook) + " program to " + device.name + " by tcx");
    return pin(link, path);
}

Result<void> update_link(const std::string& path, int program_fd) {
    Fd link(bpf_obj_get(path.c_str()));
    if (!link) return fail_errno(errno, "open the link pinned at " + path);
    if (const int failed = bpf_link_update(link.get(), program_fd, nullptr); failed != 0)
        return fail_errno(-failed, "replace the program of the link pinned at " + path);
    return {};
}

void detach_and_unpin(const std::string& path) {
    Fd link(bpf_obj_get(path.c_str()));
    // The unlink alone detaches only once nobody holds the link any more.
    if (link) bpf_link_detach(link.get());
    std::remove(path.c_str());
}

uint32_t link_program(int link, int ifindex) {
    const auto about = ask_of_here(link);
    return about && about->xdp.ifindex == static_cast<__u32>(ifindex) ? about->prog_id : 0;
}

// Asked with an interface that there cannot be: ENODEV where the kernel knows tcx, EINVAL on 6.1.
bool has_tcx(int program_fd) { return bpf_link_create(program_fd, INT_MAX, attach_tcx_ingress, nullptr) == -ENODEV; }

bool is_xdp_generic(int ifindex) {
    bpf_xdp_query_opts answer{};
    answer.sz = sizeof answer;
    return bpf_xdp_query(ifindex, 0, &answer) == 0 && answer.attach_mode == XDP_ATTACHED_SKB;
}

} // namespace ringwall::kernel

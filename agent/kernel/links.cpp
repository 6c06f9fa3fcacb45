// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/links.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "agent/kernel/clsact.hpp"
#include "agent/log.hpp"

namespace ringwall::kernel {
namespace {

// linux-libc-dev 6.1 and libbpf 1.1 do not name tcx (Linux 6.6) yet; libbpf passes both through.
constexpr auto attach_tcx_egress = static_cast<bpf_attach_type>(47);
constexpr uint32_t before_all = 1U << 3; // BPF_F_BEFORE without a relative: the head of the list

enum class Hook { ingress, egress };

struct Present {
    Hook hook;
    int ifindex;
    std::string path;
};

std::optional<bpf_link_info> describe(int link_fd) {
    bpf_link_info about{};
    __u32 size = sizeof about;
    if (bpf_obj_get_info_by_fd(link_fd, &about, &size) != 0) return std::nullopt;
    return about;
}

// What is pinned and still attached. A link whose interface went away (a recreated veth) has ifindex 0: unpinned here.
std::vector<Present> read_present(const Pins& pins) {
    std::vector<Present> present;
    for (const auto& path : pins.links()) {
        Fd link(bpf_obj_get(path.c_str()));
        const auto about = link ? describe(link.get()) : std::nullopt;
        // struct bpf_link_info of 6.1 has no tcx; its ifindex stands where that of XDP does (linux/bpf.h since 6.6).
        const int ifindex = about ? static_cast<int>(about->xdp.ifindex) : 0;
        if (ifindex == 0) {
            std::remove(path.c_str());
            continue;
        }
        present.push_back({about->type == BPF_LINK_TYPE_XDP ? Hook::ingress : Hook::egress, ifindex, path});
    }
    return present;
}

const char* name_of(Hook hook) { return hook == Hook::ingress ? "xdp" : "egress"; }

void detach_and_unpin(const std::string& path) {
    Fd link(bpf_obj_get(path.c_str()));
    // The unlink alone detaches only once nobody holds the link any more.
    if (link) bpf_link_detach(link.get());
    std::remove(path.c_str());
}

tl::unexpected<Error> explain_xdp(int error, const Device& device) {
    const std::string what = "attach the XDP program to " + device.name;
    switch (error) {
        case EBUSY:
        case EEXIST:
            return fail_errno(error, what +
                                         ": another XDP program holds this interface and is left alone (`bpftool net` "
                                         "names it); detach it, or take the interface out of `outside`");
        case EOPNOTSUPP:
            return fail_errno(error, what + ": its driver has no native XDP, and this version attaches no other way");
        case ERANGE:
        case EINVAL:
            return fail_errno(error, what +
                                         ": the driver refuses it; an MTU above the driver's XDP limit is the usual "
                                         "cause (`ip link set " +
                                         device.name + " mtu 1500`)");
        default: return fail_errno(error, what);
    }
}

// A pin of that name can only be one whose interface was renamed, and is carried by its ifindex: give it its own name.
Result<void> pin(const Fd& link, const std::string& path) {
    if (bpf_obj_pin(link.get(), path.c_str()) == 0) return {};
    return fail_errno(errno, "pin " + path);
}

Result<Fd> create_xdp(const Device& device, policy::Attach mode, int program_fd) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = mode == policy::Attach::generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
    const int link = bpf_link_create(program_fd, device.index, BPF_XDP, &options);
    if (link < 0) return explain_xdp(-link, device);
    return Fd(link);
}

// Nothing where the kernel has no tcx: 6.1 answers EINVAL.
Result<std::optional<Fd>> create_tcx(const Device& device, int program_fd) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = before_all;
    const int link = bpf_link_create(program_fd, device.index, attach_tcx_egress, &options);
    if (link == -EINVAL) return std::optional<Fd>();
    if (link < 0) return fail_errno(-link, "attach the egress program to " + device.name + " by tcx");
    return std::optional(Fd(link));
}

Result<void> update(const std::string& path, int program_fd) {
    Fd link(bpf_obj_get(path.c_str()));
    if (!link) return fail_errno(errno, "open the link pinned at " + path);
    if (const int failed = bpf_link_update(link.get(), program_fd, nullptr); failed != 0)
        return fail_errno(-failed, "replace the program of the link pinned at " + path);
    return {};
}

std::string xdp_mode(int ifindex) {
    bpf_xdp_query_opts answer{};
    answer.sz = sizeof answer;
    if (bpf_xdp_query(ifindex, 0, &answer) != 0) return "xdp";
    switch (answer.attach_mode) {
        case XDP_ATTACHED_SKB: return "xdp generic";
        case XDP_ATTACHED_HW: return "xdp hardware";
        default: return "xdp native";
    }
}

// One reconciliation: remembers what it added, so that an error can take it back.
class Attaching {
public:
    Attaching(const Pins& pins, uint32_t wall, policy::Attach mode, HookPrograms programs)
        : pins_(pins), wall_(wall), mode_(mode), programs_(programs), present_(read_present(pins)) {}

    Result<Attachment> attach(const Device& device) {
        if (auto ingress = attach_ingress(device); !ingress) return tl::make_unexpected(ingress.error());
        auto egress = attach_egress(device);
        if (!egress) return tl::make_unexpected(egress.error());
        return Attachment{device, xdp_mode(device.index), *egress};
    }

    void take_back() {
        for (const auto& path : added_pins_) detach_and_unpin(path);
        for (const int ifindex : added_filters_) detach_clsact_egress(ifindex, wall_);
    }

    void remove_others(std::span<const Device> wanted) {
        const auto is_wanted = [&](int ifindex) {
            return std::any_of(wanted.begin(), wanted.end(),
                               [&](const Device& device) { return device.index == ifindex; });
        };
        for (const auto& link : present_)
            if (!is_wanted(link.ifindex)) detach_and_unpin(link.path);
        const auto all = list_devices();
        if (!all) return;
        for (const auto& device : *all)
            if (!is_wanted(device.index)) detach_clsact_egress(device.index, wall_);
    }

private:
    // Updates the link there is; nothing where there is none.
    Result<bool> update_present(Hook hook, const Device& device, int program_fd) {
        for (auto& link : present_) {
            if (link.hook != hook || link.ifindex != device.index) continue;
            if (auto updated = update(link.path, program_fd); !updated) return tl::make_unexpected(updated.error());
            const auto path = pins_.link(device.name, name_of(hook));
            if (link.path != path && std::rename(link.path.c_str(), path.c_str()) == 0) link.path = path;
            return true;
        }
        return false;
    }

    Result<void> add(const Fd& link, Hook hook, const Device& device) {
        const auto path = pins_.link(device.name, name_of(hook));
        if (auto pinned = pin(link, path); !pinned) return pinned;
        added_pins_.push_back(path);
        return {};
    }

    Result<void> attach_ingress(const Device& device) {
        const auto updated = update_present(Hook::ingress, device, programs_.xdp_fd);
        if (!updated) return tl::make_unexpected(updated.error());
        if (*updated) return warn_of_other_mode(device);
        auto link = create_xdp(device, mode_, programs_.xdp_fd);
        if (!link) return tl::make_unexpected(link.error());
        return add(*link, Hook::ingress, device);
    }

    Result<std::string> attach_egress(const Device& device) {
        const auto updated = update_present(Hook::egress, device, programs_.egress_fd);
        if (!updated) return tl::make_unexpected(updated.error());
        if (*updated) return "tcx";
        auto link = create_tcx(device, programs_.egress_fd);
        if (!link) return tl::make_unexpected(link.error());
        if (*link) {
            if (auto added = add(**link, Hook::egress, device); !added) return tl::make_unexpected(added.error());
            return "tcx";
        }
        if (auto attached = attach_clsact_egress(device.index, programs_.egress_fd, wall_); !attached)
            return fail_errno(attached.error().code.value(), attached.error().what + device.name);
        added_filters_.push_back(device.index);
        return "clsact";
    }

    // Native to generic or back needs a detach, so it happens only on command.
    Result<void> warn_of_other_mode(const Device& device) const {
        const bool is_generic = xdp_mode(device.index) == "xdp generic";
        if (is_generic != (mode_ == policy::Attach::generic))
            log::warn("attach.mode",
                      device.name + " stays in " + (is_generic ? "generic" : "native") +
                          " XDP mode, as a change would drop packets: `ringwall detach`, then start again");
        return {};
    }

    const Pins& pins_;
    uint32_t wall_;
    policy::Attach mode_;
    HookPrograms programs_;
    std::vector<Present> present_;
    std::vector<std::string> added_pins_;
    std::vector<int> added_filters_;
};

} // namespace

Result<std::vector<Attachment>> Links::reconcile(std::span<const Device> wanted, policy::Attach mode,
                                                 HookPrograms programs) {
    if (mode == policy::Attach::dispatcher || mode == policy::Attach::tc)
        return fail("attach: `dispatcher` and `tc` are not available in this version; use auto, native or generic");
    Attaching attaching(pins_, wall_, mode, programs);
    std::vector<Attachment> attachments;
    for (const auto& device : wanted) {
        auto attached = attaching.attach(device);
        if (!attached) {
            attaching.take_back();
            return tl::make_unexpected(attached.error());
        }
        attachments.push_back(std::move(*attached));
    }
    attaching.remove_others(wanted);
    return attachments;
}

Result<void> Links::remove_all() {
    Attaching(pins_, wall_, policy::Attach::auto_, {}).remove_others({});
    return {};
}

} // namespace ringwall::kernel

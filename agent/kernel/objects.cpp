// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/objects.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "agent/log.hpp"
#include "apply.skel.h"
#include "tc_egress.skel.h"
#include "tc_ingress.skel.h"
#include "xdp_ingress.skel.h"

namespace ringwall::kernel {
namespace {

template <class Skeleton, void (*destroy)(Skeleton*)>
struct Destroy {
    void operator()(Skeleton* skeleton) const { destroy(skeleton); }
};
template <class Skeleton, void (*destroy)(Skeleton*)>
using Owned = std::unique_ptr<Skeleton, Destroy<Skeleton, destroy>>;

// libbpf reuses a pinned map of the same shape, and creates and pins it where there is none: so the first object that
// loads makes the maps, the other two and every later start share them.
Result<void> pin_maps(bpf_object* object, const Pins& pins) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue; // .rodata: each load has its own
        const auto path = pins.map(bpf_map__name(map));
        if (const int failed = bpf_map__set_pin_path(map, path.c_str()); failed != 0)
            return fail_errno(-failed, "pin " + path);
    }
    return {};
}

template <class Skeleton>
Result<void> load_one(Skeleton* skeleton, int (*load)(Skeleton*), const Pins& pins, const char* what) {
    if (skeleton == nullptr) return fail_errno(errno, std::string("open the BPF object ") + what);
    if (auto pinned = pin_maps(skeleton->obj, pins); !pinned) return pinned;
    if (const int failed = load(skeleton); failed != 0)
        return fail_errno(-failed, std::string("load the BPF object ") + what +
                                       " (the lines above say where; Linux 6.1 or "
                                       "later and CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON are needed)");
    return {};
}

[[gnu::format(printf, 2, 0)]] int print(libbpf_print_level level, const char* format, va_list arguments) {
    char line[1024];
    const int written = std::vsnprintf(line, sizeof line, format, arguments);
    if (written <= 0) return 0;
    std::string_view text(line);
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    // What netlink refuses comes back to us as an errno, and is often no news: a clsact qdisc that is, or is not, there.
    if (level == LIBBPF_WARN && text.find("Kernel error message") == text.npos) log::warn("libbpf", text);
    else log::debug("libbpf", text);
    return 0;
}

// A TC object in its four copies: rodata says what each is for, and the verifier leaves out the rest.
template <class Skeleton, Skeleton* (*open)(), int (*load)(Skeleton*), void (*destroy)(Skeleton*)>
class Copies {
public:
    Result<Skeleton*> get(bool is_watched, bool is_bare, const Pins& pins, const char* what) {
        auto& copy = copies_[(is_watched ? 1U : 0U) | (is_bare ? 2U : 0U)];
        if (copy) return copy.get();
        Owned<Skeleton, destroy> opened(open());
        if (opened) {
            opened->rodata->is_watched = is_watched;
            opened->rodata->is_bare = is_bare;
        }
        if (auto loaded = load_one(opened.get(), load, pins, what); !loaded) return tl::make_unexpected(loaded.error());
        copy = std::move(opened);
        return copy.get();
    }

private:
    std::array<Owned<Skeleton, destroy>, 4> copies_;
};

} // namespace

struct Objects::Skeletons {
    Owned<xdp_ingress, xdp_ingress__destroy> xdp{xdp_ingress__open()};
    Copies<tc_ingress, tc_ingress__open, tc_ingress__load, tc_ingress__destroy> ingress;
    Copies<tc_egress, tc_egress__open, tc_egress__load, tc_egress__destroy> egress;
    Owned<struct apply, apply__destroy> apply{apply__open()};
};

Objects::Objects(std::unique_ptr<Skeletons> skeletons) : skeletons_(std::move(skeletons)) {}
Objects::Objects(Objects&&) noexcept = default;
Objects& Objects::operator=(Objects&&) noexcept = default;
Objects::~Objects() = default;

Result<Objects> Objects::load(const Pins& pins) {
    auto opened = std::make_unique<Skeletons>();
    if (auto loaded = load_one(opened->xdp.get(), xdp_ingress__load, pins, "xdp_ingress"); !loaded)
        return tl::make_unexpected(loaded.error());
    if (auto loaded = opened->egress.get(false, false, pins, "tc_egress"); !loaded)
        return tl::make_unexpected(loaded.error());
    if (auto loaded = load_one(opened->apply.get(), apply__load, pins, "apply"); !loaded)
        return tl::make_unexpected(loaded.error());
    return Objects(std::move(opened));
}

Result<int> Objects::program(Hook hook, const Selected& selected, const Pins& pins) {
    const bool is_bare = selected.device.framing() == Framing::bare;
    if (hook == Hook::xdp) return bpf_program__fd(skeletons_->xdp->progs.ringwall_xdp);
    if (hook == Hook::tc_ingress) {
        const auto copy = skeletons_->ingress.get(selected.is_watched, is_bare, pins, "tc_ingress");
        if (!copy) return tl::make_unexpected(copy.error());
        return bpf_program__fd((*copy)->progs.ringwall_tc_in);
    }
    const auto copy = skeletons_->egress.get(selected.is_watched, is_bare, pins, "tc_egress");
    if (!copy) return tl::make_unexpected(copy.error());
    return bpf_program__fd((*copy)->progs.ringwall_tc_eg);
}

int Objects::apply_fd() const { return bpf_program__fd(skeletons_->apply->progs.ringwall_apply); }
int Objects::map_fd(const char* name) const { return bpf_object__find_map_fd_by_name(skeletons_->xdp->obj, name); }

void log_libbpf() { libbpf_set_print(print); }

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/objects.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "agent/kernel/owned.hpp"
#include "agent/log.hpp"
#include "apply.skel.h"
#include "tc_egress.skel.h"
#include "tc_ingress.skel.h"
#include "xdp_ingress.skel.h"

namespace ringwall::kernel {
namespace {

// libbpf reuses a pinned map of the same shape, and creates and pins it where there is none: so the first object that
// loads makes the maps, and every later start shares them.
Result<void> place_maps(bpf_object* object, const Pins& pins, const policy::Tables& tables) {
    bpf_map* const pinholes = bpf_object__find_map_by_name(object, "pinholes");
    if (const int failed = bpf_map__set_max_entries(pinholes, tables.pinholes); failed != 0)
        return fail_errno(-failed, "size the map pinholes");
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue; // .rodata: each load has its own
        const auto path = pins.map(bpf_map__name(map));
        if (const int failed = bpf_map__set_pin_path(map, path.c_str()); failed != 0)
            return fail_errno(-failed, "pin " + path);
    }
    return {};
}

// The maps of the first object, for all others. Not by their pins, which somebody may have deleted since.
Result<void> share_maps(bpf_object* object, const bpf_object* first) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue;
        const int shared = bpf_object__find_map_fd_by_name(first, bpf_map__name(map));
        if (const int failed = shared < 0 ? shared : bpf_map__reuse_fd(map, shared); failed != 0)
            return fail_errno(-failed, std::string("share the map ") + bpf_map__name(map));
    }
    return {};
}

template <class Skeleton>
Result<void> load_beside(const bpf_object* first, Skeleton* skeleton, int (*load)(Skeleton*), const char* what) {
    return load_one(skeleton, load, what, [&](Skeleton* opened) { return share_maps(opened->obj, first); });
}

[[gnu::format(printf, 3, 0)]] int print(const char* library, bool is_warning, const char* format, va_list arguments) {
    char line[1024];
    const int written = std::vsnprintf(line, sizeof line, format, arguments);
    if (written <= 0) return 0;
    std::string_view text(line);
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    // What netlink refuses comes back to us as an errno, and is often no news: a clsact qdisc that is, or is not, there.
    const bool is_news = is_warning && text.find("Kernel error message") == text.npos;
    log::event(is_news ? Level::warn : Level::debug, "library", text, {{"library", library}});
    return 0;
}

[[gnu::format(printf, 2, 0)]] int print_libbpf(libbpf_print_level level, const char* format, va_list arguments) {
    return print("libbpf", level == LIBBPF_WARN, format, arguments);
}

[[gnu::format(printf, 2, 0)]] int print_libxdp(libxdp_print_level level, const char* format, va_list arguments) {
    return print("libxdp", level == LIBXDP_WARN, format, arguments);
}

// A TC object in its four copies: rodata says what each is for, and the verifier leaves out the rest.
template <class Skeleton, Skeleton* (*open)(), int (*load)(Skeleton*), void (*destroy)(Skeleton*)>
class Copies {
public:
    Result<Skeleton*> get(bool is_watched, bool is_bare, const bpf_object* first, const char* what) {
        auto& copy = copies_[(is_watched ? 1U : 0U) | (is_bare ? 2U : 0U)];
        if (copy) return copy.get();
        Owned<Skeleton, destroy> opened(open());
        if (opened) {
            opened->rodata->is_watched = is_watched;
            opened->rodata->is_bare = is_bare;
        }
        if (auto loaded = load_beside(first, opened.get(), load, what); !loaded)
            return tl::make_unexpected(loaded.error());
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

Result<Objects> Objects::load(const Pins& pins, const policy::Tables& tables) {
    auto opened = std::make_unique<Skeletons>();
    const auto place = [&](xdp_ingress* first) { return place_maps(first->obj, pins, tables); };
    if (auto loaded = load_one(opened->xdp.get(), xdp_ingress__load, "xdp_ingress", place); !loaded)
        return tl::make_unexpected(loaded.error());
    const bpf_object* const first = opened->xdp->obj;
    if (auto loaded = opened->egress.get(false, false, first, "tc_egress"); !loaded)
        return tl::make_unexpected(loaded.error());
    if (auto loaded = load_beside(first, opened->apply.get(), apply__load, "apply"); !loaded)
        return tl::make_unexpected(loaded.error());
    return Objects(std::move(opened));
}

Result<int> Objects::program(Hook hook, const Selected& selected) {
    const bool is_bare = selected.device.framing() == Framing::bare;
    const bpf_object* const first = skeletons_->xdp->obj;
    if (hook == Hook::xdp) return bpf_program__fd(skeletons_->xdp->progs.ringwall_xdp);
    if (hook == Hook::tc_ingress) {
        const auto copy = skeletons_->ingress.get(selected.is_watched, is_bare, first, "tc_ingress");
        if (!copy) return tl::make_unexpected(copy.error());
        return bpf_program__fd((*copy)->progs.ringwall_tc_in);
    }
    const auto copy = skeletons_->egress.get(selected.is_watched, is_bare, first, "tc_egress");
    if (!copy) return tl::make_unexpected(copy.error());
    return bpf_program__fd((*copy)->progs.ringwall_tc_eg);
}

Result<std::shared_ptr<bpf_object>> Objects::open_for_dispatcher(uint32_t own_turn) const {
    const std::shared_ptr<xdp_ingress> opened(xdp_ingress__open(), xdp_ingress__destroy);
    if (!opened) return fail_errno(errno, "open the BPF object xdp_ingress");
    opened->rodata->own_turn = own_turn;
    opened->data_turn->turn = own_turn;
    if (auto shared = share_maps(opened->obj, skeletons_->xdp->obj); !shared)
        return tl::make_unexpected(shared.error());
    return std::shared_ptr<bpf_object>(opened, opened->obj);
}

int Objects::apply_fd() const { return bpf_program__fd(skeletons_->apply->progs.ringwall_apply); }
int Objects::map_fd(const char* name) const { return bpf_object__find_map_fd_by_name(skeletons_->xdp->obj, name); }

std::vector<std::pair<int, std::string>> Objects::pinned_maps() const {
    std::vector<std::pair<int, std::string>> all;
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, skeletons_->xdp->obj) {
        if (const char* path = bpf_map__pin_path(map)) all.emplace_back(bpf_map__fd(map), path);
    }
    return all;
}

void log_libbpf() {
    libbpf_set_print(print_libbpf);
    libxdp_set_print(print_libxdp);
}

} // namespace ringwall::kernel

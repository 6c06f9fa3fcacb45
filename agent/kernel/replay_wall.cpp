// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/replay_wall.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/pkt_cls.h>

#include <cerrno>

#include "agent/kernel/owned.hpp"
#include "agent/kernel/policy_writer.hpp"
#include "apply.skel.h"
#include "maps/abi/meta.h"
#include "replay_egress.skel.h"
#include "tc_egress.skel.h"
#include "xdp_ingress.skel.h"

namespace ringwall::kernel {
namespace {

constexpr uint32_t xdp_pass = XDP_PASS;
constexpr auto tc_unspec = static_cast<uint32_t>(TC_ACT_UNSPEC);
// As any other, but the same every time: what falls into one set of a table does so in the next replay too.
constexpr struct meta replay_meta{.abi_version = RINGWALL_ABI_VERSION,
                                  .secret = {0x7265706c61796564, 0x72696e6777616c6c}};

// The maps are made by the first object; the others share them.
Result<void> share_maps(bpf_object* object, bpf_object* first) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue;
        const int fd = bpf_object__find_map_fd_by_name(first, bpf_map__name(map));
        if (const int failed = bpf_map__reuse_fd(map, fd); failed != 0)
            return fail_errno(-failed, std::string("share the BPF map ") + bpf_map__name(map));
    }
    return {};
}

template <class Skeleton>
Result<void> load_beside(bpf_object* first, Skeleton* skeleton, int (*load)(Skeleton*), const char* what) {
    return load_one(skeleton, load, what, [&](Skeleton* opened) {
        opened->rodata->is_replay = 1;
        return share_maps(opened->obj, first);
    });
}

template <class Value>
Result<void> put_only(int map, const Value& value, const char* what) {
    const uint32_t key = 0;
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) == 0) return {};
    return fail_errno(errno, std::string("write the map ") + what);
}

// The program's return value, or -errno.
Result<uint32_t, int> run(const bpf_program* program, std::string_view frame) {
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<uint32_t>(frame.size());
    options.repeat = 1;
    if (const int failed = bpf_prog_test_run_opts(bpf_program__fd(program), &options); failed != 0)
        return tl::make_unexpected(failed);
    return options.retval;
}

Error not_run(int failed, std::string_view frame) {
    return {{-failed, std::generic_category()}, "run a frame of " + std::to_string(frame.size()) + " bytes"};
}

} // namespace

struct ReplayWall::Skeletons {
    Owned<xdp_ingress, xdp_ingress__destroy> in{xdp_ingress__open()};
    Owned<tc_egress, tc_egress__destroy> out{tc_egress__open()};
    Owned<replay_egress, replay_egress__destroy> out_by_xdp{replay_egress__open()};
    Owned<struct apply, apply__destroy> apply{apply__open()};
    bool is_out_by_xdp_loaded = false;

    Result<void> load(const std::function<Result<void>(bpf_object*)>& prepare) {
        const auto ready = [&](xdp_ingress* opened) {
            opened->rodata->is_replay = 1;
            return prepare(opened->obj);
        };
        if (auto loaded = load_one(in.get(), xdp_ingress__load, "xdp_ingress", ready); !loaded) return loaded;
        if (auto loaded = load_beside(in->obj, out.get(), tc_egress__load, "tc_egress"); !loaded) return loaded;
        return load_beside(in->obj, apply.get(), apply__load, "apply");
    }
    // Seldom needed, and a fifth of a second of the verifier.
    Result<const bpf_program*> out_by_xdp_loaded() {
        if (!is_out_by_xdp_loaded)
            if (auto loaded = load_beside(in->obj, out_by_xdp.get(), replay_egress__load, "replay_egress"); !loaded)
                return tl::make_unexpected(loaded.error());
        is_out_by_xdp_loaded = true;
        return out_by_xdp->progs.ringwall_out;
    }
    int map_fd(const char* name) const { return bpf_object__find_map_fd_by_name(in->obj, name); }
};

ReplayWall::ReplayWall(std::unique_ptr<Skeletons> skeletons) : skeletons_(std::move(skeletons)) {}
ReplayWall::ReplayWall(ReplayWall&&) noexcept = default;
ReplayWall& ReplayWall::operator=(ReplayWall&&) noexcept = default;
ReplayWall::~ReplayWall() = default;

Result<ReplayWall> ReplayWall::load(const std::function<Result<void>(bpf_object*)>& prepare) {
    auto skeletons = std::make_unique<Skeletons>();
    if (auto loaded = skeletons->load(prepare); !loaded) return tl::make_unexpected(loaded.error());
    return ReplayWall(std::move(skeletons));
}

Result<ReplayWall> ReplayWall::load(const policy::Compiled& policy, const policy::Tables& tables) {
    auto loaded = load([&](bpf_object* object) -> Result<void> {
        bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "pinholes"), tables.pinholes);
        return {};
    });
    if (!loaded) return loaded;
    const auto fd = [&](const char* name) { return loaded->map_fd(name); };
    if (auto written = put_only(fd("meta"), replay_meta, "meta"); !written) return tl::make_unexpected(written.error());
    if (auto written = write_policy(PolicyMaps::of(fd), policy); !written) return tl::make_unexpected(written.error());
    return loaded;
}

int ReplayWall::map_fd(const char* name) const { return skeletons_->map_fd(name); }

MapSource ReplayWall::maps() const {
    const auto copy = [](int fd, const std::string& name) -> Result<Fd> {
        Fd copied(fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (!copied) return fail_errno(errno, "open " + name);
        return copied;
    };
    return {.map = [this, copy](const std::string& name,
                                uint32_t) { return copy(skeletons_->map_fd(name.c_str()), "the map " + name); },
            .apply = [this, copy] { return copy(bpf_program__fd(skeletons_->apply->progs.ringwall_apply), "apply"); }};
}

void ReplayWall::set_time(uint64_t monotonic_ns, uint64_t tai_ns) {
    const auto set = [&](auto* bss) {
        bss->replay_now_ns = monotonic_ns;
        bss->replay_tai_ns = tai_ns;
    };
    set(skeletons_->in->bss);
    set(skeletons_->out->bss);
    set(skeletons_->apply->bss);
}

Result<Verdict> ReplayWall::in(std::string_view frame) {
    const auto ran = run(skeletons_->in->progs.ringwall_xdp, frame);
    if (!ran) return tl::make_unexpected(not_run(ran.error(), frame));
    return Verdict{*ran == xdp_pass, skeletons_->in->bss->replay_reason};
}

Result<Verdict> ReplayWall::out(std::string_view frame) {
    auto ran = run(skeletons_->out->progs.ringwall_tc_eg, frame);
    if (ran) return Verdict{*ran == tc_unspec, skeletons_->out->bss->replay_reason};
    if (ran.error() != -EINVAL && ran.error() != -ENOMEM) return tl::make_unexpected(not_run(ran.error(), frame));
    // Over 3,712 bytes, or less than the IP header that the frame claims.
    const auto program = skeletons_->out_by_xdp_loaded();
    if (!program) return tl::make_unexpected(program.error());
    skeletons_->out_by_xdp->bss->replay_now_ns = skeletons_->out->bss->replay_now_ns;
    skeletons_->out_by_xdp->bss->replay_tai_ns = skeletons_->out->bss->replay_tai_ns;
    ran = run(*program, frame);
    if (!ran) return tl::make_unexpected(not_run(ran.error(), frame));
    ++outbound_by_xdp_;
    return Verdict{*ran == xdp_pass, skeletons_->out_by_xdp->bss->replay_reason};
}

} // namespace ringwall::kernel

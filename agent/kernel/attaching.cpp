// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/attaching.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>

#include "agent/log.hpp"

namespace ringwall::kernel {

const char* name_of(XdpWay way) {
    switch (way) {
        case XdpWay::native: return "xdp native";
        case XdpWay::generic: return "xdp generic";
        case XdpWay::dispatcher: return "xdp dispatcher";
    }
    return "";
}

Result<bool> Attaching::update_present(const Selected& selected, Hook hook, int program_fd) {
    for (const auto& link : present_) {
        if (link.hook != hook || link.ifindex != selected.device.index) continue;
        if (auto updated = update_link(link.path, program_fd); !updated) return tl::make_unexpected(updated.error());
        return true;
    }
    return false;
}

Result<std::string> Attaching::ensure_tc(const Selected& selected, Hook hook) {
    const auto program = programs_.loaded(hook, selected);
    if (!program) return tl::make_unexpected(program.error());
    if (uses_clsact(*program)) return ensure_clsact(selected, hook, *program);
    const auto updated = update_present(selected, hook, *program);
    if (!updated) return tl::make_unexpected(updated.error());
    if (!*updated) {
        const auto path = pins_.link(selected.device.name, name_of(hook));
        if (auto added = create_tcx(selected.device, hook, *program, path); !added)
            return tl::make_unexpected(added.error());
        added_pins_.push_back(path);
    }
    kept_.insert({selected.device.index, hook});
    return "tcx";
}

Result<std::string> Attaching::ensure_clsact(const Selected& selected, Hook hook, int program_fd) {
    const Place place{selected.device.index, hook};
    const bool was_there = clsact_program(place.first, hook, handle_) != 0;
    if (auto attached = attach_clsact(selected.device, hook, program_fd, handle_); !attached)
        return tl::make_unexpected(attached.error());
    if (!was_there) {
        added_filters_.push_back(place);
        if (const auto before = filters_before(place.first, hook, handle_); !before.empty())
            log::warn("attach.order", selected.device.name + ": " + before + " stands before ours on the way " +
                                          (hook == Hook::tc_ingress ? "in" : "out") + ": what it accepts is not seen");
    }
    kept_.insert(place);
    return "clsact";
}

bool Attaching::uses_clsact(int program_fd) {
    if (!has_tcx_) has_tcx_ = has_tcx(program_fd);
    return !*has_tcx_;
}

std::optional<XdpWay> Attaching::way_of(int ifindex) const {
    if (std::find(dispatched_.begin(), dispatched_.end(), ifindex) != dispatched_.end()) return XdpWay::dispatcher;
    if (!has_link(ifindex, Hook::xdp)) return std::nullopt;
    return is_xdp_generic(ifindex) ? XdpWay::generic : XdpWay::native;
}

bool Attaching::has_link(int ifindex, Hook hook) const {
    return std::any_of(present_.begin(), present_.end(),
                       [&](const PinnedLink& link) { return link.hook == hook && link.ifindex == ifindex; });
}

const char* Attaching::tc_way_of(int ifindex, Hook hook) const {
    if (has_link(ifindex, hook)) return "tcx";
    return clsact_program(ifindex, hook, handle_) != 0 ? "clsact" : "none";
}

Attachment Attaching::refused(const Selected& selected, std::string why) const {
    const int ifindex = selected.device.index;
    const auto xdp = way_of(ifindex);
    return {.device = selected.device,
            .is_watched = selected.is_watched,
            .ingress = xdp ? name_of(*xdp) : tc_way_of(ifindex, Hook::tc_ingress),
            .egress = tc_way_of(ifindex, Hook::tc_egress),
            .why = std::move(why),
            .is_refused = true};
}

Result<XdpOutcome> Attaching::ensure_xdp(const Selected& selected, XdpWay way) {
    if (way_of(selected.device.index).value_or(way) != way) return XdpOutcome::other_way;
    const auto ensured = way == XdpWay::dispatcher ? ensure_joined(selected) : ensure_link(selected, way);
    if (!ensured) return tl::make_unexpected(ensured.error());
    kept_.insert({selected.device.index, Hook::xdp});
    return XdpOutcome::attached;
}

Result<void> Attaching::ensure_link(const Selected& selected, XdpWay way) {
    const auto program = programs_.loaded(Hook::xdp, selected);
    if (!program) return tl::make_unexpected(program.error());
    const auto updated = update_present(selected, Hook::xdp, *program);
    if (!updated) return tl::make_unexpected(updated.error());
    if (*updated) return {};
    const auto path = pins_.link(selected.device.name, name_of(Hook::xdp));
    if (auto added = create_xdp(selected.device, way == XdpWay::generic, *program, path); !added) return added;
    added_pins_.push_back(path);
    return {};
}

Result<void> Attaching::ensure_joined(const Selected& selected) {
    if (auto joined = dispatcher_.join(selected.device, programs_.for_dispatcher); !joined) return joined;
    if (!way_of(selected.device.index)) joined_.push_back(selected.device.index);
    return {};
}

// Renamed counts as there.
bool Attaching::is_there(const Selected& selected) const {
    std::array<char, IF_NAMESIZE> name{};
    return if_indextoname(static_cast<unsigned>(selected.device.index), name.data()) != nullptr;
}

void Attaching::take_back(Mark from) {
    for (size_t i = from.pins; i < added_pins_.size(); ++i) detach_and_unpin(added_pins_[i]);
    for (size_t i = from.filters; i < added_filters_.size(); ++i)
        detach_clsact(added_filters_[i].first, added_filters_[i].second, handle_);
    for (size_t i = from.joined; i < joined_.size(); ++i) dispatcher_.leave(joined_[i]);
    joined_.resize(from.joined);
    added_pins_.resize(from.pins);
    added_filters_.resize(from.filters);
}

void Attaching::keep_all_of(const Selected& selected) {
    const auto keep = [&](int ifindex) {
        for (const auto hook : {Hook::xdp, Hook::tc_ingress, Hook::tc_egress}) kept_.insert({ifindex, hook});
    };
    keep(selected.device.index);
    // A bridge, or a port of it, that was to take over from this one, or this one from it.
    const auto all = list_devices();
    if (!all) return;
    for (const auto& other : *all)
        if (stands_on(selected.device, other) || stands_on(other, selected.device)) keep(other.index);
}

void Attaching::drop(int ifindex, Hook hook) {
    kept_.erase({ifindex, hook});
    for (const auto& link : read_pinned(pins_))
        if (link.ifindex == ifindex && link.hook == hook) detach_and_unpin(link.path);
    if (has_tcx_ && !*has_tcx_) detach_clsact(ifindex, hook, handle_);
}

void Attaching::remove_others() {
    for (const auto& link : present_)
        if (!kept_.contains({link.ifindex, link.hook})) detach_and_unpin(link.path);
    std::erase_if(dispatched_, [&](int ifindex) {
        if (kept_.contains({ifindex, Hook::xdp})) return false;
        dispatcher_.leave(ifindex);
        return true;
    });
    std::erase_if(present_, [&](const PinnedLink& link) { return !kept_.contains({link.ifindex, link.hook}); });
    // Where tcx is known to be there, a filter of ours is not.
    if (!has_tcx_ || !*has_tcx_) remove_filters();
}

void Attaching::remove_filters() {
    const auto all = list_devices();
    if (!all) return;
    for (const auto& device : *all)
        for (const auto hook : {Hook::tc_ingress, Hook::tc_egress})
            if (!kept_.contains({device.index, hook})) detach_clsact(device.index, hook, handle_);
}

} // namespace ringwall::kernel

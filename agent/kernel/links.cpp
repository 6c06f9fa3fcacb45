// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/links.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/kernel/attaching.hpp"
#include "agent/log.hpp"

namespace ringwall::kernel {
namespace {

XdpWay wanted_way(policy::Attach mode) {
    switch (mode) {
        case policy::Attach::generic: return XdpWay::generic;
        case policy::Attach::dispatcher: return XdpWay::dispatcher;
        default: return XdpWay::native;
    }
}

// The way in for one interface: XDP where it can be, TC where not.
class WayIn {
public:
    WayIn(Attaching& attaching, const Selected& selected, policy::Attach mode)
        : attaching_(attaching), selected_(selected), mode_(mode) {}

    // Fills ingress and why.
    Result<void> attach(Attachment& attachment) {
        if (selected_.is_watched && selected_.device.framing() == Framing::loopback)
            return none(attachment, "what is sent here arrives here: seen once, on the way out");
        if (selected_.is_watched) return by_tc(attachment, "");
        if (selected_.device.framing() == Framing::bare) return bare(attachment);
        if (mode_ == policy::Attach::tc) return by_tc(attachment, "");
        return by_xdp(attachment);
    }

private:
    bool may_fall_back() const { return mode_ == policy::Attach::auto_ || mode_ == policy::Attach::dispatcher; }

    static Result<void> none(Attachment& attachment, std::string why) {
        attachment.ingress = "none";
        attachment.why = std::move(why);
        return {};
    }

    Result<void> by_tc(Attachment& attachment, std::string why) {
        auto attached = attaching_.ensure_tc(selected_, Hook::tc_ingress);
        if (!attached) return tl::make_unexpected(attached.error());
        attachment.ingress = *attached;
        attachment.why = std::move(why);
        return {};
    }

    Result<void> bare(Attachment& attachment) {
        if (mode_ == policy::Attach::native || mode_ == policy::Attach::generic)
            return fail(selected_.device.name +
                        " carries IP without Ethernet, which XDP does not see: `attach: auto` or "
                        "`tc` take it");
        return by_tc(attachment, "IP without Ethernet, which XDP does not see");
    }

    Result<void> by_xdp(Attachment& attachment) {
        auto attached = attaching_.ensure_xdp(selected_, wanted_way(mode_));
        if (attached && *attached == XdpOutcome::other_way) return by_way_of_tc(attachment);
        if (attached) {
            attachment.ingress = name_of(wanted_way(mode_));
            return {};
        }
        if (!may_fall_back() || !attaching_.is_there(selected_)) return tl::make_unexpected(attached.error());
        return by_tc(attachment, attached.error().message());
    }

    // Two ways cannot stand beside each other in the one slot: TC guards while one gives way to the other.
    Result<void> by_way_of_tc(Attachment& attachment) {
        attaching_.change_xdp_way_later(selected_);
        return by_tc(attachment, std::string("on the way to ") + name_of(wanted_way(mode_)));
    }

    Attaching& attaching_;
    const Selected& selected_;
    policy::Attach mode_;
};

Result<Attachment> attach_one(Attaching& attaching, const Selected& selected, policy::Attach mode) {
    Attachment attachment{
        .device = selected.device, .is_watched = selected.is_watched, .ingress = {}, .egress = {}, .why = {}};
    if (auto done = WayIn(attaching, selected, mode).attach(attachment); !done)
        return tl::make_unexpected(done.error());
    auto egress = attaching.ensure_tc(selected, Hook::tc_egress);
    if (!egress) return tl::make_unexpected(egress.error());
    attachment.egress = *egress;
    return attachment;
}

// The old way is gone and TC guards: now the new one, and TC may go; or it stays, and says why.
void finish_way_change(Attaching& attaching, Attachment& attachment, policy::Attach mode) {
    const auto attached = attaching.ensure_xdp({attachment.device, false}, wanted_way(mode));
    if (!attached) {
        attachment.why = attached.error().message();
        log::warn("attach.mode", attachment.device.name + " stays on TC ingress: " + attachment.why);
        return;
    }
    attaching.drop(attachment.device.index, Hook::tc_ingress);
    attachment.ingress = name_of(wanted_way(mode));
    attachment.why.clear();
}

} // namespace

Result<std::vector<Attachment>> Links::reconcile(std::span<const Selected> wanted, policy::Attach mode,
                                                 const Programs& programs, OnFailure on_failure) {
    Attaching attaching(pins_, dispatcher_, programs);
    std::vector<Attachment> attachments;
    for (const auto& selected : wanted) {
        const auto before = attaching.mark();
        auto attached = attach_one(attaching, selected, mode);
        if (attached) {
            attachments.push_back(std::move(*attached));
            continue;
        }
        if (on_failure == OnFailure::refuse_all && attaching.is_there(selected)) {
            attaching.take_back({});
            return tl::make_unexpected(attached.error());
        }
        attaching.take_back(before);
        attaching.keep_all_of(selected);
        if (attaching.is_there(selected))
            attachments.push_back(attaching.refused(selected, attached.error().message()));
    }
    attaching.remove_others();
    for (auto& attachment : attachments)
        if (!attachment.is_refused && attaching.changes_xdp_way(attachment.device.index))
            finish_way_change(attaching, attachment, mode);
    return attachments;
}

void Links::remove_all() { Attaching(pins_, dispatcher_, {}).remove_others(); }

} // namespace ringwall::kernel

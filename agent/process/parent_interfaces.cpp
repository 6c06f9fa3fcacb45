// SPDX-License-Identifier: Apache-2.0
// The parent's eye on the interfaces: those that appear, vanish, are made anew or renamed, and addresses that change,
// while the configuration in force stays what it is (a file that was edited meanwhile is the reload's).
#include <algorithm>

#include "agent/log.hpp"
#include "agent/process/parent.hpp"

namespace ringwall::agent {
namespace {

control::Interface describe(const kernel::Attachment& each) {
    return {.name = each.device.name,
            .ifindex = each.device.index,
            .ingress = each.ingress,
            .egress = each.egress,
            .role = each.is_watched ? "watch" : "outside",
            .why = each.why};
}

bool contains(const std::vector<control::Interface>& all, const control::Interface& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

void log_change(const control::Interface& now, bool is_refused) {
    if (is_refused) return log::error("attach.refused", now.why, {{"interface", now.name}});
    log::info("attach",
              now.name + " (" + now.role + "): ingress " + now.ingress + ", egress " + now.egress +
                  (now.why.empty() ? "" : "; " + now.why),
              {{"interface", now.name}, {"ingress", now.ingress}, {"egress", now.egress}});
}

void log_gone(const std::vector<control::Interface>& before, const std::vector<control::Interface>& now) {
    for (const auto& each : before)
        if (std::none_of(now.begin(), now.end(), [&](const auto& other) { return other.ifindex == each.ifindex; }))
            log::info("attach.gone", each.name + ": gone, or no longer ours to attach", {{"interface", each.name}});
}

void log_addresses(const std::vector<IpAddress>& before, const std::vector<IpAddress>& now) {
    for (const auto& address : now)
        if (!std::binary_search(before.begin(), before.end(), address))
            log::info("self", address.to_string() + " is protected from now on");
    for (const auto& address : before)
        if (!std::binary_search(now.begin(), now.end(), address))
            log::info("self", address.to_string() + " is gone, and no longer protected");
}

} // namespace

Result<void> Parent::attach(const Surroundings& found, policy::Attach mode, kernel::OnFailure on_failure) {
    keep_pins();
    note_lost();
    auto attached = datapath_->attach(found.devices, mode, on_failure);
    if (!attached) return tl::make_unexpected(attached.error());
    is_attaching_due_ = false;
    std::vector<control::Interface> interfaces;
    for (const auto& each : *attached) {
        interfaces.push_back(describe(each));
        is_attaching_due_ |= each.is_refused;
        if (!contains(briefing_.interfaces, interfaces.back())) log_change(interfaces.back(), each.is_refused);
    }
    log_gone(briefing_.interfaces, interfaces);
    briefing_.interfaces = std::move(interfaces);
    return {};
}

void Parent::on_link_events() {
    link_events_->drain();
    look_at_attachments(); // that of a dispatcher, which anybody may replace
    auto found = look_around(config_);
    if (!found) return log::error("attach.refused", found.error().message());
    if (found->devices == surroundings_.devices && found->self == surroundings_.self &&
        found->shared == surroundings_.shared)
        return;
    if (const auto followed = follow(std::move(*found)); !followed)
        log::error("attach.refused", followed.error().message());
    tell_worker(Message::surroundings);
}

// Addresses first: what they guard is meant to be guarded from the first packet of a new interface.
Result<void> Parent::follow(Surroundings found) {
    for (const auto& warning : found.warnings)
        if (std::find(surroundings_.warnings.begin(), surroundings_.warnings.end(), warning) ==
            surroundings_.warnings.end())
            log::warn("config", warning);
    if (found.self != surroundings_.self || found.shared != surroundings_.shared) {
        if (auto written = write(compile(config_, found, known())); !written) return written;
        log_addresses(surroundings_.self, found.self);
        briefing_.self = found.self;
        surroundings_.self = found.self;
        surroundings_.shared = found.shared;
    }
    if (found.devices != surroundings_.devices)
        if (auto attached = attach(found, config_.attach, kernel::OnFailure::leave_out); !attached) return attached;
    surroundings_ = std::move(found);
    return {};
}

} // namespace ringwall::agent

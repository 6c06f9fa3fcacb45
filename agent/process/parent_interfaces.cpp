// SPDX-License-Identifier: Apache-2.0
// The parent's eye on the interfaces: those that appear, vanish, are made anew or renamed, and addresses that change,
// while the configuration in force stays what it is (a file that was edited meanwhile is the reload's).
#include <net/if.h>

#include <algorithm>
#include <array>
#include <utility>

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

control::Interface missing(const std::string& name) {
    return {.name = name,
            .ifindex = 0,
            .ingress = "none",
            .egress = "none",
            .role = "outside",
            .why = "there is no such interface"};
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
    for (const auto& each : before) {
        if (each.ifindex == 0 || std::ranges::find(now, each.ifindex, &control::Interface::ifindex) != now.end())
            continue;
        std::array<char, IF_NAMESIZE> name{};
        const bool is_there = if_indextoname(static_cast<unsigned>(each.ifindex), name.data()) != nullptr;
        if (is_there && each.role == "outside" && each.name != name.data())
            log::warn("attach.gone",
                      each.name + " is called " + name.data() + " now, and is no longer attached: name it in outside",
                      {{"interface", each.name}});
        else log::info("attach.gone", each.name + ": gone, or no longer ours to attach", {{"interface", each.name}});
    }
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
    auto attached = attach_now(found, mode, on_failure);
    // Somebody has deleted pins right now: of what was found by them some may be attached twice, or not at all.
    if (keep_pins()) attaching_.hurry(std::chrono::steady_clock::now());
    return attached;
}

Result<void> Parent::attach_now(const Surroundings& found, policy::Attach mode, kernel::OnFailure on_failure) {
    auto attached = datapath_->attach(found.devices, mode, on_failure);
    if (!attached) return tl::make_unexpected(attached.error());
    refused_.clear();
    std::vector<control::Interface> interfaces;
    for (const auto& each : *attached) {
        interfaces.push_back(describe(each));
        if (each.is_refused) refused_.insert(each.device.index);
        const auto lost = lost_untold_.find(each.device.index);
        const bool is_as_before = lost != lost_untold_.end() && lost->second == interfaces.back();
        if (!is_as_before && !contains(briefing_.interfaces, interfaces.back()))
            log_change(interfaces.back(), each.is_refused);
    }
    lost_untold_.clear();
    std::erase_if(losses_, [&](const auto& each) {
        return std::ranges::find(interfaces, each.first.first, &control::Interface::ifindex) == interfaces.end();
    });
    for (const std::string& name : found.missing) interfaces.push_back(missing(name));
    log_gone(briefing_.interfaces, interfaces);
    briefing_.interfaces = std::move(interfaces);
    if (refused_.empty()) attaching_.over();
    else attaching_.failed(std::chrono::steady_clock::now());
    return {};
}

void Parent::on_link_events() {
    const kernel::LinkChanges changes = link_events_->take();
    if (std::ranges::any_of(refused_, [&](int each) { return changes.has(each); }))
        attaching_.hurry(std::chrono::steady_clock::now());
    look_at_attachments(); // that of a dispatcher, which anybody may replace
    look_at_interfaces();
}

// What cannot be found out, or put into force, stays as it was, is said once, and is tried again.
void Parent::look_at_interfaces() {
    auto found = look_around(config_);
    std::string error = found ? "" : found.error().message();
    if (found && (found->devices != surroundings_.devices || found->missing != surroundings_.missing ||
                  found->self != surroundings_.self || found->shared != surroundings_.shared)) {
        if (const auto followed = follow(std::move(*found)); !followed) error = followed.error().message();
        brief_worker(Message::surroundings);
    }
    if (!error.empty() && error != follow_error_) log::error("attach.refused", error);
    if (error.empty()) following_.over();
    else following_.failed(std::chrono::steady_clock::now());
    follow_error_ = std::move(error);
}

// Addresses first: what they guard is meant to be guarded from the first packet of a new interface. Where that fails, an
// interface that nobody guards would be worse.
Result<void> Parent::follow(Surroundings found) {
    for (const auto& warning : found.warnings)
        if (std::find(surroundings_.warnings.begin(), surroundings_.warnings.end(), warning) ==
            surroundings_.warnings.end())
            log::warn("config", warning);
    const auto addressed = follow_addresses(found);
    if (found.devices != surroundings_.devices || found.missing != surroundings_.missing)
        if (auto attached = attach(found, config_.attach, kernel::OnFailure::leave_out); !attached) return attached;
    surroundings_.devices = std::move(found.devices);
    surroundings_.missing = std::move(found.missing);
    surroundings_.warnings = std::move(found.warnings);
    return addressed;
}

// The worker first, and then the programs: who answers a call at a new address in between has its ports, and to know one
// sooner opens nothing. With a long list it is seconds that lie between.
Result<void> Parent::follow_addresses(const Surroundings& found) {
    if (found.self == surroundings_.self && found.shared == surroundings_.shared) return {};
    if (following_.due() && !following_.is_due(std::chrono::steady_clock::now()))
        return fail(follow_error_); // not with each notice: a long list takes seconds
    const policy::Compiled compiled = compile(config_, found, known());
    auto table = table_of(compiled);
    if (!table) return tl::make_unexpected(table.error());
    auto self_before = std::exchange(briefing_.self, found.self);
    Fd table_before = std::exchange(table_, std::move(*table));
    ++briefing_.table;
    brief_worker(Message::surroundings);
    if (auto written = datapath_->write(compiled); !written) {
        briefing_.self = std::move(self_before); // and the worker is told so
        table_ = std::move(table_before);
        ++briefing_.table;
        return written;
    }
    log_addresses(surroundings_.self, found.self);
    surroundings_.self = found.self;
    surroundings_.shared = found.shared;
    return {};
}

} // namespace ringwall::agent

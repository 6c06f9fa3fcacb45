// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/interfaces.hpp"

#include <fnmatch.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "agent/kernel/route_dump.hpp"

namespace ringwall::kernel {
namespace {

Device read_device(const nlmsghdr* message) {
    const auto* about = body_of<ifinfomsg>(message);
    Device device{.index = about->ifi_index, .name = {}, .kind = {}, .type = about->ifi_type};
    bool is_below_elsewhere = false;
    each_attribute_of<ifinfomsg>(message, [&](const rtattr* attribute) {
        switch (attribute->rta_type & NLA_TYPE_MASK) {
            case IFLA_IFNAME: device.name = text_of(attribute); break;
            case IFLA_LINK: device.below = value_of<int>(attribute); break;
            case IFLA_MASTER: device.master = value_of<int>(attribute); break;
            case IFLA_LINK_NETNSID: is_below_elsewhere = true; break;
            case IFLA_LINKINFO:
                each_attribute(reinterpret_cast<const rtattr*>(contents_of(attribute)), RTA_PAYLOAD(attribute),
                               [&](const rtattr* nested) {
                                   if (nested->rta_type == IFLA_INFO_KIND) device.kind = text_of(nested);
                               });
                break;
            case IFLA_XDP:
                each_attribute(reinterpret_cast<const rtattr*>(contents_of(attribute)), RTA_PAYLOAD(attribute),
                               [&](const rtattr* nested) {
                                   if (nested->rta_type == IFLA_XDP_PROG_ID)
                                       device.xdp_program = value_of<uint32_t>(nested);
                               });
                break;
            default: break;
        }
    });
    if (is_below_elsewhere) device.below = 0;
    return device;
}

// A tunnel's packets are others than its parent's, and a veth's "link" is its other end: only these kinds carry the
// same packets again.
bool repeats_parent(const Device& device) {
    static constexpr std::array kinds = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};
    return std::find(kinds.begin(), kinds.end(), device.kind) != kinds.end();
}

// What they hand up is all that their ports have. A bridge keeps to itself what it forwards.
bool hands_up_all(const Device& master) { return master.kind == "bond" || master.kind == "team"; }

// The kernel gives packets of a VRF's members its name and hands them up past its hooks (vrf_ip_rcv()).
bool has_no_packets(const Device& master) { return master.kind == "vrf"; }

constexpr int most_between = 8;

// The one of `taken`, or the first of them, by which all packets of `device` come, however many devices lie between. One port
// that is not taken brings packets that nobody has seen.
const Device* taken_below(const Device& device, std::span<const Device> all, std::span<const Selected> taken,
                          int depth = most_between) {
    const Device* first = nullptr;
    for (const auto& lower : all) {
        if (lower.index == device.index || !stands_on(device, lower)) continue;
        const auto same = std::ranges::find(taken, lower.index, [](const Selected& each) { return each.device.index; });
        const Device* found = same != taken.end() ? &same->device : nullptr;
        if (found == nullptr && depth > 0) found = taken_below(lower, all, taken, depth - 1);
        if (found == nullptr) return nullptr;
        if (first == nullptr) first = found;
    }
    return first;
}

// Some packets pass both.
bool is_above(const Device& upper, const Device& lower, std::span<const Device> all, int depth = most_between) {
    return std::ranges::any_of(all, [&](const Device& each) {
        if (each.index == upper.index || !stands_on(upper, each)) return false;
        return each.index == lower.index || (depth > 0 && is_above(each, lower, all, depth - 1));
    });
}

bool is_glob(const std::string& pattern) { return pattern.find_first_of("*?[") != std::string::npos; }

void match(std::span<const Device> all, const std::string& pattern, bool is_watched, std::vector<Selected>& matched,
           std::vector<std::string>& warnings) {
    bool any = false;
    for (const auto& device : all) {
        if (fnmatch(pattern.c_str(), device.name.c_str(), 0) != 0) continue;
        // What the machine says to itself comes from inside. Who names it gets it.
        if (is_glob(pattern) && !is_watched && device.framing() == Framing::loopback) continue;
        any = true;
        const bool is_new = std::none_of(matched.begin(), matched.end(),
                                         [&](const Selected& other) { return other.device.index == device.index; });
        if (is_new) matched.push_back({device, is_watched});
    }
    if (any) return;
    const std::string key = is_watched ? "watch: " : "outside: ";
    warnings.push_back(
        key +
        (is_glob(pattern) ? "no interface matches " + pattern + " yet" : "there is no interface " + pattern + " yet") +
        ": attached when it appears");
}

std::string to_string(const LeftOut& left_out) {
    switch (left_out.why) {
        case LeftOut::Why::seen_below:
            return left_out.name + " stands above " + left_out.other +
                   ", which is attached already: left out, or its packets would count twice";
        case LeftOut::Why::seen_above:
            return left_out.name + " belongs to " + left_out.other +
                   ", which is attached and has its packets: left out, or they would count twice";
        case LeftOut::Why::outside_above:
            return left_out.name + " is not watched, as " + left_out.other +
                   ", which is outside, stands above it: its packets would count twice";
        case LeftOut::Why::outside_below:
            return left_out.name + " is not watched, as " + left_out.other +
                   ", which is outside, stands below it: its packets would count twice";
        case LeftOut::Why::unreadable:
            return left_out.name + " has frames that the programs do not read (neither Ethernet nor bare IP): left out";
        case LeftOut::Why::without_packets:
            return left_out.name + " is a VRF, and no program sees a packet there: left out; name its members" +
                   (left_out.other.empty() ? "" : ": " + left_out.other);
    }
    return {};
}

void leave_out(const Selected& selected, LeftOut::Why why, std::string other, Selection& selection) {
    const LeftOut& made =
        selection.left_out.emplace_back(LeftOut{selected.device.name, selected.is_watched, why, std::move(other)});
    selection.warnings.push_back(to_string(made));
}

void leave_out_unreadable(std::vector<Selected>& matched, Selection& selection) {
    std::erase_if(matched, [&](const Selected& each) {
        if (each.device.framing() != Framing::other) return false;
        leave_out(each, LeftOut::Why::unreadable, {}, selection);
        return true;
    });
}

// Of those that are watched, as what is outside must be guarded. What the outside ones below have whole is left to them.
void leave_out_beside_outside(std::span<const Device> all, std::vector<Selected>& matched, Selection& selection) {
    std::vector<Selected> outside;
    std::ranges::remove_copy_if(matched, std::back_inserter(outside), &Selected::is_watched);
    std::erase_if(matched, [&](const Selected& each) {
        if (!each.is_watched || taken_below(each.device, all, outside) != nullptr) return false;
        for (const Selected& other : outside) {
            const bool is_below = is_above(other.device, each.device, all);
            if (!is_below && !is_above(each.device, other.device, all)) continue;
            leave_out(each, is_below ? LeftOut::Why::outside_above : LeftOut::Why::outside_below, other.device.name,
                      selection);
            return true;
        }
        return false;
    });
}

std::string members_of(const Device& master, std::span<const Device> all, std::span<const Selected> taken) {
    std::string names;
    for (const Device& device : all) {
        const auto is_same = [&](const Selected& each) { return each.device.index == device.index; };
        if (device.master != master.index || std::ranges::any_of(taken, is_same)) continue;
        names += (names.empty() ? "" : ", ") + device.name;
    }
    return names;
}

// Not where its members are taken, as by a glob: leave_out_above() says so.
void leave_out_without_packets(std::span<const Device> all, std::vector<Selected>& matched, Selection& selection) {
    std::vector<Selected> others;
    std::ranges::copy_if(matched, std::back_inserter(others),
                         [](const Selected& each) { return !has_no_packets(each.device); });
    std::erase_if(matched, [&](const Selected& each) {
        if (!has_no_packets(each.device) || taken_below(each.device, all, others) != nullptr) return false;
        leave_out(each, LeftOut::Why::without_packets, members_of(each.device, all, others), selection);
        return true;
    });
}

// Those of a bond that has others beside them, which only it has.
void leave_out_ports(std::span<const Device> all, std::vector<Selected>& matched, Selection& selection) {
    const std::vector<Selected> before = matched;
    std::erase_if(matched, [&](const Selected& each) {
        const auto master = std::ranges::find_if(before, [&](const Selected& other) {
            return each.device.master == other.device.index && hands_up_all(other.device) &&
                   taken_below(other.device, all, before) == nullptr;
        });
        if (master == before.end()) return false;
        leave_out(each, LeftOut::Why::seen_above, master->device.name, selection);
        return true;
    });
}

void leave_out_above(std::span<const Device> all, std::vector<Selected>& matched, Selection& selection) {
    const std::vector<Selected> before = matched;
    std::erase_if(matched, [&](const Selected& each) {
        const auto* lower = taken_below(each.device, all, before);
        if (lower == nullptr) return false;
        leave_out(each, LeftOut::Why::seen_below, lower->name, selection);
        return true;
    });
}

// A bridge and some of its ports: neither has all packets of the other, and what is outside must be guarded.
void tell_of_twice(std::span<const Device> all, Selection& selection) {
    for (const Selected& upper : selection.devices)
        for (const Selected& lower : selection.devices) {
            if (!is_above(upper.device, lower.device, all)) continue;
            selection.twice.push_back({upper.device.name, lower.device.name});
            selection.warnings.push_back(to_string(selection.twice.back()));
        }
}

// An address of a bond or a bridge is reached by what belongs to it; a bridge may stand in a VRF.
void add_masters(std::span<const Device> all, std::vector<int>& reached) {
    for (size_t i = 0; i < reached.size(); ++i) // which grows meanwhile
        for (const auto& device : all)
            if (device.index == reached[i] && device.master != 0 &&
                std::ranges::find(reached, device.master) == reached.end())
                reached.push_back(device.master);
}

} // namespace

Result<std::vector<Device>> list_devices() {
    const auto dump = dump_route(RTM_GETLINK);
    if (!dump) return tl::make_unexpected(dump.error());
    std::vector<Device> devices;
    each_message(*dump, RTM_NEWLINK, [&](const nlmsghdr* message) { devices.push_back(read_device(message)); });
    return devices;
}

// The kernel's own list of frames without a link-layer header: dev_is_mac_header_xmit() in linux/if_arp.h.
Framing Device::framing() const {
    switch (type) {
        case ARPHRD_ETHER: return Framing::ethernet;
        case ARPHRD_LOOPBACK: return Framing::loopback;
        case ARPHRD_NONE:
        case ARPHRD_RAWIP:
        case ARPHRD_PPP:
        case ARPHRD_TUNNEL:
        case ARPHRD_TUNNEL6:
        case ARPHRD_SIT:
        case ARPHRD_IPGRE:
        case ARPHRD_IP6GRE: return Framing::bare;
        default: return Framing::other;
    }
}

bool stands_on(const Device& upper, const Device& lower) {
    return (repeats_parent(upper) && upper.below == lower.index) || lower.master == upper.index;
}

std::string to_string(const Twice& twice) {
    return twice.upper + " stands above " + twice.lower +
           ", and both are attached, as each has packets that the other has not: what passes both is judged twice and "
           "counts twice in limits. Name all ports of " +
           twice.upper + ", or only one of the two";
}

Selection select_devices(std::span<const Device> all, std::span<const std::string> outside,
                         std::span<const std::string> watch) {
    Selection selection;
    std::vector<Selected> matched;
    for (const auto& pattern : outside) match(all, pattern, false, matched, selection.warnings);
    for (const auto& pattern : watch) match(all, pattern, true, matched, selection.warnings);
    leave_out_unreadable(matched, selection);
    leave_out_without_packets(all, matched, selection);
    leave_out_beside_outside(all, matched, selection);
    for (const auto& selected : matched)
        if (!selected.is_watched) selection.reached.push_back(selected.device.index);
    leave_out_ports(all, matched, selection);
    leave_out_above(all, matched, selection);
    selection.devices = std::move(matched);
    tell_of_twice(all, selection);
    add_masters(all, selection.reached);
    return selection;
}

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/interfaces.hpp"

#include <fnmatch.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "agent/fd.hpp"

namespace ringwall::kernel {
namespace {

// RTA_DATA() and NLMSG_DATA() cast const away.
const void* contents_of(const rtattr* attribute) { return reinterpret_cast<const char*>(attribute) + RTA_LENGTH(0); }

template <class T>
T value_of(const rtattr* attribute) {
    T value{};
    std::memcpy(&value, contents_of(attribute), std::min(sizeof value, size_t{RTA_PAYLOAD(attribute)}));
    return value;
}

std::string text_of(const rtattr* attribute) {
    const char* text = static_cast<const char*>(contents_of(attribute));
    return {text, strnlen(text, RTA_PAYLOAD(attribute))};
}

template <class Visit>
void each_attribute(const rtattr* attribute, size_t length, Visit visit) {
    // By hand: RTA_OK() and RTA_NEXT() mix signs.
    while (length >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= length) {
        visit(attribute);
        const size_t step = std::min<size_t>(RTA_ALIGN(attribute->rta_len), length);
        length -= step;
        attribute = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(attribute) + step);
    }
}

Device read_device(const nlmsghdr* message) {
    const auto* about = reinterpret_cast<const ifinfomsg*>(reinterpret_cast<const char*>(message) + NLMSG_HDRLEN);
    Device device{.index = about->ifi_index, .name = {}, .kind = {}, .type = about->ifi_type};
    bool is_below_elsewhere = false;
    const auto* first =
        reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(about) + NLMSG_ALIGN(sizeof *about));
    each_attribute(first, IFLA_PAYLOAD(message), [&](const rtattr* attribute) {
        switch (attribute->rta_type & NLA_TYPE_MASK) {
            case IFLA_IFNAME: device.name = text_of(attribute); break;
            case IFLA_LINK: device.below = value_of<int>(attribute); break;
            case IFLA_MASTER: device.master = value_of<int>(attribute); break;
            case IFLA_LINK_NETNSID: is_below_elsewhere = true; break;
            case IFLA_LINKINFO:
                each_attribute(static_cast<const rtattr*>(contents_of(attribute)), RTA_PAYLOAD(attribute),
                               [&](const rtattr* nested) {
                                   if (nested->rta_type == IFLA_INFO_KIND) device.kind = text_of(nested);
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

bool stands_on(const Device& upper, const Device& lower) {
    return (repeats_parent(upper) && upper.below == lower.index) || lower.master == upper.index;
}

// The one of `taken` that carries the packets of `device` already, however many devices lie between.
const Device* taken_below(const Device& device, std::span<const Device> all, std::span<const Selected> taken,
                          int depth = 8) {
    for (const auto& lower : all) {
        if (lower.index == device.index || !stands_on(device, lower)) continue;
        for (const auto& other : taken)
            if (other.device.index == lower.index) return &other.device;
        if (depth == 0) continue;
        if (const auto* found = taken_below(lower, all, taken, depth - 1)) return found;
    }
    return nullptr;
}

bool is_glob(const std::string& pattern) { return pattern.find_first_of("*?[") != std::string::npos; }

void match(std::span<const Device> all, const std::string& pattern, bool is_watched, std::vector<Selected>& matched,
           std::vector<std::string>& warnings) {
    bool any = false;
    for (const auto& device : all) {
        if (fnmatch(pattern.c_str(), device.name.c_str(), 0) != 0) continue;
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

} // namespace

Result<std::vector<Device>> list_devices() {
    Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!netlink) return fail_errno(errno, "open rtnetlink");
    struct {
        nlmsghdr header;
        ifinfomsg body;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    if (send(netlink.get(), &request, sizeof request, 0) < 0)
        return fail_errno(errno, "ask rtnetlink for the interfaces");

    std::vector<Device> devices;
    alignas(nlmsghdr) std::array<char, 65536> buffer;
    while (true) {
        const ssize_t received = recv(netlink.get(), buffer.data(), buffer.size(), 0);
        if (received < 0 && errno == EINTR) continue;
        if (received < 0) return fail_errno(errno, "read the interfaces from rtnetlink");
        auto left = static_cast<unsigned>(received);
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_DONE) return devices;
            if (message->nlmsg_type == NLMSG_ERROR) return fail("rtnetlink refused to list the interfaces");
            if (message->nlmsg_type == RTM_NEWLINK) devices.push_back(read_device(message));
        }
    }
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

Selection select_devices(std::span<const Device> all, std::span<const std::string> outside,
                         std::span<const std::string> watch) {
    Selection selection;
    std::vector<Selected> matched;
    for (const auto& pattern : outside) match(all, pattern, false, matched, selection.warnings);
    for (const auto& pattern : watch) match(all, pattern, true, matched, selection.warnings);
    for (const auto& selected : matched) {
        const auto& name = selected.device.name;
        if (const auto* lower = taken_below(selected.device, all, matched))
            selection.warnings.push_back(name + " stands above " + lower->name +
                                         ", which is attached already: left out, or its packets would count twice");
        else if (selected.device.framing() == Framing::other)
            selection.warnings.push_back(name +
                                         " has frames that the programs do not read (neither Ethernet nor bare "
                                         "IP): left out");
        else selection.devices.push_back(selected);
    }
    return selection;
}

std::vector<IpAddress> addresses_of(std::span<const Selected> devices) {
    std::vector<IpAddress> addresses;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return addresses;
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const bool is_ours = std::any_of(devices.begin(), devices.end(), [&](const Selected& selected) {
            return !selected.is_watched && selected.device.name == entry->ifa_name;
        });
        if (!is_ours || entry->ifa_addr == nullptr) continue;
        if (entry->ifa_addr->sa_family == AF_INET) {
            sockaddr_in v4{};
            std::memcpy(&v4, entry->ifa_addr, sizeof v4);
            addresses.push_back(IpAddress::v4(ntohl(v4.sin_addr.s_addr)));
        } else if (entry->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 v6{};
            std::memcpy(&v6, entry->ifa_addr, sizeof v6);
            if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) continue;
            std::array<uint8_t, 16> bytes;
            std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
            addresses.push_back(IpAddress(bytes));
        }
    }
    freeifaddrs(list);
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    return addresses;
}

} // namespace ringwall::kernel

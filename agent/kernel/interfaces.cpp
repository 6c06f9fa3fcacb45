// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/interfaces.hpp"

#include <fnmatch.h>
#include <ifaddrs.h>
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
    Device device{.index = about->ifi_index};
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
const Device* taken_below(const Device& device, std::span<const Device> all, std::span<const Device> taken,
                          int depth = 8) {
    for (const auto& lower : all) {
        if (lower.index == device.index || !stands_on(device, lower)) continue;
        for (const auto& other : taken)
            if (other.index == lower.index) return &other;
        if (depth == 0) continue;
        if (const auto* found = taken_below(lower, all, taken, depth - 1)) return found;
    }
    return nullptr;
}

bool is_glob(const std::string& pattern) { return pattern.find_first_of("*?[") != std::string::npos; }

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

Result<Selection> select_devices(std::span<const Device> all, std::span<const std::string> patterns) {
    Selection selection;
    std::vector<Device> matched;
    for (const auto& pattern : patterns) {
        bool any = false;
        for (const auto& device : all) {
            if (fnmatch(pattern.c_str(), device.name.c_str(), 0) != 0) continue;
            any = true;
            const bool is_new = std::none_of(matched.begin(), matched.end(),
                                             [&](const Device& other) { return other.index == device.index; });
            if (is_new) matched.push_back(device);
        }
        if (any) continue;
        if (!is_glob(pattern))
            return fail("outside: there is no interface " + pattern +
                        " in this network namespace; `ip link` lists them");
        selection.warnings.push_back("outside: no interface matches " + pattern);
    }
    for (const auto& device : matched) {
        if (const auto* lower = taken_below(device, all, matched))
            selection.warnings.push_back(device.name + " stands above " + lower->name +
                                         ", which is attached already: left out, or its packets would count twice");
        else selection.devices.push_back(device);
    }
    return selection;
}

std::vector<IpAddress> addresses_of(std::span<const Device> devices) {
    std::vector<IpAddress> addresses;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return addresses;
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const bool is_ours = std::any_of(devices.begin(), devices.end(),
                                         [&](const Device& device) { return device.name == entry->ifa_name; });
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
    return addresses;
}

} // namespace ringwall::kernel

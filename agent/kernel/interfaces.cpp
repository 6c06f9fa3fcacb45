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
            case IFLA_XDP:
                each_attribute(static_cast<const rtattr*>(contents_of(attribute)), RTA_PAYLOAD(attribute),
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

namespace {

IpAddress address_in(const sockaddr* address) {
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
    }
    sockaddr_in6 v6{};
    std::array<uint8_t, 16> bytes;
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IpAddress(bytes);
}

bool is_link_local(const IpAddress& address) {
    return address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

// Calls `take` with each address of the outside ones.
template <class Take>
void each_address(std::span<const Selected> devices, Take take) {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return;
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        const bool is_ours = std::any_of(devices.begin(), devices.end(), [&](const Selected& selected) {
            return !selected.is_watched && selected.device.name == entry->ifa_name;
        });
        if (!is_ours || entry->ifa_addr == nullptr) continue;
        if (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6) take(*entry);
    }
    freeifaddrs(list);
}

template <class T>
std::vector<T> in_order(std::vector<T> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

// The first address of the network: an IPv6 router's anycast, and broadcast to hosts before Linux 5.14.
IpAddress first_of_network(const ifaddrs& entry) {
    auto bytes = address_in(entry.ifa_addr).bytes();
    const auto mask = address_in(entry.ifa_netmask).bytes();
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] &= mask[i];
    return IpAddress(bytes);
}

} // namespace

std::vector<IpAddress> addresses_of(std::span<const Selected> devices) {
    std::vector<IpAddress> addresses;
    each_address(devices, [&](const ifaddrs& entry) {
        if (const auto address = address_in(entry.ifa_addr); !is_link_local(address)) addresses.push_back(address);
    });
    return in_order(std::move(addresses));
}

std::vector<Prefix> shared_prefixes_of(std::span<const Selected> devices) {
    std::vector<Prefix> prefixes;
    for (const char* text :
         {"0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/24", "ff01::/16", "ff02::/16", "ff05::2/128"})
        prefixes.push_back(Prefix::parse(text).value());
    each_address(devices, [&](const ifaddrs& entry) {
        if (entry.ifa_netmask == nullptr) return;
        const auto own = address_in(entry.ifa_addr), first = first_of_network(entry);
        if (first != own) prefixes.push_back(Prefix::of(first, 128)); // own: a host's prefix, or the one that it took
        if ((entry.ifa_flags & IFF_BROADCAST) != 0 && own.is_v4() && entry.ifa_broadaddr != nullptr)
            prefixes.push_back(Prefix::of(address_in(entry.ifa_broadaddr), 128));
    });
    return in_order(std::move(prefixes));
}

} // namespace ringwall::kernel

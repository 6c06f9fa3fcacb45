// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/addresses.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "agent/kernel/route_dump.hpp"

namespace ringwall::kernel {
namespace {

constexpr uint8_t before_v4 = 96; // bits of a v4-mapped address

IpAddress address_in(const rtattr* attribute, bool is_v4) {
    if (is_v4) return IpAddress::v4(__builtin_bswap32(value_of<uint32_t>(attribute)));
    return IpAddress(value_of<std::array<uint8_t, 16>>(attribute));
}

// Of a point-to-point link IFA_ADDRESS is the other end, and of any other one our own; where both stand, IFA_LOCAL is ours.
std::optional<OwnAddress> read_address(const nlmsghdr* message) {
    const auto* about = body_of<ifaddrmsg>(message);
    const bool is_v4 = about->ifa_family == AF_INET;
    if (!is_v4 && about->ifa_family != AF_INET6) return std::nullopt;
    std::optional<IpAddress> named, local;
    OwnAddress found{.ifindex = static_cast<int>(about->ifa_index), .address = {}, .network = {}, .broadcast = {}};
    each_attribute_of<ifaddrmsg>(message, [&](const rtattr* attribute) {
        switch (attribute->rta_type) {
            case IFA_ADDRESS: named = address_in(attribute, is_v4); break;
            case IFA_LOCAL: local = address_in(attribute, is_v4); break;
            case IFA_BROADCAST: found.broadcast = address_in(attribute, is_v4); break;
            default: break;
        }
    });
    if (!named && !local) return std::nullopt;
    found.address = local ? *local : *named;
    const unsigned length = about->ifa_prefixlen + (is_v4 ? before_v4 : 0U);
    found.network = Prefix::of(found.address, static_cast<uint8_t>(std::min(length, 128U)));
    return found;
}

bool is_link_local(const IpAddress& address) {
    return address.bytes()[0] == 0xfe && (address.bytes()[1] & 0xc0) == 0x80;
}

// A VRF has the loopback's, too, as the kernel's networking/vrf.rst advises: programs in it speak to themselves there.
bool stays_near(const IpAddress& address) { return is_link_local(address) || is_loopback(address); }

bool is_reached(std::span<const int> reached, const OwnAddress& own) {
    return std::ranges::find(reached, own.ifindex) != reached.end();
}

template <class T>
std::vector<T> in_order(std::vector<T> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

} // namespace

bool is_loopback(const IpAddress& address) {
    return address == *IpAddress::parse("::1") || Prefix::parse("127.0.0.0/8")->contains(address);
}

Result<std::vector<OwnAddress>> list_addresses() {
    const auto dump = dump_route(RTM_GETADDR);
    if (!dump) return tl::make_unexpected(dump.error());
    std::vector<OwnAddress> all;
    each_message(*dump, RTM_NEWADDR, [&](const nlmsghdr* message) {
        if (const auto found = read_address(message)) all.push_back(*found);
    });
    return all;
}

std::vector<IpAddress> addresses_of(std::span<const int> reached, std::span<const OwnAddress> all) {
    std::vector<IpAddress> addresses;
    for (const OwnAddress& own : all)
        if (is_reached(reached, own) && !stays_near(own.address)) addresses.push_back(own.address);
    return in_order(std::move(addresses));
}

std::vector<Prefix> shared_prefixes_of(std::span<const int> reached, std::span<const OwnAddress> all) {
    std::vector<Prefix> prefixes;
    for (const char* text :
         {"0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/24", "ff01::/16", "ff02::/16", "ff05::2/128"})
        prefixes.push_back(Prefix::parse(text).value());
    for (const OwnAddress& own : all) {
        if (!is_reached(reached, own)) continue;
        // The first of the network: an IPv6 router's anycast, and broadcast to hosts before Linux 5.14. Our own: a host's
        // prefix, or the one that it took.
        if (own.network.address != own.address) prefixes.push_back(Prefix::of(own.network.address, 128));
        if (own.broadcast) prefixes.push_back(Prefix::of(*own.broadcast, 128));
    }
    return in_order(std::move(prefixes));
}

} // namespace ringwall::kernel

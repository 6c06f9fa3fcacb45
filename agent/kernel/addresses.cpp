// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/addresses.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "agent/kernel/route_dump.hpp"

namespace ringwall::kernel {
namespace {

constexpr uint8_t before_v4 = 96; // bits of a v4-mapped address

Prefix loopback_v4() { return *Prefix::parse("127.0.0.0/8"); }

IpAddress address_in(const rtattr* attribute, bool is_v4) {
    if (is_v4) return IpAddress::v4(__builtin_bswap32(value_of<uint32_t>(attribute)));
    return IpAddress(value_of<std::array<uint8_t, 16>>(attribute));
}

// Of a point-to-point link IFA_ADDRESS is the other end, and of any other one our own; where both stand, IFA_LOCAL is ours.
// The network is that of IFA_ADDRESS in IPv4 (fib_add_ifaddr) and of our own in IPv6 (addrconf_join_anycast).
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
    const IpAddress within = is_v4 && named ? *named : found.address;
    found.network = Prefix::of(within, static_cast<uint8_t>(std::min(length, 128U)));
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

// Of /31 (IPv4) and /127 and longer, both ends are hosts (RFC 3021, RFC 6164): the kernel makes neither broadcast nor anycast.
bool has_shared_ends(const Prefix& network) { return network.length < 127; }

IpAddress last_of(const Prefix& network) {
    auto bytes = network.address.bytes();
    for (unsigned bit = network.length; bit < 128; ++bit) bytes[bit / 8] |= static_cast<uint8_t>(0x80U >> bit % 8);
    return IpAddress(bytes);
}

// Hosts before Linux 5.14 take the first of an IPv4 network for broadcast, too. The last one is, whatever IFA_BROADCAST is
// or that there is none: `ip addr add` sets none unless told (fib_add_ifaddr).
std::vector<IpAddress> shared_ends_of(const Prefix& network) {
    if (!has_shared_ends(network)) return {};
    if (network.address.is_v4()) return {network.address, last_of(network)};
    return {network.address};
}

// `lo` itself, or a VRF: what this host says to itself arrives there, and is nobody else's.
bool has_loopback(std::span<const int> reached, std::span<const OwnAddress> all) {
    return std::ranges::any_of(
        all, [&](const OwnAddress& own) { return is_reached(reached, own) && loopback_v4().contains(own.address); });
}

template <class T>
std::vector<T> in_order(std::vector<T> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

} // namespace

bool is_loopback(const IpAddress& address) {
    return address == *IpAddress::parse("::1") || loopback_v4().contains(address);
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
    if (!has_loopback(reached, all)) prefixes.push_back(loopback_v4()); // `route_localnet` lets it in from anywhere
    for (const OwnAddress& own : all) {
        if (!is_reached(reached, own)) continue;
        for (const IpAddress& end : shared_ends_of(own.network)) // one may be our own
            if (end != own.address) prefixes.push_back(Prefix::of(end, 128));
        if (own.broadcast) prefixes.push_back(Prefix::of(*own.broadcast, 128));
    }
    return in_order(std::move(prefixes));
}

} // namespace ringwall::kernel

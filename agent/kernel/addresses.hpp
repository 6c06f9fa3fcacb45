// SPDX-License-Identifier: Apache-2.0
// Which addresses this network namespace has on interfaces, by their index: what they are called, and whether an address has
// a label of its own (`eth0:1`), does not matter.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "agent/kernel/interfaces.hpp"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

struct OwnAddress {
    int ifindex = 0;
    IpAddress address;
    Prefix network; // that it has on the link; in IPv4 the other end's, where one is named
    std::optional<IpAddress> broadcast;
};

bool is_loopback(const IpAddress& address); // 127.0.0.0/8, ::1

// An error says that nobody knows, which is not that there are none.
Result<std::vector<OwnAddress>> list_addresses();

// Those of `reached` (Selection), in order: what `protect.networks: [self]` stands for. Link-local ones and those
// of the loopback are left out.
std::vector<IpAddress> addresses_of(std::span<const int> reached, std::span<const OwnAddress> all);

// What a socket at any address of this host hears beside: broadcast (that of each IPv4 network and the one that was set),
// multicast that never leaves its link (groups that are routed may be somebody's television), and the anycast address that
// each IPv6 network of a router has (RFC 4291 section 2.6.1), which is reached from anywhere; and 127.0.0.0/8, which
// `route_localnet` lets in, unless it is one's own on a reached interface. In order.
std::vector<Prefix> shared_prefixes_of(std::span<const int> reached, std::span<const OwnAddress> all);

} // namespace ringwall::kernel

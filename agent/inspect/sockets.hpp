// SPDX-License-Identifier: Apache-2.0
// Who listens on this host: /proc/net/udp, udp6, tcp and tcp6 (proc_net(5)). Whose they are: owners.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "maps/net/address.hpp"

namespace ringwall::inspect {

struct Listener {
    Endpoint local; // :: and 0.0.0.0 stand for every address
    Protocol protocol = Protocol::udp;
    uint64_t inode = 0;
    std::vector<int> owners; // process ids (owners.hpp); none of the kernel's own, and where they cannot be seen
    std::string program;     // of the first
    bool operator==(const Listener&) const = default;
};

// Of one table: UDP sockets that are bound and not connected, TCP sockets that listen. Lines that are none are left out.
std::vector<Listener> listeners_in(std::string_view table, Protocol protocol);
// Of this network namespace.
std::vector<Listener> listeners();

} // namespace ringwall::inspect

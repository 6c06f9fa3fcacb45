// SPDX-License-Identifier: Apache-2.0
// Which interfaces `outside:` and `watch:` mean: names and globs (an outside one is never the loopback) over what this
// network namespace has, less what stands above an interface that is taken already (a VLAN above its parent, a bond above
// its slaves) and what is watched below an outside one, whose packets would count twice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "maps/net/result.hpp"

namespace ringwall::kernel {

// How its frames begin.
enum class Framing {
    ethernet,
    loopback, // Ethernet's header, and every packet once out and once in
    bare,     // with IP: tun, WireGuard, PPP, IP tunnels
    other,    // in a way that the programs do not read
};

struct Device {
    int index = 0;
    std::string name;
    std::string kind;  // "veth", "vlan", …; empty for hardware
    int below = 0;     // index of the device it was made upon (IFLA_LINK), 0 = none or in another namespace
    int master = 0;    // bond, bridge or VRF that it belongs to, 0 = none
    uint16_t type = 1; // ARPHRD_*
    // Id of the XDP program on it, whoever's; 0 = none. That it changes is news: a program in libxdp's dispatcher is
    // held by nothing, so that anybody may take it away.
    uint32_t xdp_program = 0;

    Framing framing() const;
    bool operator==(const Device&) const = default;
};

// By rtnetlink: /sys/class/net shows the namespace that mounted it, which after nsenter is another one.
Result<std::vector<Device>> list_devices();

struct Selected {
    Device device;
    bool is_watched = false; // by `watch:`, else by `outside:`
    bool operator==(const Selected&) const = default;
};

// One that is named and there, and not taken.
struct LeftOut {
    enum class Why {
        seen_below,    // `other`, which is taken, has its packets already: nothing is missed
        outside_above, // `other` is outside and has its packets, and this one is only watched
        unreadable,    // its frames: Framing::other
    };
    std::string name;
    bool is_watched = false;
    Why why = Why::seen_below;
    std::string other;
    bool operator==(const LeftOut&) const = default;
};

struct Selection {
    std::vector<Selected> devices;
    // Indices of those whose own packets come in by an outside one: itself, what is outside too and left out above it, and
    // the bond, bridge or VRF that it belongs to. Their addresses are `self`.
    std::vector<int> reached;
    std::vector<LeftOut> left_out;
    std::vector<std::string> warnings; // what no device has yet, and who is left out
};
// What stands in both lists is outside. Programs on an outside one and on one that is watched below it would both mirror
// its SIP, and the agent would read what has been refused: the outside one is taken.
Selection select_devices(std::span<const Device> all, std::span<const std::string> outside,
                         std::span<const std::string> watch);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// Which interfaces `outside:` and `watch:` mean: names and globs (an outside one is never the loopback) over what this
// network namespace has, less what would count packets twice: what stands above interfaces that are taken already (a VLAN
// above its parent, a bond above all of its ports), ports of a bond that is taken itself, as it has others, too, and what is
// watched beside an outside one.
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

// All packets of `upper`, or some, have come by `lower`.
bool stands_on(const Device& upper, const Device& lower);

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
        seen_below,      // `other`, which is taken, and its like have its packets already: nothing is missed
        seen_above,      // `other`, a bond that is taken, has them: nothing is missed
        outside_above,   // `other` is outside and has its packets, and this one is only watched
        outside_below,   // likewise, some of them
        unreadable,      // its frames: Framing::other
        without_packets, // a VRF, whose members (`other`: those not taken) have them
    };
    std::string name;
    bool is_watched = false;
    Why why = Why::seen_below;
    std::string other;
    bool operator==(const LeftOut&) const = default;
};

// Two that are taken, and some packets pass both: a bridge, and some of its ports.
struct Twice {
    std::string upper, lower;
    bool operator==(const Twice&) const = default;
};
std::string to_string(const Twice& twice);

struct Selection {
    std::vector<Selected> devices;
    // Indices of those whose own packets come in by an outside one: itself, what is outside too and left out above it, and
    // the bond, bridge or VRF that it belongs to. Their addresses are `self`.
    std::vector<int> reached;
    std::vector<LeftOut> left_out;
    std::vector<Twice> twice;
    std::vector<std::string> warnings; // what no device has yet, who is left out, and who is seen twice
};
// What stands in both lists is outside. Programs on an outside one and on one that is watched below it would both mirror
// its SIP, and the agent would read what has been refused: the outside one is taken.
Selection select_devices(std::span<const Device> all, std::span<const std::string> outside,
                         std::span<const std::string> watch);

} // namespace ringwall::kernel

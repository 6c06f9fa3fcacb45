// SPDX-License-Identifier: Apache-2.0
// Which interfaces `outside:` means: names and globs over what this network namespace has, less what stands above an
// interface that is taken already (a VLAN above its parent, a bond above its slaves), whose packets would count twice.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::kernel {

struct Device {
    int index = 0;
    std::string name;
    std::string kind; // "veth", "vlan", …; empty for hardware
    int below = 0;    // index of the device it was made upon (IFLA_LINK), 0 = none or in another namespace
    int master = 0;   // bond, bridge or VRF that it belongs to, 0 = none
};

// By rtnetlink: /sys/class/net shows the namespace that mounted it, which after nsenter is another one.
Result<std::vector<Device>> list_devices();

struct Selection {
    std::vector<Device> devices;
    std::vector<std::string> warnings;
};
// A name that no device has is an error; a glob that matches none, and a device left out, are warnings.
Result<Selection> select_devices(std::span<const Device> all, std::span<const std::string> patterns);

// The addresses of these devices: what `protect.networks: [self]` stands for. Link-local ones are left out.
std::vector<IpAddress> addresses_of(std::span<const Device> devices);

} // namespace ringwall::kernel

// SPDX-License-Identifier: Apache-2.0
// Which ports the kernel gives to sockets that ask for none: net.ipv4.ip_local_port_range (of IPv6, too) without
// net.ipv4.ip_local_reserved_ports.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/config.hpp"

namespace ringwall::inspect {

// Of their texts, "32768\t60999" and "8080,30000-40000". None where the first cannot be read.
std::vector<policy::PortRange> chosen_ports(std::string_view range, std::string_view reserved);

// As the second has them: "10000-20000,30000".
std::string sysctl_text(const std::vector<policy::PortRange>& ranges);

} // namespace ringwall::inspect

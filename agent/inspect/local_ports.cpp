// SPDX-License-Identifier: Apache-2.0
#include "agent/inspect/local_ports.hpp"

#include <bitset>
#include <sstream>

namespace ringwall::inspect {
namespace {

constexpr size_t ports = 65536;

void mark(std::bitset<ports>& chosen, unsigned long first, unsigned long last, bool is_chosen) {
    for (size_t port = first; port <= last && port < ports; ++port) chosen.set(port, is_chosen);
}

void take_out(std::bitset<ports>& chosen, std::string_view reserved) {
    std::istringstream list{std::string(reserved)};
    for (std::string part; std::getline(list, part, ',');) {
        unsigned long first = 0, last = 0;
        char dash = 0;
        std::istringstream range(part);
        if (range >> first) mark(chosen, first, range >> dash >> last && dash == '-' ? last : first, false);
    }
}

Port port_of(size_t number) { return Port{static_cast<uint16_t>(number)}; }

} // namespace

std::vector<policy::PortRange> chosen_ports(std::string_view range, std::string_view reserved) {
    std::bitset<ports> chosen;
    unsigned long first = 0, last = 0;
    if (std::istringstream both{std::string(range)}; both >> first >> last) mark(chosen, first, last, true);
    take_out(chosen, reserved);
    std::vector<policy::PortRange> ranges;
    for (size_t port = 0; port < ports; ++port) {
        if (!chosen[port]) continue;
        if (port > 0 && chosen[port - 1]) ranges.back().last = port_of(port);
        else ranges.push_back({port_of(port), port_of(port)});
    }
    return ranges;
}

std::string sysctl_text(const std::vector<policy::PortRange>& ranges) {
    std::string all;
    for (const auto& [first, last] : ranges)
        all += (all.empty() ? "" : ",") + std::to_string(first.value) +
               (first == last ? "" : "-" + std::to_string(last.value));
    return all;
}

} // namespace ringwall::inspect

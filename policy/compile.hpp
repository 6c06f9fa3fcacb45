// SPDX-License-Identifier: Apache-2.0
// From configuration to the wanted contents of the policy maps, and the questions that the core asks of a policy.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "maps/abi/policy.h"
#include "policy/config.hpp"

namespace ringwall::policy {

// What only the running machine knows.
struct Facts {
    std::vector<IpAddress> self;           // addresses of the outside interfaces, for `protect: [self]`
    std::chrono::nanoseconds tai_offset{}; // CLOCK_TAI - CLOCK_REALTIME: 0 s, or 37 where a time service has set it
};

// One generation of every policy map (maps/abi/policy.h). Ports that have no bit set are left out.
struct Compiled {
    struct wall wall;
    std::vector<std::pair<uint16_t, struct port_policy>> ports; // index port >> 6
    std::vector<std::pair<Prefix, struct network>> networks;    // "first match wins" resolved per prefix
    std::vector<struct zone> zones;                             // index = zone number; 0 = no match
    std::vector<struct rule> rules;                             // index = its bit in struct network
};
// `config` must come from read(): at most ZONES - 1 peers and zones, ports and rates within bounds.
Compiled compile(const Config& config, const Facts& facts);

// The same answers for the agent's core, from the same values.
class View {
public:
    View(Config config, const Facts& facts);

    const Config& config() const { return config_; }
    const Compiled& compiled() const { return compiled_; }
    bool is_protected(const IpAddress& address) const;
    bool is_denied(const IpAddress& address) const; // and not allowed
    bool is_media_port(Port port, Protocol protocol = Protocol::udp) const;
    uint8_t zone_of(const IpAddress& address) const; // 0 = none
    bool is_declared_peer(uint8_t zone) const;
    const Peer* peer(uint8_t zone) const;           // null where the zone is none
    std::string_view zone_name(uint8_t zone) const; // "" for 0
    Conformance conformance(uint8_t zone) const;    // of the media of its calls; `count` for 0
    // The inside address that media for a public one reaches (protect.external), else the address itself.
    IpAddress inside_of(const IpAddress& address) const;

private:
    struct network lookup(const IpAddress& address) const; // longest prefix, as the kernel does
    Config config_;
    Compiled compiled_;
    // compiled_.networks by prefix length, longest first: a lookup is one probe for each length in use.
    std::vector<std::pair<uint8_t, std::unordered_map<IpAddress, struct network>>> by_length_;
};

} // namespace ringwall::policy

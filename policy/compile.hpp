// SPDX-License-Identifier: Apache-2.0
// From configuration to the wanted contents of the policy maps, and the questions that the core asks of a policy.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "maps/abi/policy.h"
#include "maps/abi/user_agent.h"
#include "policy/config.hpp"
#include "policy/lists.hpp"
#include "policy/networks.hpp"

namespace ringwall::policy {

// What only the running machine knows.
struct Facts {
    std::vector<IpAddress> self;           // addresses of the outside interfaces, for `protect: [self]`
    std::vector<Prefix> shared;            // broadcast, multicast and anycast addresses that this host answers to
    std::chrono::nanoseconds tai_offset{}; // CLOCK_TAI - CLOCK_REALTIME: 0 s, or 37 where a time service has set it
    // What stands in Config::lists, in their order; null, or none, where nothing is known of one.
    std::vector<std::shared_ptr<const ListContents>> lists;
    // What the names of peers stand for, by name.
    std::map<std::string, std::vector<IpAddress>> names;
};

// One generation of every policy map (maps/abi/policy.h). Ports that have no bit set are left out.
struct Compiled {
    struct wall wall;
    std::vector<std::pair<uint16_t, struct port_policy>> ports; // index port >> 6
    std::vector<std::pair<Prefix, struct network>> networks; // in their order; "first match wins" resolved per prefix
    Stated stated;                                           // that they follow from
    std::vector<struct zone> zones;                          // index = zone number; 0 = no match
    std::vector<struct rule> rules;                          // index = its bit in struct network
    struct user_agents user_agents;
};
// `config` must come from read(): at most ZONES - 1 peers and zones, ports and rates within bounds.
Compiled compile(const Config& config, const Facts& facts);

struct user_agents compile_user_agents(const std::vector<std::string>& products);

// The same answers for the agent's core, from the same values.
class View {
public:
    View(Config config, const Facts& facts);
    View(Lookup lookup, Config config); // compiled() has no networks then

    const Config& config() const { return config_; }
    const Compiled& compiled() const { return compiled_; }
    bool is_protected(const IpAddress& address) const;
    bool is_denied(const IpAddress& address) const; // and not allowed
    bool is_allowed(const IpAddress& address) const;
    bool is_media_port(Port port, Protocol protocol = Protocol::udp) const;
    uint8_t zone_of(const IpAddress& address) const; // 0 = none
    bool is_declared_peer(uint8_t zone) const;
    const Peer* peer(uint8_t zone) const;           // null where the zone is none
    std::string_view zone_name(uint8_t zone) const; // "" for 0
    Conformance conformance(uint8_t zone) const;    // of the media of its calls; `count` for 0
    // Null for declared peers, whom nothing that a message says can ban.
    const Guessing* guessing(uint8_t zone) const;
    std::chrono::nanoseconds excess_ban(uint8_t zone) const; // 0: none
    const Ceiling& ceiling(uint8_t zone) const;
    const Limits& limits(uint8_t zone) const; // of each source
    const Limits& totals(uint8_t zone) const; // of all together; none for 0
    // Numbers that telephones registered here may call past every ceiling, and the emergency services of RFC 5031.
    bool is_emergency(std::string_view uri) const;
    const Lookup& lookup() const { return lookup_; }
    // The inside address that media for a public one reaches (protect.external), else the address itself.
    IpAddress inside_of(const IpAddress& address) const;

private:
    const Zone* zone(uint8_t zone) const; // null for peers and 0
    Config config_;
    Compiled compiled_;
    Lookup lookup_;
    Guessing unsaid_guessing_; // of sources that match nothing
    Ceiling unsaid_ceiling_;
};

} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
// The configuration as values: what /etc/ringwall/ringwall.yaml means once it has been read and checked.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::policy {

enum class Mode : uint8_t { monitor, enforce };
enum class Attach : uint8_t { auto_, native, generic, dispatcher, tc };
enum class Expectation : uint8_t { strict, networks, negotiated, any };
// What happens to media of the right sender that is not as negotiated: not looked at, counted and passed, dropped.
enum class Conformance : uint8_t { off, count, enforce };
enum class AgentLoss : uint8_t { peers, keep, closed, open };

struct Rate {                          // "15/min burst 4"
    std::chrono::nanoseconds period{}; // one packet each; 0 = unlimited
    uint32_t burst = 1;
    auto operator<=>(const Rate&) const = default;
};
using Limits = std::array<Rate, CLASS_COUNT>; // indexed by enum sip_class

struct PortRange {
    Port first, last; // inclusive
    auto operator<=>(const PortRange&) const = default;
};

struct Peer {
    std::string name;
    std::vector<Prefix> networks;
    Expectation expectation = Expectation::negotiated;
    uint8_t latch = 0;
    bool opaque = true; // a TLS or WebSocket connection lets its party's media in
    Conformance conformance = Conformance::count;
    Limits limits;
};

struct Zone {
    std::string name;
    std::vector<Prefix> networks;
    bool sip = false; // unsaid: yes where no peers are declared, else no
    bool opaque = true;
    Conformance conformance = Conformance::count;
    Limits limits;
};

// Lets packets through to inside ports without a call.
struct Rule {
    Protocol protocol = Protocol::udp;
    std::vector<Prefix> to;       // within what is protected; empty: all of it
    std::vector<PortRange> ports; // 1..PORTS_PER_RULE
    bool from_any = false;
    std::vector<Prefix> from;
    std::vector<std::string> from_parties; // peers and zones, by name
    std::optional<std::chrono::sys_seconds> until;
};

struct Timers {
    std::chrono::nanoseconds drain = std::chrono::seconds(2);
    std::chrono::nanoseconds idle = std::chrono::minutes(5);
    std::chrono::nanoseconds held = std::chrono::hours(4);
    std::chrono::nanoseconds early = std::chrono::minutes(5);
    std::chrono::nanoseconds bye = std::chrono::seconds(32);
    std::chrono::nanoseconds max_call = std::chrono::hours(24);
    std::chrono::nanoseconds tombstone = std::chrono::seconds(60);
    std::chrono::nanoseconds return_path =
        std::chrono::minutes(2); // UDP mappings of NATs live so long (RFC 4787 REQ-5)
    std::chrono::nanoseconds sip_return_path = std::chrono::minutes(5);       // RFC 3261 timer C is 3 min, and some
    std::chrono::nanoseconds register_return_path = std::chrono::minutes(65); // an hour's binding, and its refresh
};

struct Config {
    Mode mode = Mode::enforce;
    std::vector<std::string> outside; // interface names or globs
    std::vector<std::string> watch;   // likewise: mirrored and refreshing, never enforced
    Attach attach = Attach::auto_;
    std::vector<Prefix> protect;
    bool protect_self = false; // `self`: this host's addresses on the outside interfaces
    std::vector<PortRange> media_ports;
    std::vector<PortRange> tcp_media_ports;  // MSRP, BFCP; none unless declared
    std::map<IpAddress, IpAddress> external; // public -> inside
    std::vector<Port> sip_udp{{5060}}, sip_tcp{{5060}};
    std::vector<Port> sip_tls{{5061}}, sip_ws; // opaque
    std::vector<Peer> peers;                   // zone numbers 1..n, in order
    std::vector<Zone> zones;                   // then these
    std::vector<Prefix> allow, deny;
    std::vector<Prefix> bypass; // of `allow`, those that say `bypass: all`
    bool deny_all = false;      // deny.scope: all
    std::vector<Rule> rules;    // at most RULES
    bool allow_hairpin = false;
    Timers timers;
    std::chrono::nanoseconds agent_loss_after = std::chrono::seconds(10);
    AgentLoss agent_loss = AgentLoss::peers;
    std::vector<std::string> emergency{"112", "911", "110"};
    std::vector<std::string> warnings; // what `check` says beside "good"
};

// A mistake and where it stands (1-based). Printed as `file:line:column: what, what was expected`.
struct Mistake {
    int line = 0, column = 0;
    std::string what; // "media_ports: got \"10000-99999\", expected PORT-PORT within 1-65535"
};

// All mistakes at once, in the order of the file. Never throws but for want of memory; no file, clock or resolver is
// touched. A key that this version does not honour is a mistake where leaving it out would surprise, else a warning.
Result<Config, std::vector<Mistake>> read(std::string_view yaml);
// What is good and yet too late at `now`: rules whose `until` is past.
std::vector<std::string> expired_rules(const Config& config, std::chrono::sys_seconds now);
std::string to_string(const Mistake& mistake, std::string_view file);

} // namespace ringwall::policy

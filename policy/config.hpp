// SPDX-License-Identifier: Apache-2.0
// The configuration as values: what /etc/ringwall/ringwall.yaml means once it has been read and checked.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/abi/ceiling.h"
#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::policy {

enum class Mode : uint8_t { monitor, enforce };
enum class Attach : uint8_t { auto_, native, generic, dispatcher, tc };
enum class Expectation : uint8_t { strict, networks, negotiated, any };
// What happens to media of the right sender that is not as negotiated: not looked at, counted and passed, dropped.
enum class Conformance : uint8_t { off, count, enforce };
// Whom the inside may talk SIP to: everybody, or those who may talk SIP to us.
enum class Outbound : uint8_t { any, admitted };
enum class AgentLoss : uint8_t { peers, keep, closed, open };
enum class LogFormat : uint8_t { auto_, text, json, journal };
enum class LogLevel : uint8_t { debug, info, warn, error };

struct Rate {                          // "15/min burst 4"
    std::chrono::nanoseconds period{}; // one packet each; 0 = unlimited
    uint32_t burst = 1;
    auto operator<=>(const Rate&) const = default;
};
using Limits = std::array<Rate, CLASS_COUNT>; // indexed by enum sip_class

// A mistake or a warning, and where it stands (1-based). Printed as `file:line:column: what, what was expected`.
struct Mistake {
    int line = 0, column = 0;
    std::string what; // "media_ports: got \"10000-99999\", expected PORT-PORT within 1-65535"
    std::string file; // empty: the one that was read
    auto operator<=>(const Mistake&) const = default;
};

struct PortRange {
    Port first, last; // inclusive
    auto operator<=>(const PortRange&) const = default;
};

// How many calls begun outside there may be at once; 0: as many as all together may have.
struct Ceiling {
    uint32_t calls = 0; // of the peer or zone in all
    uint32_t calls_per_source = 512;
    uint32_t half_open_per_source = 256; // begun, and the caller has not shown yet that he hears the answers
    auto operator<=>(const Ceiling&) const = default;
};

// A host ("sip.example.net": its A and AAAA), or a service ("_sip._udp.example.net": its SRV, and what they name). In
// lower case, without the last dot.
struct PeerName {
    std::string text;
    bool is_service() const { return text.front() == '_'; }
    auto operator<=>(const PeerName&) const = default;
};

struct Peer {
    std::string name;
    std::vector<Prefix> networks;
    std::vector<PeerName> names; // their addresses are the peer's, too (policy::Facts)
    Expectation expectation = Expectation::negotiated;
    uint8_t latch = 0;
    bool opaque = true; // a TLS or WebSocket connection lets its party's media in
    Conformance conformance = Conformance::count;
    Limits limits;   // of each source
    Limits totals{}; // of all together
    Ceiling ceiling{.calls = 0, .calls_per_source = 0, .half_open_per_source = 0};
    bool operator==(const Peer&) const = default;
};

// Sources that guess, as the inside's own answers show it: so many wrong passwords, or names that it does not have.
struct Guessing {
    uint32_t passwords = 20, names = 0; // 0: not counted
    std::chrono::nanoseconds within = std::chrono::minutes(5);
    std::chrono::nanoseconds ban = std::chrono::hours(1); // 0: off
    auto operator<=>(const Guessing&) const = default;
};

struct Zone {
    std::string name;
    std::vector<Prefix> networks;
    bool sip = false; // unsaid: yes where no peers are declared, else no
    bool opaque = true;
    Conformance conformance = Conformance::count;
    Limits limits;
    Limits totals{}; // of all its sources but the known ones
    Guessing guessing;
    Ceiling ceiling;
    std::chrono::nanoseconds excess_ban{}; // on_excess: ban; 0: drop
    bool operator==(const Zone&) const = default;
};

// A file with one prefix a line (lists.hpp). What a feed says is others' word: declared peers are not denied by it.
enum class ListKind : uint8_t { allow, bypass, deny, feed };
struct ListFile {
    std::string path; // absolute
    ListKind kind = ListKind::deny;
    auto operator<=>(const ListFile&) const = default;
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
    Mistake past; // what is said once `until` is
    bool operator==(const Rule&) const = default;
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
    auto operator<=>(const Timers&) const = default;
};

// How much room the kernel's tables have: fixed when the wall is first loaded.
struct Tables {
    uint32_t pinholes = 262144;
    auto operator<=>(const Tables&) const = default;
};

// Seven eighths of the table of calls (dialog::Table::capacity): the rest is for those that the inside begins.
constexpr uint32_t most_calls = 114688;

// Of all calls together.
struct Ceilings {
    uint32_t calls = most_calls; // begun outside
    uint32_t ports_per_call = 64;
    auto operator<=>(const Ceilings&) const = default;
};

// What the agent writes of what happens.
struct Log {
    LogFormat format = LogFormat::auto_; // the journal's where it listens, else JSON in Kubernetes, else text
    LogLevel level = LogLevel::info;     // and what is worse
    bool hides_users = false;            // privacy: hash
    auto operator<=>(const Log&) const = default;
};

struct Place {
    int line = 1, column = 1; // 1-based
    uint32_t file = 0;        // index of Config::files
    auto operator<=>(const Place&) const = default;
};

struct Config {
    Mode mode = Mode::enforce;
    std::vector<std::string> outside; // interface names or globs
    std::vector<std::string> watch;   // likewise: mirrored and refreshing, never enforced
    Attach attach = Attach::auto_;
    std::vector<Prefix> protect;
    bool protect_self = false; // `self`: this host's addresses that the outside reaches
    std::vector<PortRange> media_ports;
    std::vector<PortRange> tcp_media_ports;  // MSRP, BFCP; none unless declared
    std::map<IpAddress, IpAddress> external; // public -> inside
    bool learns_external = false;            // auto: from what STUN servers answer the inside
    std::vector<Port> sip_udp{{5060}}, sip_tcp{{5060}};
    std::vector<Port> sip_tls{{5061}}, sip_ws; // opaque
    Outbound outbound = Outbound::any;
    std::vector<Peer> peers; // zone numbers 1..n, in order
    std::vector<Zone> zones; // then these
    std::vector<Prefix> allow, deny;
    std::vector<Prefix> bypass;                      // of `allow`, those that say `bypass: all`
    std::vector<uint32_t> allow_items, bypass_items; // where each stands in `allow`, whose files are in between
    std::vector<ListFile> lists;                     // allow: [{ file: … }], deny.files, deny.feeds
    bool deny_all = false;                           // deny.scope: all
    std::vector<std::string> user_agents;            // of attack tools: product tokens in lower case
    std::vector<Rule> rules;                         // at most RULES
    bool allow_hairpin = false;
    Timers timers;
    Tables tables;
    Ceilings ceilings;
    std::chrono::nanoseconds agent_loss_after = std::chrono::seconds(10);
    AgentLoss agent_loss = AgentLoss::peers;
    std::vector<std::string> emergency{"112", "911", "110"};
    std::optional<Endpoint> http = Endpoint{*IpAddress::parse("127.0.0.1"), Port{10560}}; // metrics; none: off
    Log log;
    bool auto_reload = true;        // when the file, or one in conf.d, changes
    std::vector<Mistake> warnings;  // what `check` says beside "good"
    std::vector<std::string> files; // names of those that it was read from
    // Where each value stands in them, by path: "peers[0].networks". What is not said is not in here.
    std::map<std::string, Place, std::less<>> places;
    // Without peers every network may exchange SIP with us (zone 0 says so too), but for a zone that was told `sip: no`.
    bool admits_all() const { return peers.empty() && std::ranges::all_of(zones, &Zone::sip); }
    bool operator==(const Config&) const = default;
};

struct ConfigFile {
    std::string name; // for messages
    std::string text;
    bool operator==(const ConfigFile&) const = default;
};

// All mistakes at once, in the order of the files: of shape (policy/schema), of notation, and where there are none of
// those, contradictions. Never throws but for want of memory; no file, clock or resolver is touched.
Result<Config, std::vector<Mistake>> read(std::string_view yaml);
// Of several files, the first and what the others add to it (policy/merge.hpp).
Result<Config, std::vector<Mistake>> read(const std::vector<ConfigFile>& files);
// What is good and yet too late at `now`: rules whose `until` is past.
std::vector<Mistake> expired_rules(const Config& config, std::chrono::sys_seconds now);
// "ringwall.yaml:12:9: what"; `file` where the mistake names none.
std::string to_string(const Mistake& mistake, std::string_view file = {}, std::string_view severity = {});

} // namespace ringwall::policy

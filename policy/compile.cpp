// SPDX-License-Identifier: Apache-2.0
// From configuration to the wanted contents of the policy maps.
#include "policy/compile.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "maps/fnv1a.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

uint64_t ns(std::chrono::nanoseconds duration) { return static_cast<uint64_t>(duration.count()); }

uint32_t flag_if(bool condition, uint32_t flag) { return condition ? flag : 0; }

uint32_t loss_flag(AgentLoss loss) {
    switch (loss) {
        case AgentLoss::peers: return WALL_LOSS_PEERS;
        case AgentLoss::closed: return WALL_LOSS_CLOSED;
        case AgentLoss::open: return WALL_LOSS_OPEN;
        case AgentLoss::keep: return 0;
    }
    return 0;
}

struct wall compile_wall(const Config& config) {
    const Timers& timers = config.timers;
    struct wall wall = {};
    wall.flags = flag_if(config.mode == Mode::monitor, WALL_MONITOR) |
                 flag_if(config.allow_hairpin, WALL_ALLOW_HAIRPIN) | flag_if(config.admits_all(), WALL_ADMIT_ALL) |
                 flag_if(config.deny_all, WALL_DENY_ALL) | flag_if(!config.user_agents.empty(), WALL_USER_AGENTS) |
                 flag_if(config.learns_external, WALL_LEARNS_EXTERNAL) |
                 flag_if(config.outbound == Outbound::admitted, WALL_OUTBOUND_ADMITTED) |
                 flag_if(!config.sip_tls.empty() || !config.sip_ws.empty(), WALL_OPAQUE) | loss_flag(config.agent_loss);
    wall.agent_loss_ns = ns(config.agent_loss_after);
    wall.tombstone_ns = ns(timers.tombstone);
    wall.return_path_ns = ns(timers.return_path);
    wall.sip_return_path_ns = ns(timers.sip_return_path);
    wall.register_return_path_ns = ns(timers.register_return_path);
    return wall;
}

void compile_limits(const Limits& limits, struct limit (&into)[CLASS_COUNT]) {
    for (size_t i = 0; i < limits.size(); ++i) into[i] = limit_of(ns(limits[i].period), limits[i].burst);
}

struct zone compile_zone(std::string_view name, uint32_t flags, const Limits& limits, const Limits& totals,
                         uint8_t latch) {
    struct zone zone = {};
    zone.flags = flags;
    zone.identity = fnv1a(name);
    zone.prefix_v4 = 32;
    zone.prefix_v6 = 64; // what one customer has (RFC 6177)
    zone.latch = latch;
    compile_limits(limits, zone.limits);
    compile_limits(totals, zone.totals);
    return zone;
}

std::vector<struct zone> compile_zones(const Config& config) {
    std::vector<struct zone> zones{compile_zone({}, flag_if(config.peers.empty(), ZONE_SIP), stranger_limits(), {}, 0)};
    for (const Peer& peer : config.peers) {
        const uint32_t flags = ZONE_SIP | ZONE_PEER | flag_if(peer.expectation == Expectation::strict, ZONE_STRICT) |
                               flag_if(!peer.opaque, ZONE_NO_OPAQUE);
        zones.push_back(compile_zone(peer.name, flags, peer.limits, peer.totals, peer.latch));
    }
    for (const Zone& zone : config.zones) {
        const uint32_t flags = flag_if(zone.sip, ZONE_SIP) | flag_if(!zone.opaque, ZONE_NO_OPAQUE) |
                               flag_if(zone.excess_ban.count() != 0, ZONE_COUNTS_EXCESS);
        zones.push_back(compile_zone(zone.name, flags, zone.limits, zone.totals, 0));
    }
    return zones;
}

class Ports {
public:
    void set(__u64 port_policy::* which, Port port) {
        words_[static_cast<uint16_t>(port.value >> 6)].*which |= __u64{1} << (port.value & 63);
    }
    void set(__u64 port_policy::* which, const std::vector<PortRange>& ranges) {
        for (const auto& [first, last] : ranges)
            for (uint32_t port = first.value; port <= last.value; ++port) set(which, Port{static_cast<uint16_t>(port)});
    }
    std::vector<std::pair<uint16_t, struct port_policy>> words() const { return {words_.begin(), words_.end()}; }

private:
    std::map<uint16_t, struct port_policy> words_;
};

std::vector<std::pair<uint16_t, struct port_policy>> compile_ports(const Config& config) {
    Ports ports;
    for (const Port port : config.sip_udp) ports.set(&port_policy::sip_udp, port);
    for (const Port port : config.sip_tcp) ports.set(&port_policy::sip_tcp, port);
    for (const Port port : config.sip_tls) ports.set(&port_policy::opaque, port);
    for (const Port port : config.sip_ws) ports.set(&port_policy::opaque, port);
    ports.set(&port_policy::media_udp, config.media_ports);
    ports.set(&port_policy::media_tcp, config.tcp_media_ports);
    for (const Rule& rule : config.rules)
        ports.set(rule.protocol == Protocol::udp ? &port_policy::rules_udp : &port_policy::rules_tcp, rule.ports);
    return ports.words();
}

struct rule compile_rule(const Rule& rule, const Facts& facts) {
    struct rule compiled = {};
    // What ends later ends then: nanoseconds since 1970 fit into 63 bits until 2262.
    constexpr std::chrono::sys_seconds furthest = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
    if (rule.until) compiled.until_tai_ns = ns(std::min(*rule.until, furthest).time_since_epoch() + facts.tai_offset);
    compiled.protocol = static_cast<uint32_t>(rule.protocol);
    for (const auto& [first, last] : rule.ports)
        compiled.ports[compiled.port_count++] = {first.value, last.value}; // read() bounds them
    return compiled;
}

std::vector<struct rule> compile_rules(const Config& config, const Facts& facts) {
    std::vector<struct rule> rules;
    for (const Rule& rule : config.rules) rules.push_back(compile_rule(rule, facts));
    return rules;
}

std::vector<Prefix> inside(const Config& config, const Facts& facts) {
    std::vector<Prefix> prefixes = config.protect;
    if (config.protect_self)
        for (const IpAddress& address : facts.self) prefixes.push_back(Prefix::of(address, 128));
    return prefixes;
}

// 0 where no peer and no zone has that name.
uint32_t zone_named(const Config& config, std::string_view name) {
    uint32_t number = 0;
    for (const Peer& peer : config.peers)
        if (++number; peer.name == name) return number;
    for (const Zone& zone : config.zones)
        if (++number; zone.name == name) return number;
    return 0;
}

Claim claim_of(ListKind kind) {
    switch (kind) {
        case ListKind::allow: return Claim::allowed;
        case ListKind::bypass: return Claim::bypass;
        case ListKind::deny: return Claim::denied;
        case ListKind::feed: return Claim::feed;
    }
    return Claim::denied;
}

std::vector<Prefix> hosts(const std::vector<IpAddress>& addresses) {
    std::vector<Prefix> prefixes;
    for (const IpAddress& address : addresses) prefixes.push_back(Prefix::of(address, 128));
    return prefixes;
}

void state_names(const Peer& peer, uint8_t number, const Facts& facts, Stated& stated) {
    for (const PeerName& name : peer.names)
        if (const auto found = facts.names.find(name.text); found != facts.names.end())
            stated.add(stated.add_source("peer \"" + peer.name + "\", " + name.text), Claim::zone, number,
                       hosts(found->second));
}

void state_parties(const Config& config, const Facts& facts, Stated& stated) {
    uint8_t number = 0;
    for (const Peer& peer : config.peers) {
        stated.add(stated.add_source("peer \"" + peer.name + "\", networks"), Claim::zone, ++number, peer.networks);
        state_names(peer, number, facts, stated);
    }
    for (const Zone& zone : config.zones)
        stated.add(stated.add_source("zone \"" + zone.name + "\", networks"), Claim::zone, ++number, zone.networks);
}

// Peers and zones as the sources of rules stand in `rules_from`: by number, as first match decides who is of them.
void state_rules(const Config& config, const Facts& facts, Stated& stated, std::map<uint32_t, uint64_t>& rules_from) {
    for (uint8_t i = 0; i < config.rules.size(); ++i) {
        const Rule& rule = config.rules[i];
        const std::string path = "rules[" + std::to_string(i) + "]";
        stated.add(stated.add_source(path + ".to"), Claim::rule_to, i,
                   rule.to.empty() ? inside(config, facts) : rule.to);
        stated.add(stated.add_source(path + ".from"), Claim::rule_from, i,
                   rule.from_any ? std::vector{Prefix{}} : rule.from);
        for (const std::string& name : rule.from_parties) rules_from[zone_named(config, name)] |= uint64_t{1} << i;
    }
}

void state_lists(const Config& config, const Facts& facts, Stated& stated) {
    for (size_t i = 0; i < std::min(config.lists.size(), facts.lists.size()); ++i) {
        if (!facts.lists[i]) continue;
        const uint32_t source = stated.add_source(config.lists[i].path, true);
        const Claim claim = claim_of(config.lists[i].kind);
        for (const auto& [prefix, line] : facts.lists[i]->entries)
            stated.statements.push_back({prefix, claim, 0, 0, source, line});
    }
}

// Each entry once, at its place in `allow`: what bypasses is allowed, too.
void state_allowed(const Config& config, Stated& stated) {
    const uint32_t source = stated.add_source("allow");
    const auto place = [](const std::vector<uint32_t>& items, size_t i) {
        return i < items.size() ? items[i] : static_cast<uint32_t>(i); // of a configuration that nobody has read
    };
    std::set<uint32_t> told;
    for (size_t i = 0; i < config.bypass.size(); ++i) {
        told.insert(place(config.bypass_items, i));
        stated.statements.push_back({config.bypass[i], Claim::bypass, 0, 0, source, place(config.bypass_items, i)});
    }
    for (size_t i = 0; i < config.allow.size(); ++i)
        if (const uint32_t at = place(config.allow_items, i); !told.contains(at))
            stated.statements.push_back({config.allow[i], Claim::allowed, 0, 0, source, at});
}

Stated state(const Config& config, const Facts& facts, std::map<uint32_t, uint64_t>& rules_from) {
    Stated stated;
    state_parties(config, facts, stated);
    stated.add(stated.add_source("protect.networks"), Claim::inside, 0, inside(config, facts));
    stated.add(stated.add_source(""), Claim::shared, 0, facts.shared);
    state_allowed(config, stated);
    stated.add(stated.add_source("deny.networks"), Claim::denied, 0, config.deny);
    state_rules(config, facts, stated, rules_from);
    state_lists(config, facts, stated);
    return stated;
}

} // namespace

struct user_agents compile_user_agents(const std::vector<std::string>& products) {
    struct user_agents compiled = {};
    std::ranges::fill(compiled.product, ~uint64_t{0});
    std::ranges::transform(products, compiled.product, fnv1a); // read() bounds them
    std::ranges::sort(compiled.product);
    return compiled;
}

Compiled compile(const Config& config, const Facts& facts) {
    std::map<uint32_t, uint64_t> rules_from;
    Stated stated = state(config, facts, rules_from);
    auto networks = resolve(stated.statements, static_cast<uint32_t>(config.peers.size()), rules_from);
    return {compile_wall(config),
            compile_ports(config),
            std::move(networks),
            std::move(stated),
            compile_zones(config),
            compile_rules(config, facts),
            compile_user_agents(config.user_agents)};
}

} // namespace ringwall::policy

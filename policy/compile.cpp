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

// Without peers every network may exchange SIP with us (zone 0 says so too), but for a zone that was told `sip: no`.
bool admits_all(const Config& config) { return config.peers.empty() && std::ranges::all_of(config.zones, &Zone::sip); }

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
                 flag_if(config.allow_hairpin, WALL_ALLOW_HAIRPIN) | flag_if(admits_all(config), WALL_ADMIT_ALL) |
                 flag_if(config.deny_all, WALL_DENY_ALL) |
                 flag_if(!config.sip_tls.empty() || !config.sip_ws.empty(), WALL_OPAQUE) | loss_flag(config.agent_loss);
    wall.agent_loss_ns = ns(config.agent_loss_after);
    wall.tombstone_ns = ns(timers.tombstone);
    wall.return_path_ns = ns(timers.return_path);
    wall.sip_return_path_ns = ns(timers.sip_return_path);
    wall.register_return_path_ns = ns(timers.register_return_path);
    return wall;
}

struct zone compile_zone(std::string_view name, uint32_t flags, const Limits& limits, uint8_t latch) {
    struct zone zone = {};
    zone.flags = flags;
    zone.identity = fnv1a(name);
    zone.prefix_v4 = 32;
    zone.prefix_v6 = 64; // what one customer has (RFC 6177)
    zone.latch = latch;
    for (size_t i = 0; i < limits.size(); ++i) zone.limits[i] = {ns(limits[i].period), limits[i].burst, 0};
    return zone;
}

std::vector<struct zone> compile_zones(const Config& config) {
    std::vector<struct zone> zones{compile_zone({}, flag_if(config.peers.empty(), ZONE_SIP), stranger_limits(), 0)};
    for (const Peer& peer : config.peers) {
        const uint32_t flags = ZONE_SIP | ZONE_PEER | flag_if(peer.expectation == Expectation::strict, ZONE_STRICT) |
                               flag_if(!peer.opaque, ZONE_NO_OPAQUE);
        zones.push_back(compile_zone(peer.name, flags, peer.limits, peer.latch));
    }
    for (const Zone& zone : config.zones) {
        const uint32_t flags = flag_if(zone.sip, ZONE_SIP) | flag_if(!zone.opaque, ZONE_NO_OPAQUE);
        zones.push_back(compile_zone(zone.name, flags, zone.limits, 0));
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
    if (rule.until) compiled.until_tai_ns = ns(rule.until->time_since_epoch() + facts.tai_offset);
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

// What the configuration says of prefixes, and what follows for each: the answer for an address is that of its longest
// prefix, and every prefix that contains the address contains that one too (or is it). So the first match among the
// prefixes covering P is the first match for every address whose longest prefix is P.
class Networks {
public:
    void add(const std::vector<Prefix>& prefixes, uint32_t zone, uint32_t flags) {
        for (const Prefix& prefix : prefixes) {
            struct network& stated = stated_[prefix];
            stated.zone = first_of(stated.zone, zone);
            stated.flags |= flags;
            lengths_.insert(prefix.length);
        }
    }

    // `from` and `to` are bits of rules that these prefixes belong to.
    void add_rules(const std::vector<Prefix>& prefixes, uint64_t from, uint64_t to) {
        add(prefixes, 0, 0);
        for (const Prefix& prefix : prefixes) {
            stated_[prefix].rules_from |= from;
            stated_[prefix].rules_to |= to;
        }
    }
    // A peer or zone as the source of rules: by its number, as first match decides who is of it.
    void add_rules(uint32_t zone, uint64_t from) { rules_from_zone_[zone] |= from; }

    std::vector<std::pair<Prefix, struct network>> resolved() const {
        std::vector<std::pair<Prefix, struct network>> all;
        for (const auto& [prefix, stated] : stated_) all.emplace_back(prefix, resolve(prefix));
        return all;
    }

private:
    static uint32_t first_of(uint32_t a, uint32_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

    struct network resolve(const Prefix& prefix) const {
        struct network answer = {};
        for (const uint8_t length : lengths_) {
            if (length > prefix.length) break;
            const auto covering = stated_.find(Prefix::of(prefix.address, length));
            if (covering == stated_.end()) continue;
            answer.zone = first_of(answer.zone, covering->second.zone);
            answer.flags |= covering->second.flags;
            answer.rules_from |= covering->second.rules_from;
            answer.rules_to |= covering->second.rules_to;
        }
        if (const auto by_zone = rules_from_zone_.find(answer.zone); by_zone != rules_from_zone_.end())
            answer.rules_from |= by_zone->second;
        return answer;
    }

    std::map<Prefix, struct network> stated_;
    std::set<uint8_t> lengths_;
    std::map<uint32_t, uint64_t> rules_from_zone_;
};

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

void add_rules(const Config& config, const Facts& facts, Networks& networks) {
    for (size_t i = 0; i < config.rules.size(); ++i) {
        const Rule& rule = config.rules[i];
        const uint64_t bit = uint64_t{1} << i;
        networks.add_rules(rule.to.empty() ? inside(config, facts) : rule.to, 0, bit);
        networks.add_rules(rule.from_any ? std::vector{Prefix{}} : rule.from, bit, 0);
        for (const std::string& name : rule.from_parties) networks.add_rules(zone_named(config, name), bit);
    }
}

std::vector<std::pair<Prefix, struct network>> compile_networks(const Config& config, const Facts& facts) {
    Networks networks;
    uint32_t zone = 0;
    for (const Peer& peer : config.peers) networks.add(peer.networks, ++zone, 0);
    for (const Zone& other : config.zones) networks.add(other.networks, ++zone, 0);
    networks.add(inside(config, facts), 0, NETWORK_PROTECTED);
    networks.add(config.allow, 0, NETWORK_ALLOWED);
    networks.add(config.bypass, 0, NETWORK_ALLOWED | NETWORK_BYPASS);
    networks.add(config.deny, 0, NETWORK_DENIED);
    add_rules(config, facts, networks);
    return networks.resolved();
}

} // namespace

Compiled compile(const Config& config, const Facts& facts) {
    return {compile_wall(config), compile_ports(config), compile_networks(config, facts), compile_zones(config),
            compile_rules(config, facts)};
}

} // namespace ringwall::policy

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

// A way back lives two minutes after the inside's last packet, as UDP mappings of NATs do (RFC 4787 REQ-5).
constexpr std::chrono::nanoseconds return_path_life = std::chrono::minutes(2);

uint64_t ns(std::chrono::nanoseconds duration) { return static_cast<uint64_t>(duration.count()); }

uint32_t flag_if(bool condition, uint32_t flag) { return condition ? flag : 0; }

// Without peers every network may exchange SIP with us (zone 0 says so too), but for a zone that was told `sip: no`.
bool admits_all(const Config& config) { return config.peers.empty() && std::ranges::all_of(config.zones, &Zone::sip); }

struct wall compile_wall(const Config& config) {
    const uint32_t flags = flag_if(config.mode == Mode::monitor, WALL_MONITOR) |
                           flag_if(config.allow_hairpin, WALL_ALLOW_HAIRPIN) |
                           flag_if(admits_all(config), WALL_ADMIT_ALL) |
                           flag_if(!config.sip_tls.empty() || !config.sip_ws.empty(), WALL_OPAQUE);
    return {flags, 0, ns(config.agent_loss_after), ns(config.timers.tombstone), ns(return_path_life)};
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
    return ports.words();
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
        }
        return answer;
    }

    std::map<Prefix, struct network> stated_;
    std::set<uint8_t> lengths_;
};

std::vector<Prefix> inside(const Config& config, const Facts& facts) {
    std::vector<Prefix> prefixes = config.protect;
    if (config.protect_self)
        for (const IpAddress& address : facts.self) prefixes.push_back(Prefix::of(address, 128));
    return prefixes;
}

std::vector<std::pair<Prefix, struct network>> compile_networks(const Config& config, const Facts& facts) {
    Networks networks;
    uint32_t zone = 0;
    for (const Peer& peer : config.peers) networks.add(peer.networks, ++zone, 0);
    for (const Zone& other : config.zones) networks.add(other.networks, ++zone, 0);
    networks.add(inside(config, facts), 0, NETWORK_PROTECTED);
    networks.add(config.allow, 0, NETWORK_ALLOWED);
    networks.add(config.deny, 0, NETWORK_DENIED);
    return networks.resolved();
}

} // namespace

Compiled compile(const Config& config, const Facts& facts) {
    return {compile_wall(config), compile_ports(config), compile_networks(config, facts), compile_zones(config)};
}

} // namespace ringwall::policy

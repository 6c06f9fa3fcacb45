// SPDX-License-Identifier: Apache-2.0
// The core's questions of a policy, answered from the very values that go into the maps.
#include <algorithm>

#include "policy/compile.hpp"

namespace ringwall::policy {
namespace {

auto index_by_length(const std::vector<std::pair<Prefix, struct network>>& networks) {
    std::vector<std::pair<uint8_t, std::unordered_map<IpAddress, struct network>>> lengths;
    for (const auto& [prefix, network] : networks) {
        auto at = std::ranges::find(lengths, prefix.length, [](const auto& entry) { return entry.first; });
        if (at == lengths.end()) at = lengths.insert(lengths.end(), {prefix.length, {}});
        at->second.emplace(prefix.address, network);
    }
    std::ranges::sort(lengths, std::greater<>(), [](const auto& entry) { return entry.first; });
    return lengths;
}

} // namespace

View::View(Config config, const Facts& facts)
    : config_(std::move(config)), compiled_(compile(config_, facts)), by_length_(index_by_length(compiled_.networks)) {}

struct network View::lookup(const IpAddress& address) const {
    for (const auto& [length, networks] : by_length_)
        if (const auto found = networks.find(Prefix::of(address, length).address); found != networks.end())
            return found->second;
    return {};
}

bool View::is_protected(const IpAddress& address) const { return (lookup(address).flags & NETWORK_PROTECTED) != 0; }

bool View::is_denied(const IpAddress& address) const {
    return (lookup(address).flags & (NETWORK_DENIED | NETWORK_ALLOWED)) == NETWORK_DENIED;
}

bool View::is_media_port(Port port, Protocol protocol) const {
    return std::ranges::any_of(protocol == Protocol::tcp ? config_.tcp_media_ports : config_.media_ports,
                               [&](const PortRange& range) { return range.first <= port && port <= range.last; });
}

uint8_t View::zone_of(const IpAddress& address) const { return static_cast<uint8_t>(lookup(address).zone); }

bool View::is_declared_peer(uint8_t zone) const { return zone != 0 && zone <= config_.peers.size(); }

const Peer* View::peer(uint8_t zone) const { return is_declared_peer(zone) ? &config_.peers[zone - 1U] : nullptr; }

std::string_view View::zone_name(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->name;
    const size_t index = zone - config_.peers.size() - 1; // wraps for zone 0, which is in no list
    return zone != 0 && index < config_.zones.size() ? std::string_view(config_.zones[index].name) : std::string_view();
}

Conformance View::conformance(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->conformance;
    const size_t index = zone - config_.peers.size() - 1; // wraps for zone 0
    return zone != 0 && index < config_.zones.size() ? config_.zones[index].conformance : Conformance::count;
}

IpAddress View::inside_of(const IpAddress& address) const {
    const auto found = config_.external.find(address);
    return found == config_.external.end() ? address : found->second;
}

} // namespace ringwall::policy

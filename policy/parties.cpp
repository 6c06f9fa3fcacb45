// SPDX-License-Identifier: Apache-2.0
// Who is out there: peers and zones, their networks and their limits.
#include <algorithm>

#include "maps/reasons.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

constexpr std::string_view limits_expected = "trunk, phone, or a mapping such as { INVITE: 10/min burst 4 }";

std::vector<std::string_view> class_names() {
    std::vector<std::string_view> names;
    for (uint32_t number = 0; number < CLASS_COUNT; ++number) names.push_back(class_name(number));
    return names;
}

// Classes that are not named keep what `limits` already holds.
void read_limits(const Value& value, Limits& limits) {
    if (value.is_scalar()) {
        if (const auto named = preset(value.text())) limits = *named;
        else if (value.text().starts_with("office-of")) value.not_supported(limits_expected);
        else value.refuse(limits_expected);
        return;
    }
    if (!value.is_mapping()) return value.refuse(limits_expected);
    const auto names = class_names();
    const Section section(value, names);
    for (size_t number = 0; number < names.size(); ++number) section.read(names[number], as::rate, limits[number]);
}

void read_on_excess(const Value& value) {
    if (value.is_scalar() && value.text() == "drop") return;
    if (value.is_scalar() && value.text().starts_with("ban ")) return value.not_supported("drop");
    value.refuse("drop");
}

template <class Party>
void read_name(const Section& section, const std::vector<Party>& earlier, std::string& into) {
    const auto value = section.require("name", as::name.expected);
    if (!value) return;
    section.read("name", as::name, into);
    if (std::ranges::find(earlier, into, &Party::name) != earlier.end()) value->refuse("a name that is not taken yet");
}

void read_party_networks(const Section& section, std::vector<Prefix>& into) {
    if (const auto value = section.require("networks", "a list of prefixes")) into = read_networks(*value);
}

Peer read_peer(const Value& value, const Config& config) {
    Peer peer;
    peer.limits = peer_limits();
    const Section section(value, {"name", "networks", "expectation", "latch", "conformance", "opaque", "limits"});
    read_name(section, config.peers, peer.name);
    read_party_networks(section, peer.networks);
    section.read("expectation", as::expectation, peer.expectation);
    section.read("latch", as::packet_count, peer.latch);
    section.read("opaque", as::boolean, peer.opaque);
    section.read("conformance", as::conformance, peer.conformance);
    if (const auto limits = section.find("limits")) read_limits(*limits, peer.limits);
    return peer;
}

Zone read_zone(const Value& value, const Config& config) {
    Zone zone;
    zone.sip = config.peers.empty();
    zone.limits = stranger_limits();
    const Section section(value, {"name", "networks", "sip", "conformance", "opaque", "limits", "on_excess"});
    read_name(section, config.zones, zone.name);
    if (const auto peer = std::ranges::find(config.peers, zone.name, &Peer::name);
        peer != config.peers.end() && !zone.name.empty())
        section.find("name")->refuse("a name that is not taken yet");
    read_party_networks(section, zone.networks);
    section.read("sip", as::boolean, zone.sip);
    section.read("opaque", as::boolean, zone.opaque);
    section.read("conformance", as::conformance, zone.conformance);
    if (const auto limits = section.find("limits")) read_limits(*limits, zone.limits);
    if (const auto on_excess = section.find("on_excess")) read_on_excess(*on_excess);
    return zone;
}

bool looks_like_host_name(std::string_view text) {
    return text.find(':') == text.npos && text.find_first_of("abcdefghijklmnopqrstuvwxyz_") != text.npos;
}

std::optional<Prefix> read_network(const Value& value) {
    if (value.is_scalar() && !as::prefix.parse(value.text()) && looks_like_host_name(value.text())) {
        value.refuse("an address or a prefix: names are not supported by this version");
        return std::nullopt;
    }
    return value.read(as::prefix);
}

} // namespace

std::vector<Prefix> read_networks(const Value& networks) {
    std::vector<Prefix> prefixes;
    const auto items = networks.items("a list of prefixes");
    for (const Value& item : items)
        if (const auto network = read_network(item)) prefixes.push_back(*network);
    if (networks.is_list() && items.empty()) networks.refuse("at least one prefix");
    return prefixes;
}

void read_peers(const Value& peers, Config& config) {
    for (const Value& item : peers.items("a list of peers")) config.peers.push_back(read_peer(item, config));
}

void read_zones(const Value& zones, Config& config) {
    for (const Value& item : zones.items("a list of zones")) config.zones.push_back(read_zone(item, config));
}

} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
// Who is out there: peers and zones, their networks and their limits.
#include <algorithm>

#include "maps/reasons.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

void read_rates(const Section& section, Limits& limits) {
    for (uint32_t number = 0; number < CLASS_COUNT; ++number)
        section.read(class_name(number), as::rate, limits[number]);
}

// Classes that are not named keep what `limits` already holds, or have what fits so many telephones.
void read_limits(const Value& value, Limits& limits) {
    if (value.is_scalar()) {
        if (const auto named = preset(value.text())) limits = *named;
        else value.refuse();
        return;
    }
    const Section section(value);
    if (const auto phones = section.find("office-of"))
        if (const auto count = phones->read(as::phone_count)) limits = office_of(*count);
    read_rates(section, limits);
}

void read_totals(const Value& value, Limits& totals) { read_rates(Section(value), totals); }

void read_name(const Section& section, const Config& config, std::string& into) {
    const auto value = section.find("name");
    if (!value) return;
    section.read("name", as::name, into);
    if (Prefix::parse(into)) value->refuse("expected a name: where a rule says this, it means addresses");
    if (std::ranges::find(config.peers, into, &Peer::name) != config.peers.end() ||
        std::ranges::find(config.zones, into, &Zone::name) != config.zones.end())
        value->refuse("expected a name that is not taken yet");
}

bool looks_like_name(std::string_view text) {
    return text.find(':') == text.npos && text.find('/') == text.npos && text != "any" &&
           text.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != text.npos;
}

// Addresses, prefixes, and names of hosts and services.
void read_peer_networks(const Value& networks, Peer& peer) {
    for (const Value& item : networks.items()) {
        if (looks_like_name(item.text())) {
            if (auto name = as::peer_name.parse(item.text())) peer.names.push_back(*std::move(name));
            else item.refuse("expected " + expected_of(as::peer_name.definition));
        } else if (const auto network = read_network(item)) {
            peer.networks.push_back(*network);
        }
    }
}

void read_zone_networks(const Value& networks, Zone& zone) {
    for (const Value& item : networks.items()) {
        if (looks_like_name(item.text())) item.refuse("expected an address or a prefix: only peers may have names");
        else if (const auto network = read_network(item)) zone.networks.push_back(*network);
    }
}

Peer read_peer(const Value& value, const Config& config) {
    Peer peer;
    peer.limits = peer_limits();
    const Section section(value);
    read_name(section, config, peer.name);
    if (const auto networks = section.find("networks")) read_peer_networks(*networks, peer);
    section.read("expectation", as::expectation, peer.expectation);
    section.read("latch", as::packet_count, peer.latch);
    section.read("opaque", as::boolean, peer.opaque);
    section.read("conformance", as::conformance, peer.conformance);
    if (const auto limits = section.find("limits")) read_limits(*limits, peer.limits);
    if (const auto totals = section.find("total_limits")) read_totals(*totals, peer.totals);
    section.read("calls", as::call_count, peer.ceiling.calls);
    return peer;
}

Zone read_zone(const Value& value, const Config& config) {
    Zone zone;
    zone.sip = config.peers.empty();
    zone.limits = stranger_limits();
    zone.guessing = default_guessing(config);
    const Section section(value);
    read_name(section, config, zone.name);
    if (const auto networks = section.find("networks")) read_zone_networks(*networks, zone);
    section.read("sip", as::boolean, zone.sip);
    section.read("opaque", as::boolean, zone.opaque);
    section.read("conformance", as::conformance, zone.conformance);
    if (const auto limits = section.find("limits")) read_limits(*limits, zone.limits);
    if (const auto totals = section.find("total_limits")) read_totals(*totals, zone.totals);
    if (const auto on_excess = section.find("on_excess")) zone.excess_ban = read_on_excess(*on_excess);
    if (const auto guessing = section.find("guessing")) read_guessing(*guessing, zone.guessing);
    if (const auto calls = section.find("calls")) read_ceiling(*calls, zone.ceiling);
    return zone;
}

} // namespace

void read_peers(const Value& peers, Config& config) {
    for (const Value& item : peers.items()) config.peers.push_back(read_peer(item, config));
}

void read_zones(const Value& zones, Config& config) {
    for (const Value& item : zones.items()) config.zones.push_back(read_zone(item, config));
}

} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
// The core's questions of a policy, answered from the very values that go into the maps.
#include <algorithm>

#include "policy/ascii.hpp"
#include "policy/compile.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

// RFC 3966 3; a sip URI may have such a number for its user (RFC 3261 19.1.6).
bool is_visual_separator(char c) { return c == '-' || c == '.' || c == '(' || c == ')'; }

// urn:service:sos or one of its kinds, sos.fire (RFC 5031 4.2), in any case, and what RFC 8141 2.3 may put behind it.
bool is_sos(std::string_view uri) {
    constexpr std::string_view sos = "urn:service:sos";
    if (!std::ranges::equal(uri.substr(0, sos.size()), sos, {}, lower)) return false;
    const std::string_view behind = uri.substr(sos.size());
    if (!behind.starts_with('.')) return behind.empty() || behind[0] == '?' || behind[0] == '#';
    const char label = behind.size() > 1 ? lower(behind[1]) : '.';
    return (label >= 'a' && label <= 'z') || (label >= '0' && label <= '9');
}

} // namespace

View::View(Config config, const Facts& facts)
    : config_(std::move(config)),
      compiled_(compile(config_, facts)),
      lookup_(Lookup::image_of(compiled_.networks, compiled_.stated)),
      unsaid_guessing_(default_guessing(config_)) {}

View::View(Lookup lookup, Config config)
    : config_(std::move(config)), lookup_(std::move(lookup)), unsaid_guessing_(default_guessing(config_)) {}

bool View::is_protected(const IpAddress& address) const {
    return (lookup_.find(address).flags & NETWORK_PROTECTED) != 0;
}

bool View::is_denied(const IpAddress& address) const {
    return (lookup_.find(address).flags & (NETWORK_DENIED | NETWORK_ALLOWED)) == NETWORK_DENIED;
}

bool View::is_allowed(const IpAddress& address) const { return (lookup_.find(address).flags & NETWORK_ALLOWED) != 0; }

bool View::is_media_port(Port port, Protocol protocol) const {
    return std::ranges::any_of(protocol == Protocol::tcp ? config_.tcp_media_ports : config_.media_ports,
                               [&](const PortRange& range) { return range.first <= port && port <= range.last; });
}

uint8_t View::zone_of(const IpAddress& address) const { return static_cast<uint8_t>(lookup_.find(address).zone); }

bool View::is_declared_peer(uint8_t zone) const { return zone != 0 && zone <= config_.peers.size(); }

const Peer* View::peer(uint8_t zone) const { return is_declared_peer(zone) ? &config_.peers[zone - 1U] : nullptr; }

std::string_view View::zone_name(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->name;
    const Zone* declared = this->zone(zone);
    return declared ? std::string_view(declared->name) : std::string_view();
}

const Zone* View::zone(uint8_t zone) const {
    const size_t index = zone - config_.peers.size() - 1; // wraps for zone 0, which is in no list, and for peers
    return zone != 0 && index < config_.zones.size() ? &config_.zones[index] : nullptr;
}

const Guessing* View::guessing(uint8_t zone) const {
    if (is_declared_peer(zone)) return nullptr;
    const Zone* declared = this->zone(zone);
    return declared ? &declared->guessing : &unsaid_guessing_;
}

std::chrono::nanoseconds View::excess_ban(uint8_t zone) const {
    const Zone* declared = this->zone(zone);
    return declared ? declared->excess_ban : std::chrono::nanoseconds{};
}

const Ceiling& View::ceiling(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->ceiling;
    const Zone* declared = this->zone(zone);
    return declared ? declared->ceiling : unsaid_ceiling_;
}

const Limits& View::limits(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->limits;
    const Zone* declared = this->zone(zone);
    return declared ? declared->limits : stranger_limits();
}

const Limits& View::totals(uint8_t zone) const {
    static const Limits none{};
    if (const Peer* declared = peer(zone)) return declared->totals;
    const Zone* declared = this->zone(zone);
    return declared ? declared->totals : none;
}

// sip:112@host, tel:1-1-2, urn:service:sos and its kinds; as the programs read it (bpf/ceiling.bpf.h).
bool View::is_emergency(std::string_view uri) const {
    const size_t colon = uri.find(':');
    if (colon == uri.npos) return false;
    if (is_sos(uri)) return true;
    const std::string_view user = uri.substr(colon + 1, uri.substr(colon + 1).find_first_of("@;>"));
    std::string digits;
    std::ranges::copy_if(user, std::back_inserter(digits), [](char c) { return !is_visual_separator(c); });
    return std::ranges::find(config_.emergency, digits) != config_.emergency.end();
}

Conformance View::conformance(uint8_t zone) const {
    if (const Peer* declared = peer(zone)) return declared->conformance;
    const Zone* declared = this->zone(zone);
    return declared ? declared->conformance : Conformance::count;
}

IpAddress View::inside_of(const IpAddress& address) const {
    const auto found = config_.external.find(address);
    return found == config_.external.end() ? address : found->second;
}

} // namespace ringwall::policy

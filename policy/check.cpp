// SPDX-License-Identifier: Apache-2.0
// What no single value shows: contradictions are mistakes, and what is allowed but hardly meant is a warning.
#include <algorithm>
#include <array>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

using std::chrono::hours, std::chrono::minutes, std::chrono::nanoseconds, std::chrono::seconds;

struct TimerBounds {
    std::string_view key;
    nanoseconds Timers::* timer;
    nanoseconds least, most;
    std::string_view expected;
};

// tombstone: a hole is deleted at least a second after it stopped being live, and at most 10 min after (design).
constexpr std::array<TimerBounds, 10> timer_bounds{{
    {"drain", &Timers::drain, seconds(0), minutes(1), "0s to 1m"},
    {"idle", &Timers::idle, seconds(1), hours(24), "1s to 24h"},
    {"held", &Timers::held, seconds(1), hours(24 * 7), "1s to 7d"},
    {"early", &Timers::early, seconds(1), hours(24), "1s to 24h"},
    {"bye", &Timers::bye, seconds(1), minutes(10), "1s to 10m"},
    {"max_call", &Timers::max_call, seconds(1), hours(24 * 31), "1s to 31d"},
    {"tombstone", &Timers::tombstone, seconds(1), minutes(10), "1s to 10m"},
    {"return_path", &Timers::return_path, seconds(1), hours(1), "1s to 1h"},
    {"sip_return_path", &Timers::sip_return_path, seconds(32), hours(24), "32s to 24h"},
    {"register_return_path", &Timers::register_return_path, seconds(32), hours(24 * 7), "32s to 7d"},
}};
// RFC 3261 timers B and F (64 * T1): until then the other side may still answer a BYE with a failure.
constexpr nanoseconds transaction_end = seconds(32);

void check_timers(const Config& config, Findings& findings) {
    for (const TimerBounds& bounds : timer_bounds) {
        const nanoseconds timer = config.timers.*bounds.timer;
        if (timer < bounds.least || timer > bounds.most)
            findings.mistake_at("timers." + std::string(bounds.key),
                                "out of bounds, expected " + std::string(bounds.expected));
    }
    if (config.timers.bye < transaction_end)
        findings.warn("timers.bye: shorter than the 32s that a BYE may take to be answered");
    if (config.timers.register_return_path < config.timers.sip_return_path)
        findings.mistake_at("timers.register_return_path", "shorter than sip_return_path, expected at least that");
    if (config.agent_loss_after < seconds(1) || config.agent_loss_after > hours(1))
        findings.mistake_at("on_agent_loss.after", "out of bounds, expected 1s to 1h");
}

bool any_covers(const std::vector<Prefix>& networks, const Prefix& prefix) {
    return std::ranges::any_of(networks, [&](const Prefix& network) { return network.contains(prefix); });
}

void check_protect(const Config& config, Findings& findings) {
    // Every source would be a spoofed inside address, every packet out of place.
    if (any_covers(config.protect, Prefix{}))
        findings.mistake_at("protect.networks", "any would make every network inside, expected the networks to guard");
    for (const auto& [public_address, inside] : config.external)
        if (!config.protect_self && !any_covers(config.protect, Prefix::of(inside, 128)))
            findings.mistake_at("protect.external." + public_address.to_string(),
                                inside.to_string() + " is not protected, expected an address within protect.networks");
}

void warn_of_sip_within(const std::string& key, const std::vector<PortRange>& ranges, const std::vector<Port>& sip,
                        Findings& findings) {
    for (const Port port : sip)
        for (const PortRange& range : ranges)
            if (range.first <= port && port <= range.last)
                findings.warn(key + ": SIP port " + std::to_string(port.value) + " lies within and stays a SIP port");
}

void check_ports(const Config& config, Findings& findings) {
    for (const auto& [key, ports] : {std::pair("tls", &config.sip_tls), std::pair("ws", &config.sip_ws)})
        for (const Port port : *ports)
            if (std::ranges::find(config.sip_tcp, port) != config.sip_tcp.end())
                findings.mistake_at("sip." + std::string(key), "port " + std::to_string(port.value) +
                                                                   " is in sip.tcp too, expected one of the two");
    warn_of_sip_within("protect.media_ports", config.media_ports, config.sip_udp, findings);
    for (const auto* ports : {&config.sip_tcp, &config.sip_tls, &config.sip_ws})
        warn_of_sip_within("protect.tcp_media_ports", config.tcp_media_ports, *ports, findings);
    if (config.sip_udp.empty()) findings.warn("sip.udp: empty: no call from outside can be followed");
}

// One of the zones that numbers stand for: 1..n peers, then zones.
struct Party {
    std::string path;
    std::string_view name;
    const std::vector<Prefix>* networks;
};

std::vector<Party> parties(const Config& config) {
    std::vector<Party> all;
    for (size_t i = 0; i < config.peers.size(); ++i)
        all.push_back({"peers[" + std::to_string(i) + "]", config.peers[i].name, &config.peers[i].networks});
    for (size_t i = 0; i < config.zones.size(); ++i)
        all.push_back({"zones[" + std::to_string(i) + "]", config.zones[i].name, &config.zones[i].networks});
    return all;
}

void check_shadowed(const std::vector<Party>& all, Findings& findings) {
    std::vector<Prefix> earlier;
    for (const Party& party : all) {
        const auto is_taken = [&](const Prefix& prefix) { return any_covers(earlier, prefix); };
        if (std::ranges::all_of(*party.networks, is_taken))
            findings.warn(party.path + ": \"" + std::string(party.name) +
                          "\" never matches: what stands before it covers all its networks");
        earlier.insert(earlier.end(), party.networks->begin(), party.networks->end());
    }
}

void check_peers(const Config& config, Findings& findings) {
    for (const Peer& peer : config.peers)
        for (const Prefix& network : peer.networks) {
            if (any_covers(config.deny, network) && !any_covers(config.allow, network))
                findings.warn("deny.networks: peer \"" + peer.name + "\" is denied with them");
            if (!config.allow_hairpin && any_covers(config.protect, network))
                findings.warn("peers: \"" + peer.name +
                              "\" lies within protect.networks: from outside it counts as "
                              "spoofed unless protect.allow_hairpin is yes");
        }
}

std::string listed(const Config& config) {
    std::string ports;
    for (const auto* list : {&config.sip_tls, &config.sip_ws})
        for (const Port port : *list) ports += (ports.empty() ? "" : ", ") + std::to_string(port.value);
    return ports;
}

// Calls that are signalled where we cannot read have media by their connection, or not at all.
void check_opaque(const Config& config, Findings& findings) {
    if (config.sip_tls.empty() && config.sip_ws.empty()) return;
    const std::string unheard = ": no: calls over TLS and WebSocket (port " + listed(config) + ") open no media ports";
    for (size_t i = 0; i < config.peers.size(); ++i)
        if (!config.peers[i].opaque) findings.warn("peers[" + std::to_string(i) + "].opaque" + unheard);
    for (size_t i = 0; i < config.zones.size(); ++i)
        if (config.zones[i].sip && !config.zones[i].opaque)
            findings.warn("zones[" + std::to_string(i) + "].opaque" + unheard);
    for (const auto* list : {&config.sip_tls, &config.sip_ws})
        for (const Port port : *list)
            if (port.value == 443)
                findings.warn(
                    "sip: 443 is every web server's port: whichever of them the inside talks to may then send "
                    "to its media ports; opaque: no, for the zone of those who are no party to calls, "
                    "prevents it");
}

void check_parties(const Config& config, Findings& findings) {
    const std::vector<Party> all = parties(config);
    if (all.size() >= ZONES)
        findings.mistake_at(
            config.zones.empty() ? "peers" : "zones",
            std::to_string(all.size()) + " peers and zones, expected at most " + std::to_string(ZONES - 1));
    check_shadowed(all, findings);
    check_peers(config, findings);
}

} // namespace

void check(const Config& config, Findings& findings) {
    check_timers(config, findings);
    check_protect(config, findings);
    check_ports(config, findings);
    check_parties(config, findings);
    check_opaque(config, findings);
    check_rules(config, findings);
}

} // namespace ringwall::policy

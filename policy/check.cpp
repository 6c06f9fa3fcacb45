// SPDX-License-Identifier: Apache-2.0
// What no single value shows: contradictions are mistakes, and what is allowed but hardly meant is a warning.
#include <algorithm>
#include <array>

#include "policy/checks.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

using std::chrono::nanoseconds, std::chrono::seconds;

// RFC 3261 timers B and F (64 * T1): until then the other side may still answer a BYE with a failure.
constexpr nanoseconds transaction_end = seconds(32);

void check_timers(const Config& config, Findings& findings) {
    if (config.timers.bye < transaction_end)
        findings.warn_at("timers.bye", "shorter than the 32s that a BYE may take to be answered");
    if (config.timers.register_return_path < config.timers.sip_return_path)
        findings.mistake_at("timers.register_return_path",
                            "shorter than sip_return_path, expected at least that (it is 65m where it is not said)");
    if (config.timers.held < config.timers.idle)
        findings.warn_at("timers.held", "shorter than idle: a call on hold sleeps sooner than one that talks");
    if (config.timers.max_call < config.timers.early)
        findings.warn_at("timers.max_call", "shorter than early: a call may end before it is answered");
}

bool is_loopback(const Prefix& network) {
    static const std::array loopback{*Prefix::parse("127.0.0.0/8"), *Prefix::parse("::1")};
    return std::ranges::any_of(loopback, [&](const Prefix& own) { return own.contains(network); });
}

void check_protect(const Config& config, Findings& findings) {
    // Every source would be a spoofed inside address, every packet out of place.
    if (const Prefix* everybody = everybody_in(config.protect))
        findings.mistake_at("protect.networks", everybody->to_string() +
                                                    " would make every network inside, expected the networks to guard");
    for (const Prefix& network : config.protect)
        if (is_loopback(network))
            findings.warn_at("protect.networks",
                             network.to_string() + " is the loopback: nothing comes to it from outside");
    if (config.media_ports.empty()) findings.warn_at("protect.media_ports", "empty: no UDP port is guarded");
    for (const auto& [public_address, inside] : config.external) {
        const Prefix itself = Prefix::of(public_address, 128);
        if (public_address != inside && any_covers(config.protect, itself))
            findings.warn_at("protect.external." + public_address.to_string(),
                             "is protected itself: SDP that names it opens ports of " + inside.to_string() +
                                 ", and none here; leave it out where this machine does the NAT");
        if (!config.protect_self && !any_covers(config.protect, Prefix::of(inside, 128)))
            findings.mistake_at("protect.external." + public_address.to_string(),
                                inside.to_string() + " is not protected, expected an address within protect.networks");
    }
}

void warn_of_sip_within(const std::string& key, const std::vector<PortRange>& ranges, const std::vector<Port>& sip,
                        Findings& findings) {
    for (const Port port : sip)
        for (const PortRange& range : ranges)
            if (range.first <= port && port <= range.last)
                findings.warn_at(key, "SIP port " + std::to_string(port.value) + " lies within and stays a SIP port");
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
    if (config.sip_udp.empty())
        findings.warn_at("sip.udp", config.sip_tcp.empty()
                                        ? "empty, as sip.tcp is: no call from outside can be followed"
                                        : "empty: calls from outside over UDP are not followed, and open nothing");
}

void check_watch(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.watch.size(); ++i)
        if (std::ranges::find(config.outside, config.watch[i]) != config.outside.end())
            findings.warn_at(joined("watch", i), "changes nothing: it stands in outside, too");
}

std::string opaque_ports(const Config& config) {
    std::string ports;
    for (const auto* list : {&config.sip_tls, &config.sip_ws})
        for (const Port port : *list) ports += (ports.empty() ? "" : ", ") + std::to_string(port.value);
    return ports;
}

bool has_web_port(const Config& config) {
    return std::ranges::any_of(std::array{&config.sip_tls, &config.sip_ws},
                               [](const auto* ports) { return std::ranges::find(*ports, Port{443}) != ports->end(); });
}

// Calls that are signalled where we cannot read have media by their connection, or not at all.
void check_opaque(const Config& config, Findings& findings) {
    if (config.sip_tls.empty() && config.sip_ws.empty()) return;
    const std::string unheard =
        "no: calls over TLS and WebSocket (port " + opaque_ports(config) + ") open no media ports";
    for (size_t i = 0; i < config.peers.size(); ++i)
        if (!config.peers[i].opaque) findings.warn_at("peers[" + std::to_string(i) + "].opaque", unheard);
    for (size_t i = 0; i < config.zones.size(); ++i)
        if (config.zones[i].sip && !config.zones[i].opaque)
            findings.warn_at("zones[" + std::to_string(i) + "].opaque", unheard);
    if (has_web_port(config))
        findings.warn_at("sip",
                         "443 is every web server's port: whichever of them the inside talks to may then send "
                         "to its media ports; opaque: no, for the zone of those who are no party to calls, "
                         "prevents it");
}

// Whom the inside may talk SIP to.
void check_outbound(const Config& config, Findings& findings) {
    if (config.outbound == Outbound::any) return;
    if (config.admits_all())
        findings.warn_at("sip.outbound", "admitted refuses nobody: no peers are declared, and every zone may talk SIP");
    if (has_web_port(config))
        findings.warn_at("sip.outbound",
                         "admitted shuts port 443 out there, every web server's, to all that the "
                         "inside may not talk SIP to");
    for (const Peer& peer : config.peers)
        if (peer.networks.empty())
            findings.warn_at("sip.outbound",
                             "peer " + quoted(peer.name) +
                                 " is known by its names only: where the inside is told other addresses "
                                 "of them than the wall is, it does not get through");
}

} // namespace

void check(const Config& config, Findings& findings) {
    check_watch(config, findings);
    check_timers(config, findings);
    check_protect(config, findings);
    check_ports(config, findings);
    check_parties(config, findings);
    check_access(config, findings);
    check_limits(config, findings);
    check_opaque(config, findings);
    check_outbound(config, findings);
    check_rules(config, findings);
}

} // namespace ringwall::policy

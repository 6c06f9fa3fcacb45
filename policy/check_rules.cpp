// SPDX-License-Identifier: Apache-2.0
// Static rules that open nothing, what is open anyway, or everything.
#include "maps/abi/named.h"
#include "policy/checks.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

bool is_party(const Config& config, const std::string& name) {
    return std::ranges::find(config.peers, name, &Peer::name) != config.peers.end() ||
           std::ranges::find(config.zones, name, &Zone::name) != config.zones.end();
}

void say_unnamed(const Config& config, const std::string& name, const std::string& path, Findings& findings) {
    std::vector<std::string_view> names;
    for (const Peer& peer : config.peers) names.push_back(peer.name);
    for (const Zone& zone : config.zones) names.push_back(zone.name);
    const auto meant = nearest(name, names);
    findings.mistake_at(path, "no peer or zone is named " + quoted(name) +
                                  (meant ? ", did you mean " + std::string(*meant) + "?"
                                         : ", expected any, a prefix, the name of a peer or zone, or a list of them"));
}

// Of TLS and WebSocket, too: whoever may not come there comes by no rule.
std::vector<Port> sip_ports(const Config& config, Protocol protocol) {
    if (protocol == Protocol::udp) return config.sip_udp;
    std::vector<Port> all = config.sip_tcp;
    all.insert(all.end(), config.sip_tls.begin(), config.sip_tls.end());
    all.insert(all.end(), config.sip_ws.begin(), config.sip_ws.end());
    return all;
}

bool is_only(const PortRange& range, Port port) { return range.first == port && range.last == port; }

// SIP ports are judged before rules, so a rule for one would say something and do nothing.
void check_sip_ports(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    for (const Port port : sip_ports(config, rule.protocol))
        for (const PortRange& range : rule.ports) {
            const std::string number = std::to_string(port.value);
            if (is_only(range, port))
                findings.mistake_at(path + ".ports", number +
                                                         " is a SIP port, which no rule opens, expected its "
                                                         "sources among peers or zones with sip: yes");
            else if (range.first <= port && port <= range.last)
                findings.warn_at(path + ".ports", "SIP port " + number + " lies within and stays a SIP port");
        }
}

bool is_guarded(const std::vector<PortRange>& guarded, const PortRange& range) {
    return std::ranges::any_of(
        guarded, [&](const PortRange& media) { return range.first <= media.last && media.first <= range.last; });
}

// Who writes a rule for SSH believes that nobody else gets there.
void check_guarded(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    const bool is_udp = rule.protocol == Protocol::udp;
    const std::vector<Port> sip = sip_ports(config, rule.protocol); // each refused above
    const auto is_sip = [&](const PortRange& range) {
        return std::ranges::any_of(sip, [&](Port port) { return is_only(range, port); });
    };
    for (const PortRange& range : rule.ports)
        if (!is_sip(range) && !is_guarded(is_udp ? config.media_ports : config.tcp_media_ports, range))
            findings.warn_at(path + ".ports", (is_udp ? "UDP " : "TCP ") + std::to_string(range.first.value) +
                                                  " is not in protect." + (is_udp ? "media_ports" : "tcp_media_ports") +
                                                  ", and open without a rule");
}

bool covers(const std::vector<PortRange>& ranges, const PortRange& range) {
    return std::ranges::any_of(
        ranges, [&](const PortRange& each) { return each.first <= range.first && range.last <= each.last; });
}

template <class T, class Covers>
bool all_covered(const std::vector<T>& inner, Covers covers) {
    return std::ranges::all_of(inner, covers);
}

// Every packet that `later` lets through, `earlier` does too.
bool makes_needless(const Rule& earlier, const Rule& later) {
    const bool lasts = !earlier.until || (later.until && *later.until <= *earlier.until);
    const bool has_to = earlier.to.empty() || (!later.to.empty() && all_covered(later.to, [&](const Prefix& prefix) {
                            return any_covers(earlier.to, prefix);
                        }));
    const bool has_from = earlier.from_any || (!later.from_any && all_covered(later.from, [&](const Prefix& prefix) {
                              return any_covers(earlier.from, prefix);
                          }) && all_covered(later.from_parties, [&](const std::string& name) {
                              return std::ranges::find(earlier.from_parties, name) != earlier.from_parties.end();
                          }));
    const bool has_ports =
        all_covered(later.ports, [&](const PortRange& range) { return covers(earlier.ports, range); });
    return earlier.protocol == later.protocol && lasts && has_to && has_from && has_ports;
}

void check_needless(const std::vector<Rule>& rules, size_t which, Findings& findings) {
    for (size_t earlier = 0; earlier < which; ++earlier)
        if (makes_needless(rules[earlier], rules[which]))
            return findings.warn_at(joined("rules", which), "changes nothing: " + joined("rules", earlier) +
                                                                " lets the same through, and more");
}

void check_spoofed(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    if (config.allow_hairpin) return;
    for (const Prefix& from : rule.from)
        if (any_covers(config.protect, from))
            findings.warn_at(path + ".from", from.to_string() +
                                                 " lies within protect.networks: from outside it counts as "
                                                 "spoofed unless protect.allow_hairpin is yes");
}

void check_everything(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    const bool has_all =
        all_covered(config.media_ports, [&](const PortRange& range) { return covers(rule.ports, range); });
    if (rule.protocol == Protocol::udp && rule.from_any && rule.to.empty() && has_all)
        findings.warn_at(path, "opens all media ports to everyone, as if there were no wall");
}

} // namespace

void check_rules(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.rules.size(); ++i) {
        const Rule& rule = config.rules[i];
        const std::string path = joined("rules", i);
        for (const std::string& name : rule.from_parties)
            if (!is_party(config, name)) say_unnamed(config, name, path + ".from", findings);
        check_sip_ports(config, rule, path, findings);
        check_guarded(config, rule, path, findings);
        check_spoofed(config, rule, path, findings);
        check_everything(config, rule, path, findings);
        check_needless(config.rules, i, findings);
    }
}

} // namespace ringwall::policy

// SPDX-License-Identifier: Apache-2.0
// Peers and zones: the first match wins, so that what stands before may leave nothing to match.
#include "maps/abi/named.h"
#include "policy/checks.hpp"
#include "policy/prefix_set.hpp"
#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

// One of the zones that numbers stand for: 1..n peers, then zones.
struct Party {
    std::string path;
    std::string_view name;
    const std::vector<Prefix>* networks;
    PrefixSet all_networks;
    bool has_names = false;
};

std::vector<Party> parties(const Config& config) {
    std::vector<Party> all;
    for (size_t i = 0; i < config.peers.size(); ++i)
        all.push_back({joined("peers", i), config.peers[i].name, &config.peers[i].networks,
                       PrefixSet(config.peers[i].networks), !config.peers[i].names.empty()});
    for (size_t i = 0; i < config.zones.size(); ++i)
        all.push_back({joined("zones", i), config.zones[i].name, &config.zones[i].networks,
                       PrefixSet(config.zones[i].networks), false});
    return all;
}

// The first before `end` that has all of `prefix`; null where none does.
const Party* taken_by(const std::vector<Party>& all, size_t end, const Prefix& prefix) {
    for (size_t i = 0; i < end; ++i)
        if (all[i].all_networks.covering(prefix)) return &all[i];
    return nullptr;
}

void check_shadowed(const std::vector<Party>& all, Findings& findings) {
    for (size_t i = 0; i < all.size(); ++i) {
        std::vector<const Prefix*> taken;
        for (const Prefix& prefix : *all[i].networks)
            if (taken_by(all, i, prefix) != nullptr) taken.push_back(&prefix);
        if (!all[i].has_names && taken.size() == all[i].networks->size()) {
            findings.warn_at(all[i].path,
                             quoted(all[i].name) + " never matches: what stands before it covers all its networks");
            continue;
        }
        for (const Prefix* prefix : taken)
            findings.warn_at(all[i].path + ".networks",
                             prefix->to_string() + " never matches here: " + quoted(taken_by(all, i, *prefix)->name) +
                                 " before it has all of it");
    }
}

void check_peers(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.peers.size(); ++i) {
        const Peer& peer = config.peers[i];
        if (const Prefix* everybody = everybody_in(peer.networks))
            findings.warn_at(
                joined("peers", i) + ".networks",
                everybody->to_string() +
                    " makes everybody a peer: nobody is banned, and limits are those of a trunk; a zone with "
                    "sip: yes is meant for strangers");
        for (const Prefix& network : peer.networks) {
            if (any_covers(config.deny, network) && !any_covers(config.allow, network))
                findings.warn_at("deny.networks", "peer " + quoted(peer.name) + " is denied with them");
            if (!config.allow_hairpin && any_covers(config.protect, network))
                findings.warn_at(joined("peers", i) + ".networks",
                                 quoted(peer.name) +
                                     " lies within protect.networks: from outside it counts as spoofed "
                                     "unless protect.allow_hairpin is yes");
        }
    }
}

bool is_named_in_a_rule(const Config& config, const std::string& name) {
    return std::ranges::any_of(config.rules, [&](const Rule& rule) {
        return std::ranges::find(rule.from_parties, name) != rule.from_parties.end();
    });
}

// Nothing of theirs reaches a SIP port, so that nothing is ever asked of these. Who has not said so may have forgotten what
// a declared peer changes for everybody else.
void check_silent_zones(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.zones.size(); ++i) {
        const std::string zone = joined("zones", i);
        if (!config.zones[i].sip && !findings.places.contains(joined(zone, "sip")) &&
            !is_named_in_a_rule(config, config.zones[i].name))
            findings.warn_at(zone, quoted(config.zones[i].name) +
                                       " may not talk SIP to us, as peers are declared: say sip: yes, or sip: no where "
                                       "that is meant");
        for (const char* key : {"limits", "total_limits", "on_excess", "guessing", "calls"}) {
            const std::string path = joined(zone, key);
            if (!config.zones[i].sip && findings.places.contains(path))
                findings.warn_at(path, "changes nothing: the zone may not talk SIP to us (sip: no)");
        }
    }
}

} // namespace

void check_parties(const Config& config, Findings& findings) {
    const std::vector<Party> all = parties(config);
    if (all.size() >= ZONES)
        findings.mistake_at(
            config.zones.empty() ? "peers" : "zones",
            std::to_string(all.size()) + " peers and zones, expected at most " + std::to_string(ZONES - 1));
    size_t names = 0;
    for (const Peer& peer : config.peers) names += peer.names.size();
    if (names > NAMES)
        findings.mistake_at("peers", std::to_string(names) + " host names, expected at most " + std::to_string(NAMES));
    check_shadowed(all, findings);
    check_peers(config, findings);
    check_silent_zones(config, findings);
}

} // namespace ringwall::policy

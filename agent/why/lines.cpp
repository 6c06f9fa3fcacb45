// SPDX-License-Identifier: Apache-2.0
#include "agent/why/lines.hpp"

#include <algorithm>

namespace ringwall::why {
namespace {

using policy::Claim;
using policy::ListKind;

std::string nth(std::string_view list, uint32_t index) { return std::string(list) + "[" + std::to_string(index) + "]"; }

std::string said(const policy::Statement& statement, const std::string& zone) {
    const std::string prefix = statement.prefix.to_string();
    switch (statement.claim) {
        case Claim::zone: return prefix + " is of " + zone;
        case Claim::inside: return prefix + " is protected";
        case Claim::shared: return prefix + " is shared by hosts";
        case Claim::allowed: return prefix + " is allowed";
        case Claim::bypass: return prefix + " is allowed, to guarded ports too";
        case Claim::denied: return prefix + " is denied";
        case Claim::feed: return prefix + " is denied by a feed, but for declared peers";
        case Claim::rule_from:
        case Claim::rule_to: break;
    }
    return {};
}

} // namespace

std::string Lines::where(std::string_view path) const {
    const policy::Config& config = policy_.config();
    const auto found = config.places.find(path);
    if (found == config.places.end()) return {};
    return config.files.at(found->second.file) + ":" + std::to_string(found->second.line);
}

std::string Lines::setting(std::string_view path) const {
    const std::string place = where(path);
    return std::string(path) + " (" + (place.empty() ? "unsaid" : place) + ")";
}

std::string Lines::path_of_zone(uint32_t zone) const {
    const auto peers = static_cast<uint32_t>(policy_.config().peers.size());
    if (zone == 0) return {};
    return zone <= peers ? nth("peers", zone - 1) : nth("zones", zone - peers - 1);
}

std::string Lines::name_of_zone(uint32_t zone) const {
    const auto number = static_cast<uint8_t>(zone);
    const std::string name(policy_.zone_name(number));
    if (zone == 0) return "no peer and no zone";
    return (policy_.is_declared_peer(number) ? "peer " : "zone ") + name;
}

std::string Lines::with_place(std::string text, std::string_view path) const {
    const std::string place = where(path);
    return place.empty() ? text : text + " (" + place + ")";
}

// A list that holds nothing but prefixes has the statement's own place; one with files or names among them its first.
std::string Lines::where(const policy::Statement& statement) const {
    const policy::Source source = policy_.lookup().source(statement.source);
    const policy::Config& config = policy_.config();
    if (source.is_file) return source.name + ":" + std::to_string(statement.line);
    const auto first_of = [&](const std::string& list, bool is_plain) {
        const std::string exact = is_plain ? where(nth(list, statement.line)) : std::string();
        return exact.empty() ? where(list) : exact;
    };
    switch (statement.claim) {
        case Claim::zone: {
            const policy::Peer* peer = policy_.peer(statement.number);
            return first_of(path_of_zone(statement.number) + ".networks", peer == nullptr || peer->names.empty());
        }
        case Claim::inside: return first_of("protect.networks", !config.protect_self);
        case Claim::allowed:
        case Claim::bypass: return first_of("allow", true);
        case Claim::denied: return first_of("deny.networks", true);
        default: return {};
    }
}

std::vector<Said> Lines::said_of(const IpAddress& address) const {
    std::vector<Said> all;
    for (const policy::Statement& statement : policy_.lookup().statements_of(address))
        if (auto what = said(statement, name_of_zone(statement.number)); !what.empty())
            all.push_back({statement.claim, statement.number, std::move(what), where(statement)});
    return all;
}

bool Lines::agrees(const IpAddress& address, const struct network& held) const {
    const struct network ours = policy_.lookup().find(address);
    return ours.zone == held.zone && ours.flags == held.flags && ours.rules_from == held.rules_from &&
           ours.rules_to == held.rules_to;
}

} // namespace ringwall::why

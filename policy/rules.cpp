// SPDX-License-Identifier: Apache-2.0
// Static rules: read, and what is contradictory about them. A rule opens inside ports without a call; it never admits
// to SIP, which peers and zones do.
#include <algorithm>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

constexpr std::string_view from_expected = "any, a prefix, the name of a peer or zone, or a list of them";
constexpr std::string_view to_expected = "any, an address or prefix within protect.networks, or a list of them";
constexpr std::string_view ports_expected = "a port, PORT-PORT, or a list of at most 8 of them";

// A scalar counts as a list of one.
std::vector<Value> one_or_more(const Value& value, std::string_view expected) {
    if (value.is_scalar()) return {value};
    std::vector<Value> items = value.items(expected);
    if (value.is_list() && items.empty()) value.refuse(expected);
    return items;
}

bool is_any(const Value& item) { return item.is_scalar() && item.text() == "any"; }

// Names are looked for among the peers and zones in check_rules(): they may stand further down in the file.
void read_source(const Value& item, Rule& rule) {
    if (is_any(item)) {
        rule.from_any = true;
    } else if (const auto prefix = item.is_scalar() ? as::prefix.parse(item.text()) : std::nullopt) {
        rule.from.push_back(*prefix);
    } else if (const auto name = item.read(Kind<std::string>{as::name.parse, from_expected})) {
        rule.from_parties.push_back(*name);
    }
}

void read_destination(const Value& item, const Config& config, Rule& rule) {
    const auto prefix = item.read(Kind<Prefix>{as::prefix.parse, to_expected});
    if (!prefix) return;
    const bool is_inside = config.protect_self || std::ranges::any_of(config.protect, [&](const Prefix& network) {
                               return network.contains(*prefix);
                           });
    is_inside ? rule.to.push_back(*prefix) : item.refuse(to_expected);
}

void read_ports(const Value& value, Rule& rule) {
    const auto items = one_or_more(value, ports_expected);
    for (const Value& item : items)
        if (const auto range = item.read(as::port_range)) rule.ports.push_back(*range);
    if (items.size() > PORTS_PER_RULE) value.refuse(ports_expected);
}

Rule read_rule(const Value& value, const Config& config) {
    Rule rule;
    const Section section(value, {"allow", "to", "ports", "from", "until"});
    if (section.require("allow", as::protocol.expected)) section.read("allow", as::protocol, rule.protocol);
    if (const auto to = section.require("to", to_expected)) {
        const auto items = one_or_more(*to, to_expected);
        if (std::ranges::none_of(items, is_any)) // else `to` stays empty: all that is protected
            for (const Value& item : items) read_destination(item, config, rule);
    }
    if (const auto ports = section.require("ports", ports_expected)) read_ports(*ports, rule);
    if (const auto from = section.require("from", from_expected))
        for (const Value& item : one_or_more(*from, from_expected)) read_source(item, rule);
    if (const auto until = section.find("until")) rule.until = until->read(as::date_time);
    return rule;
}

bool is_party(const Config& config, const std::string& name) {
    return std::ranges::find(config.peers, name, &Peer::name) != config.peers.end() ||
           std::ranges::find(config.zones, name, &Zone::name) != config.zones.end();
}

std::string path_of(size_t number) { return "rules[" + std::to_string(number) + "]"; }

// SIP ports are judged before rules, so a rule for one would say something and do nothing.
void check_sip_ports(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    const auto& sip = rule.protocol == Protocol::udp ? config.sip_udp : config.sip_tcp;
    for (const Port port : sip)
        for (const PortRange& range : rule.ports) {
            const std::string number = std::to_string(port.value);
            if (range.first == port && range.last == port)
                findings.mistake_at(path + ".ports", number +
                                                         " is a SIP port, which no rule opens, expected its "
                                                         "sources among peers or zones with sip: yes");
            else if (range.first <= port && port <= range.last)
                findings.warn(path + ".ports: SIP port " + number + " lies within and stays a SIP port");
        }
}

bool is_guarded(const Config& config, const PortRange& range) {
    return std::ranges::any_of(config.media_ports, [&](const PortRange& media) {
        return range.first <= media.last && media.first <= range.last;
    });
}

void check_guarded(const Config& config, const Rule& rule, const std::string& path, Findings& findings) {
    if (rule.protocol != Protocol::udp) return;
    for (const PortRange& range : rule.ports)
        if (!is_guarded(config, range))
            findings.warn(path + ".ports: UDP " + std::to_string(range.first.value) +
                          " is not in protect.media_ports, and open without a rule");
}

} // namespace

void read_rules(const Value& rules, Config& config) {
    for (const Value& item : rules.items("a list of rules")) config.rules.push_back(read_rule(item, config));
    if (config.rules.size() > RULES) rules.refuse("at most " + std::to_string(RULES) + " rules");
}

void check_rules(const Config& config, Findings& findings) {
    for (size_t i = 0; i < config.rules.size(); ++i) {
        for (const std::string& name : config.rules[i].from_parties)
            if (!is_party(config, name))
                findings.mistake_at(path_of(i) + ".from", "no peer or zone is named \"" + name + "\", expected " +
                                                              std::string(from_expected));
        check_sip_ports(config, config.rules[i], path_of(i), findings);
        check_guarded(config, config.rules[i], path_of(i), findings);
    }
}

std::vector<std::string> expired_rules(const Config& config, std::chrono::sys_seconds now) {
    std::vector<std::string> said;
    for (size_t i = 0; i < config.rules.size(); ++i)
        if (const auto& until = config.rules[i].until; until && *until <= now)
            said.push_back(path_of(i) + ".until: past, the rule lets nothing through any more");
    return said;
}

} // namespace ringwall::policy

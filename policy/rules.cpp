// SPDX-License-Identifier: Apache-2.0
// Static rules, as they are read. A rule opens inside ports without a call; it never admits to SIP, which peers and zones do.
#include <algorithm>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

// Names are looked for among the peers and zones in check_rules(): they may stand further down in the file.
void read_source(const Value& item, Rule& rule) {
    if (item.is("any")) {
        rule.from_any = true;
    } else if (as::prefix.parse(item.text())) {
        if (const auto network = read_network(item)) rule.from.push_back(*network);
    } else if (const auto name = item.read(as::name)) {
        rule.from_parties.push_back(*name);
    }
}

bool is_inside(const Prefix& prefix, const Config& config) {
    return config.protect_self || config.protect.empty() || // a mistake, and said
           std::ranges::any_of(config.protect, [&](const Prefix& network) { return network.contains(prefix); });
}

void read_destinations(const Value& to, const Config& config, Rule& rule) {
    const auto items = to.items();
    if (std::ranges::any_of(items, [](const Value& item) { return item.is("any"); })) return; // all that is protected
    for (const Value& item : items) {
        const auto prefix = item.read(as::prefix);
        if (prefix && !is_inside(*prefix, config)) item.refuse();
        else if (prefix) rule.to.push_back(*prefix);
    }
}

Rule read_rule(const Value& value, const Config& config) {
    Rule rule;
    const Section section(value);
    section.read("allow", as::protocol, rule.protocol);
    if (const auto to = section.find("to")) read_destinations(*to, config, rule);
    section.read_all("ports", as::port_range, rule.ports);
    if (const auto from = section.find("from"))
        for (const Value& item : from->items()) read_source(item, rule);
    if (const auto until = section.find("until")) {
        rule.until = until->read(as::date_time);
        rule.past = until->remark("past, the rule lets nothing through any more");
    }
    return rule;
}

} // namespace

void read_rules(const Value& rules, Config& config) {
    for (const Value& item : rules.items()) config.rules.push_back(read_rule(item, config));
}

std::vector<Mistake> expired_rules(const Config& config, std::chrono::sys_seconds now) {
    std::vector<Mistake> said;
    for (const Rule& rule : config.rules)
        if (rule.until && *rule.until <= now) said.push_back(rule.past);
    return said;
}

} // namespace ringwall::policy

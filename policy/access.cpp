// SPDX-License-Identifier: Apache-2.0
// `allow` and `deny`: prefixes, and files that hold them.
#include <algorithm>

#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

void add_list(const Value& value, ListKind kind, Config& config) {
    const auto path = value.read(as::path);
    if (!path) return;
    if (std::ranges::find(config.lists, *path, &ListFile::path) != config.lists.end())
        return value.refuse("expected each list file once");
    config.lists.push_back({*path, kind});
}

void add_lists(const Section& section, std::string_view key, ListKind kind, Config& config) {
    if (const auto files = section.find(key))
        for (const Value& file : files->items()) add_list(file, kind, config);
}

void add_allowed(const Prefix& prefix, uint32_t place, Config& config) {
    config.allow.push_back(prefix);
    config.allow_items.push_back(place);
}

// A prefix, { network: PREFIX, bypass: all } or { file: PATH, bypass: all }, each without `bypass` too.
void read_allowed(const Value& item, uint32_t place, Config& config) {
    if (!item.is_mapping()) {
        if (const auto prefix = read_network(item)) add_allowed(*prefix, place, config);
        return;
    }
    const Section section(item);
    const bool bypass = section.find("bypass").has_value(); // `all`, the schema says
    const auto network = section.find("network"), file = section.find("file");
    const bool names_network = item.node().find("network") != nullptr, names_file = item.node().find("file") != nullptr;
    if (names_network && names_file) return item.refuse("expected network or file, not both");
    if (!names_network && !names_file) return item.refuse();
    if (file) return add_list(*file, bypass ? ListKind::bypass : ListKind::allow, config);
    const auto prefix = network ? read_network(*network) : std::nullopt;
    if (!prefix) return;
    add_allowed(*prefix, place, config);
    if (!bypass) return;
    config.bypass.push_back(*prefix);
    config.bypass_items.push_back(place);
}

} // namespace

void read_allow(const Value& allow, Config& config) {
    uint32_t place = 0;
    for (const Value& item : allow.items()) read_allowed(item, place++, config);
}

void read_deny(const Value& deny, Config& config) {
    const Section section(deny);
    if (const auto networks = section.find("networks"))
        for (const Value& item : networks->items())
            if (const auto network = read_network(item)) config.deny.push_back(*network);
    if (const auto agents = section.find("user_agents")) config.user_agents = read_user_agents(*agents);
    section.read("scope", as::deny_scope, config.deny_all);
    add_lists(section, "files", ListKind::deny, config);
    add_lists(section, "feeds", ListKind::feed, config);
}

} // namespace ringwall::policy

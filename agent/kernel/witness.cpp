// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/witness.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <optional>

#include "agent/clock.hpp"
#include "agent/pinhole/control_word.hpp"
#include "maps/bans.hpp"

namespace ringwall::kernel {
namespace {

template <class Value, class Key>
std::optional<Value> find(const Fd& map, const Key& key) {
    Value value{};
    if (bpf_map_lookup_elem(map.get(), &key, &value) != 0) return std::nullopt;
    return value;
}
template <class Value, class Key>
Value at(const Fd& map, const Key& key) {
    return find<Value>(map, key).value_or(Value{});
}

bool names(const struct rule& rule, const why::Question& question) {
    if (rule.protocol != static_cast<uint32_t>(question.protocol)) return false;
    if (rule.until_tai_ns != 0 && rule.until_tai_ns <= static_cast<uint64_t>(read_clock(CLOCK_TAI).count()))
        return false;
    const uint16_t port = question.destination.port.value;
    return std::any_of(rule.ports, rule.ports + std::min<uint32_t>(rule.port_count, PORTS_PER_RULE),
                       [&](const struct port_range& range) { return range.first <= port && port <= range.last; });
}

} // namespace

Result<Witness> Witness::open(const MapSource& live) {
    Descriptors fds;
    const std::pair<Fd&, const char*> wanted[] = {
        {fds.active, "active"},     {fds.wall, "wall"},           {fds.ports, "ports"},
        {fds.networks, "networks"}, {fds.zones, "zones"},         {fds.rules, "rules"},
        {fds.pinholes, "pinholes"}, {fds.peer_sets, "peer_sets"}, {fds.refusals, "refusals"},
        {fds.dialogs, "dialogs"},   {fds.known, "known"},         {fds.learned, "learned"},
        {fds.bans, "bans"},         {fds.liveness, "liveness"},
    };
    for (const auto& [fd, name] : wanted) {
        auto opened = live.map(name, BPF_F_RDONLY);
        if (!opened) return tl::make_unexpected(opened.error());
        fd = std::move(*opened);
    }
    return Witness(std::move(fds));
}

// In the trie alone: the hints only spare the programs a look.
struct network Witness::network_of(const IpAddress& address, uint32_t generation) const {
    return at<struct network>(
        fds_.networks, network_key{.prefix_length = 32 + 128, .generation = generation, .address = address.abi()});
}

void Witness::look_at_hole(const struct pinhole_key& key, why::Evidence& evidence) const {
    const auto value = find<struct pinhole>(fds_.pinholes, key);
    if (!value) return;
    const uint32_t slot = pinhole::ControlWord::of(value->ctl).slot;
    const struct peer_set own{.count = 1, .zero = 0, .peer = {value->peer}};
    evidence.hole = {key, *value, slot == 0 ? own : at<struct peer_set>(fds_.peer_sets, slot)};
    evidence.owner = find<struct dialog_record>(fds_.dialogs, value->owner);
    evidence.refusal = find<struct refusal>(fds_.refusals, key);
}

void Witness::look_at_rules(const why::Question& question, uint32_t generation, why::Evidence& evidence) const {
    const uint64_t bits = evidence.source.rules_from & evidence.destination.rules_to;
    for (uint32_t number = 0; number < RULES; ++number)
        if ((bits >> number & 1) != 0 && names(at<struct rule>(fds_.rules, generation * RULES + number), question))
            evidence.rules.push_back(number);
}

why::Evidence Witness::look(const why::Question& question, uint64_t now_ns) const {
    const uint32_t zero = 0, generation = at<struct active>(fds_.active, zero).generation & (GENERATIONS - 1);
    const Endpoint &inside = question.inside(), &outside = question.outside();
    why::Evidence evidence{.now_ns = now_ns};
    evidence.wall = at<struct wall>(fds_.wall, generation);
    evidence.source = network_of(question.source.address, generation);
    evidence.destination = network_of(question.destination.address, generation);
    const uint32_t zone = question.way == why::Way::in ? evidence.source.zone : evidence.destination.zone;
    evidence.zone = at<struct zone>(fds_.zones, generation * ZONES + (zone & (ZONES - 1)));
    evidence.bits = at<struct port_policy>(fds_.ports, generation * 1024 + (uint32_t{inside.port.value} >> 6));
    evidence.heartbeat_ns = at<struct liveness>(fds_.liveness, zero).heartbeat_ns;
    const struct pinhole_key key{
        .address = inside.address.abi(),
        .port_proto = uint32_t{inside.port.value} << 16 | static_cast<uint32_t>(question.protocol)};
    look_at_hole(key, evidence);
    look_at_rules(question, generation, evidence);
    if (auto learned = find<struct learned_port>(fds_.learned, key); learned && learned->until_ns > now_ns)
        evidence.learned = *learned;
    for (const struct ban_key& each : ban_keys_of(outside))
        if (const auto ban = find<struct ban>(fds_.bans, each); ban && ban->until_ns > now_ns)
            evidence.bans.emplace_back(each, *ban);
    for (const struct known_key& each : known_keys_of(outside))
        if (const auto known = find<struct known>(fds_.known, each); known && known->until_ns > now_ns)
            evidence.known |= known->flags;
    return evidence;
}

} // namespace ringwall::kernel

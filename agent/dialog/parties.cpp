// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/parties.hpp"

#include <algorithm>
#include <cstring>

namespace ringwall::dialog {
namespace {

constexpr std::chrono::minutes known_life{10}; // renewed while a call lives
constexpr std::chrono::seconds tick_interval{30};
constexpr std::chrono::hours longest_life{24};

struct known_key key_of(const IpAddress& address, Port port) { return {address.abi(), port.value}; }

bool add_party(struct learned_port& port, const Counterpart& party, bool peers_are_declared) {
    const struct learned_port before = port;
    if (!peers_are_declared) port.flags |= LEARNED_ANY_SOURCE;
    if (party.is_declared) port.zones[party.zone / 64] |= uint64_t{1} << (party.zone % 64);
    else if (peers_are_declared) {
        const struct address address = party.signalling.address.abi();
        const auto is = [](const struct address& wanted) {
            return [&](const struct address& a) { return std::memcmp(&a, &wanted, sizeof a) == 0; };
        };
        if (std::ranges::none_of(port.party, is(address))) {
            const auto free = std::ranges::find_if(port.party, is(::address{}));
            if (free == std::end(port.party)) port.flags |= LEARNED_ANY_SOURCE;
            else *free = address;
        }
    }
    return std::memcmp(&before, &port, sizeof port) != 0;
}

void extend(__u64& until_ns, TimePoint until) { until_ns = std::max<uint64_t>(until_ns, pinhole::to_ns(until)); }

bool is_zero(const struct address& address) {
    return (address.word[0] | address.word[1] | address.word[2] | address.word[3]) == 0;
}

} // namespace

bool Parties::KeyLess::operator()(const struct known_key& a, const struct known_key& b) const {
    return std::memcmp(&a, &b, sizeof a) < 0;
}

void Parties::restore(const pinhole::Present& present) {
    for (const auto& [key, value] : present.known) known_[key].value = value;
    for (const auto& [key, value] : present.learned) learned_[pinhole::HoleKey::from(key)] = value;
}

void Parties::put(const struct known_key& key, const Known& known) {
    operations_.operations.push_back(pinhole::put_known(key, known.value));
}

bool Parties::has_room(const struct known_key& key) {
    if (known_.contains(key) || known_.size() < capacity_known) return true;
    ++counters_.known_full;
    return false;
}

void Parties::joined(const Leg& leg, TimePoint now) {
    const struct known_key key = key_of(leg.counterpart.signalling.address, leg.counterpart.signalling.port);
    if (const auto found = by_leg_.find(leg.id); found != by_leg_.end()) {
        if (std::memcmp(&found->second, &key, sizeof key) == 0) return;
        left(leg.id); // it is elsewhere now
    }
    if (!has_room(key)) return;
    Known& known = known_[key];
    known.zone = leg.counterpart.zone;
    known.legs.insert(leg.id);
    by_leg_[leg.id] = key;
    known.value.flags |= KNOWN_PARTY;
    extend(known.value.until_ns, now + known_life);
    put(key, known);
}

void Parties::left(LegId leg) {
    const auto found = by_leg_.find(leg);
    if (found == by_leg_.end()) return;
    known_[found->second].legs.erase(leg);
    by_leg_.erase(found);
}

void Parties::registered(const IpAddress& registrar, std::chrono::seconds expires, TimePoint now) {
    const auto life = std::clamp<std::chrono::seconds>(expires + std::chrono::minutes(1), least_life, longest_life);
    const struct known_key key = key_of(registrar, Port{0});
    if (!has_room(key)) return;
    Known& known = known_[key];
    known.value.flags |= KNOWN_REGISTRAR;
    extend(known.value.until_ns, now + life);
    put(key, known);
}

void Parties::learned(const pinhole::HoleKey& key, const Counterpart& party, bool peers_are_declared,
                      std::chrono::seconds life, TimePoint now) {
    if (!learned_.contains(key) && learned_.size() >= capacity_learned) {
        ++counters_.learned_full;
        return;
    }
    struct learned_port& port = learned_[key];
    const auto lasts = std::clamp<std::chrono::seconds>(life, least_life, longest_life);
    const uint64_t until = pinhole::to_ns(now + lasts), slack = pinhole::to_ns(TimePoint(std::chrono::minutes(1)));
    const bool is_new_party = add_party(port, party, peers_are_declared);
    if (!is_new_party && until < port.until_ns + slack) return;
    extend(port.until_ns, now + lasts);
    operations_.operations.push_back(pinhole::put_learned(key.abi(), port));
}

void Parties::tick(TimePoint now) {
    if (now < next_tick_) return;
    next_tick_ = now + tick_interval;
    renew_known(now);
    renew_learned(now);
}

void Parties::renew_known(TimePoint now) {
    for (auto entry = known_.begin(); entry != known_.end();) {
        auto& [key, known] = *entry;
        if (!known.legs.empty()) {
            extend(known.value.until_ns, now + known_life);
            put(key, known);
        }
        if (known.value.until_ns > pinhole::to_ns(now)) {
            ++entry;
            continue;
        }
        operations_.operations.push_back(pinhole::delete_known(key));
        entry = known_.erase(entry);
    }
}

Parties::Live Parties::live() const {
    Live live;
    for (const auto& [key, known] : known_) {
        if (known.legs.empty()) continue;
        live.zones[known.zone / 64] |= uint64_t{1} << (known.zone % 64);
        live.addresses.insert(IpAddress::from(key.address));
    }
    return live;
}

void Parties::renew_learned(TimePoint now) {
    const Live live = this->live();
    const auto is_live = [&](const struct learned_port& port) {
        for (size_t i = 0; i < live.zones.size(); ++i)
            if (port.zones[i] & live.zones[i]) return true;
        for (const struct address& party : port.party)
            if (!is_zero(party) && live.addresses.contains(IpAddress::from(party))) return true;
        return (port.flags & LEARNED_ANY_SOURCE) && !live.addresses.empty();
    };
    for (auto entry = learned_.begin(); entry != learned_.end();) {
        auto& [key, port] = *entry;
        if (is_live(port)) {
            extend(port.until_ns, now + least_life);
            operations_.operations.push_back(pinhole::put_learned(key.abi(), port));
        }
        if (port.until_ns > pinhole::to_ns(now)) {
            ++entry;
            continue;
        }
        operations_.operations.push_back(pinhole::delete_learned(key.abi()));
        entry = learned_.erase(entry);
    }
}

pinhole::MapOps Parties::take_operations() { return std::exchange(operations_, {}); }

} // namespace ringwall::dialog

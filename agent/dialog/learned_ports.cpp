// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/learned_ports.hpp"

#include <algorithm>
#include <cstring>

namespace ringwall::dialog {
namespace {

constexpr std::chrono::hours longest_life{24};

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

bool is_zero(const struct address& address) {
    return (address.word[0] | address.word[1] | address.word[2] | address.word[3]) == 0;
}

bool renumber_zones(struct learned_port& port, const policy::Renumbering& numbers) {
    const struct learned_port before = port;
    std::ranges::fill(port.zones, 0);
    for (size_t zone = 1; zone < numbers.size(); ++zone)
        if (const uint8_t number = numbers[zone]; number != 0 && (before.zones[zone / 64] >> (zone % 64) & 1) != 0)
            port.zones[number / 64] |= uint64_t{1} << (number % 64);
    return std::memcmp(&before, &port, sizeof port) != 0;
}

bool has_party_of(const struct learned_port& port, const Live& live) {
    for (size_t i = 0; i < live.zones.size(); ++i)
        if (port.zones[i] & live.zones[i]) return true;
    for (const struct address& party : port.party)
        if (!is_zero(party) && live.addresses.contains(IpAddress::from(party))) return true;
    return (port.flags & LEARNED_ANY_SOURCE) && !live.addresses.empty();
}

} // namespace

// Numbers of zones are taken as they stand: by which configuration they were written is nowhere said. Where peers were
// put in another order while nobody ran, ports stay open to a declared peer that they were not learned for, for as long
// as they are registered, and to their own from the next REGISTER on. To drop all numbers instead would shut every such
// port at each restart, and hardly any restart comes with another order.
// For which registrations is forgotten, too: all that time a port may be needed.
void LearnedPorts::restore(const pinhole::Present& present) {
    for (const auto& [key, value] : present.learned) ports_[pinhole::HoleKey::from(key)] = {value, value.until_ns};
}

// A port that is left to nobody is kept: the inside has named it, and opens it again with its next message.
void LearnedPorts::renumber(const policy::Renumbering& numbers) {
    for (auto& [key, learned] : ports_)
        if (renumber_zones(learned.port, numbers)) put(key, learned.port);
}

void LearnedPorts::put(const pinhole::HoleKey& key, const struct learned_port& port) {
    operations_.operations.push_back(pinhole::put_learned(key.abi(), port));
}

void LearnedPorts::keep(const Endpoint& inside, TimePoint until, TimePoint now) {
    const uint64_t until_ns = pinhole::to_ns(std::clamp<TimePoint>(until, now + least_life, now + longest_life));
    for (const Protocol protocol : {Protocol::udp, Protocol::tcp}) {
        const auto found = ports_.find({inside, protocol});
        if (found == ports_.end() || until_ns <= found->second.port.until_ns) continue;
        found->second.port.until_ns = until_ns;
        put(found->first, found->second.port);
    }
}

void LearnedPorts::let_go(const Endpoint& inside, TimePoint needed, TimePoint now) {
    const uint64_t needed_ns = pinhole::to_ns(std::max<TimePoint>(needed, now + least_life));
    for (const Protocol protocol : {Protocol::udp, Protocol::tcp}) {
        const auto found = ports_.find({inside, protocol});
        if (found == ports_.end()) continue;
        auto& [port, otherwise_ns] = found->second;
        const uint64_t until_ns = std::max<uint64_t>(otherwise_ns, needed_ns);
        if (until_ns >= port.until_ns) continue;
        port.until_ns = until_ns;
        put(found->first, port);
    }
}

void LearnedPorts::note(const pinhole::HoleKey& key, const Counterpart& party, bool peers_are_declared,
                        const Need& need, TimePoint now) {
    if (!ports_.contains(key) && ports_.size() >= capacity) {
        ++refused_full_;
        return;
    }
    auto& [port, otherwise_ns] = ports_[key];
    const auto lasts = std::clamp<std::chrono::seconds>(need.life, least_life, longest_life);
    pinhole::extend(otherwise_ns, now + (need.is_registered ? least_life : lasts));
    const uint64_t until = pinhole::to_ns(now + lasts), slack = pinhole::to_ns(TimePoint(std::chrono::minutes(1)));
    const bool is_new_party = add_party(port, party, peers_are_declared);
    if (!is_new_party && until < port.until_ns + slack) return;
    pinhole::extend(port.until_ns, now + lasts);
    put(key, port);
}

void LearnedPorts::use(Leg& leg, std::span<const Endpoint> named) {
    for (const Endpoint& port : named)
        if (leg.reached_at.size() < most_of_call && std::ranges::find(leg.reached_at, port) == leg.reached_at.end())
            leg.reached_at.push_back(port);
    while (leg.reached_at_counted < leg.reached_at.size()) ++calls_[leg.reached_at[leg.reached_at_counted++]];
}

void LearnedPorts::release(const Leg& leg) {
    for (size_t i = 0; i < leg.reached_at_counted; ++i)
        if (const auto found = calls_.find(leg.reached_at[i]); --found->second == 0) calls_.erase(found);
}

bool LearnedPorts::is_live(const pinhole::HoleKey& key, const struct learned_port& port, const Live& restored) const {
    return calls_.contains(key.local) || has_party_of(port, restored);
}

void LearnedPorts::renew(const Live& restored, TimePoint now) {
    for (auto entry = ports_.begin(); entry != ports_.end();) {
        const pinhole::HoleKey& key = entry->first;
        struct learned_port& port = entry->second.port;
        if (is_live(key, port, restored)) {
            pinhole::extend(port.until_ns, now + least_life);
            put(key, port);
        }
        if (port.until_ns > pinhole::to_ns(now)) {
            ++entry;
            continue;
        }
        operations_.operations.push_back(pinhole::delete_learned(key.abi()));
        entry = ports_.erase(entry);
    }
}

void LearnedPorts::take_operations(pinhole::MapOps& all) {
    all.append(operations_);
    operations_.clear();
}

} // namespace ringwall::dialog

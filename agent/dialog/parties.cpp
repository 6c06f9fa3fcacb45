// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/parties.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringwall::dialog {
namespace {

constexpr std::chrono::minutes known_life{10};      // renewed while a call lives, and over a restart
constexpr std::chrono::seconds known_after_end{32}; // RFC 3261 17.1.1.1, 64 times T1: what comes again
constexpr std::chrono::seconds told_anew{1};
constexpr std::chrono::seconds tick_interval{30};
constexpr std::chrono::hours longest_life{24};
constexpr std::chrono::minutes registrar_margin{1};
constexpr std::chrono::seconds phone_margin{32}; // a refresh at the last moment, and its answer

struct known_key key_of(const IpAddress& address, Port port) { return {address.abi(), port.value}; }

// What one subscriber has, as a rule: an IPv4 address, whatever it is seen as, or a /48.
IpAddress network_of(const struct known_key& key) {
    const IpAddress address = IpAddress::from(key.address);
    const bool is_one_host = household_of(address).length == 128;
    return Prefix::of(address, is_one_host ? 128 : 48).address;
}

} // namespace

bool Parties::Known::is_trusted(uint64_t now_ns) const {
    return until_ns[as_phone] > now_ns || until_ns[as_registrar] > now_ns || legs_begun_inside > 0;
}

// What the kernel is told: one end for all roles, and the agent takes out those that end sooner.
struct known Parties::Known::value(uint64_t now_ns) const {
    struct known value{};
    for (unsigned role = 0; role < role_count; ++role) {
        if (until_ns[role] <= now_ns) continue;
        value.flags |= 1U << role;
        value.until_ns = std::max<__u64>(value.until_ns, until_ns[role]);
    }
    return value;
}

void Parties::restore(const pinhole::Present& present) {
    for (const auto& [key, value] : present.known) {
        Known& known = known_[key];
        for (unsigned role = 0; role < as_proven; ++role) // those behind show themselves anew
            if (value.flags & 1U << role) known.until_ns[role] = value.until_ns;
        if (value.flags & KNOWN_REGISTRAR) known.restored_ns = value.until_ns;
        known.is_phone = (value.flags & (KNOWN_REGISTERED | KNOWN_REMEMBERED)) != 0;
        known.told_flags = value.flags;
        known.told_until_ns = value.until_ns;
        if (known.is_phone) count_phone(key, 1);
    }
}

void Parties::renumber(const policy::View& after) {
    for (auto& [key, known] : known_)
        if (known.legs > 0) known.zone = after.zone_of(IpAddress::from(key.address)); // the kernel is told of none
}

void Parties::put(const struct known_key& key, Known& known, TimePoint now) {
    const struct known value = known.value(pinhole::to_ns(now));
    known.told_flags = value.flags;
    known.told_until_ns = value.until_ns;
    operations_.operations.push_back(pinhole::put_known(key, value));
}

bool Parties::is_registrar(const IpAddress& address, TimePoint now) const {
    const auto found = known_.find(key_of(address, Port{0}));
    return found != known_.end() && found->second.until_ns[as_registrar] > pinhole::to_ns(now);
}

bool Parties::has_room(const struct known_key& key) {
    if (known_.contains(key) || known_.size() < capacity_known) return true;
    ++refused_full_;
    return false;
}

void Parties::joined(Leg& leg, TimePoint now) {
    const struct known_key key = key_of(leg.counterpart.signalling.address, leg.counterpart.signalling.port);
    if (leg.is_party) {
        if (std::memcmp(&leg.party, &key, sizeof key) == 0) return;
        left(leg, now); // it is elsewhere now
        leg.is_party = false;
    }
    if (!has_room(key)) return;
    leg.party = key;
    leg.is_party = true;
    Known& known = known_[key];
    known.zone = leg.counterpart.zone;
    ++known.legs;
    known.legs_begun_inside += leg.begun_inside;
    known.legs_restored += leg.is_restored;
    pinhole::extend(known.until_ns[as_party], now + known_life);
    // A trunk has thousands of calls: one more a second is news.
    const uint64_t told_long_enough = pinhole::to_ns(now + known_life - told_anew);
    if ((known.told_flags & KNOWN_PARTY) != 0 && known.told_until_ns >= told_long_enough) return;
    put(key, known, now);
}

void Parties::left(const Leg& leg, TimePoint now) {
    if (!leg.is_party) return;
    Known& known = known_[leg.party];
    --known.legs;
    known.legs_begun_inside -= leg.begun_inside;
    known.legs_restored -= leg.is_restored;
    if (known.legs > 0) return;
    known.until_ns[as_party] = std::min<__u64>(known.until_ns[as_party], pinhole::to_ns(now + known_after_end));
    put(leg.party, known, now); // or the kernel, and who asks, would take him for a party for minutes yet
}

void Parties::registered(const IpAddress& registrar_at, TimePoint until, TimePoint now) {
    const auto least = now + registrar_margin, most = now + longest_life;
    const struct known_key key = key_of(registrar_at, Port{0});
    if (!has_room(key)) return;
    Known& known = known_[key];
    const uint64_t until_ns =
        std::max(known.restored_ns, pinhole::to_ns(std::clamp(until + registrar_margin, least, most)));
    if (known.until_ns[as_registrar] == until_ns) return;
    known.until_ns[as_registrar] = until_ns;
    put(key, known, now);
}

// Whoever has one password can register from port after port, and address after address, and is remembered for a week.
bool Parties::has_room_for_phone(const struct known_key& key) const {
    if (phones_ >= capacity_phones || (key.port == 0 && memories_ >= capacity_memories)) return false;
    const auto found = phones_of_network_.find(network_of(key));
    return found == phones_of_network_.end() || found->second < capacity_network;
}

void Parties::count_phone(const struct known_key& key, int by) {
    const auto number = static_cast<size_t>(by);
    phones_ += number;
    if (key.port == 0) memories_ += number;
    const IpAddress network = network_of(key);
    if ((phones_of_network_[network] += number) == 0) phones_of_network_.erase(network);
}

Parties::Known* Parties::phone_at(const struct known_key& key) {
    if (const auto found = known_.find(key); found != known_.end() && found->second.is_phone) return &found->second;
    if (!has_room_for_phone(key)) {
        ++refused_full_;
        return nullptr;
    }
    if (!has_room(key)) return nullptr;
    count_phone(key, 1);
    Known& known = known_[key];
    known.is_phone = true;
    return &known;
}

void Parties::promoted(const Endpoint& outside, TimePoint until, TimePoint now) {
    const struct known_key exact = key_of(outside.address, outside.port), anywhere = key_of(outside.address, Port{0});
    const bool is_over = until <= now;
    if (is_over && !is_phone(outside, now)) return;
    if (Known* known = phone_at(exact)) {
        known->until_ns[as_phone] = is_over ? 0 : pinhole::to_ns(std::min(until, now + longest_life) + phone_margin);
        put(exact, *known, now);
    }
    if (is_over) return;
    if (Known* known = phone_at(anywhere)) {
        known->until_ns[as_memory] = pinhole::to_ns(now + remembered);
        put(anywhere, *known, now);
    }
}

bool Parties::is_told(const Endpoint& outside, TimePoint now) const {
    const auto is_told_at = [&](Port port) {
        const auto found = known_.find(key_of(outside.address, port));
        return found != known_.end() && found->second.told_until_ns > pinhole::to_ns(now) &&
               (found->second.told_flags & KNOWN_NO_STRANGER) != 0;
    };
    return is_told_at(outside.port) || is_told_at(Port{0});
}

bool Parties::is_phone(const Endpoint& outside, TimePoint now) const {
    const auto found = known_.find(key_of(outside.address, outside.port));
    return found != known_.end() && found->second.until_ns[as_phone] > pinhole::to_ns(now);
}

bool Parties::watch(const Endpoint& outside, TimePoint until, TimePoint now) {
    const struct known_key key = key_of(outside.address, outside.port);
    const bool is_new = !known_.contains(key);
    if (is_new && watched_ >= capacity_watched) {
        ++refused_full_;
        return false;
    }
    if (is_new && !has_room(key)) return false;
    Known& known = known_[key];
    if (is_new) known.is_watched = true, ++watched_;
    known.until_ns[as_proven] = pinhole::to_ns(until);
    put(key, known, now);
    return true;
}

void Parties::filled(const struct known_key& source, bool is_full, TimePoint now) {
    if (is_full ? !has_room(source) : !known_.contains(source)) return;
    Known& known = known_[source];
    known.is_full = is_full;
    known.until_ns[as_full] = is_full ? pinhole::to_ns(now + known_life) : 0;
    put(source, known, now);
}

bool Parties::is_trusted(const Endpoint& outside, TimePoint now) const {
    const auto is_trusted_at = [&](Port port) {
        const auto found = known_.find(key_of(outside.address, port));
        return found != known_.end() && found->second.is_trusted(pinhole::to_ns(now));
    };
    return is_trusted_at(outside.port) || is_trusted_at(Port{0});
}

bool Parties::is_party(const Endpoint& outside, TimePoint now) const {
    const auto found = known_.find(key_of(outside.address, outside.port));
    return found != known_.end() && found->second.until_ns[as_party] > pinhole::to_ns(now);
}

// Keys are in the order of their bytes, the address before the port.
bool Parties::has_trusted(const Prefix& network, TimePoint now) const {
    for (auto entry = known_.lower_bound(key_of(network.address, Port{0})); entry != known_.end(); ++entry) {
        if (!network.contains(IpAddress::from(entry->first.address))) return false;
        if (entry->second.is_trusted(pinhole::to_ns(now))) return true;
    }
    return false;
}

bool Parties::tick(TimePoint now) {
    if (now < next_tick_) return false;
    next_tick_ = now + tick_interval;
    const uint64_t now_ns = pinhole::to_ns(now);
    for (auto entry = known_.begin(); entry != known_.end();) {
        auto& [key, known] = *entry;
        if (known.legs > 0) pinhole::extend(known.until_ns[as_party], now + known_life);
        if (known.is_full) pinhole::extend(known.until_ns[as_full], now + known_life);
        if (known.until_ns[as_proven] <= now_ns) watched_ -= std::exchange(known.is_watched, false);
        const bool is_over = std::ranges::all_of(known.until_ns, [&](uint64_t until) { return until <= now_ns; });
        if (is_over) {
            if (known.is_phone) count_phone(key, -1);
            operations_.operations.push_back(pinhole::delete_known(key));
            entry = known_.erase(entry);
            continue;
        }
        if (known.legs > 0 || known.is_full || known.told_flags != known.value(now_ns).flags) put(key, known, now);
        ++entry;
    }
    return true;
}

Live Parties::live_restored() const {
    Live live;
    for (const auto& [key, known] : known_) {
        if (known.legs_restored == 0) continue;
        live.zones[known.zone / 64] |= uint64_t{1} << (known.zone % 64);
        live.addresses.insert(IpAddress::from(key.address));
    }
    return live;
}

void Parties::take_operations(pinhole::MapOps& all) {
    all.append(operations_);
    operations_.clear();
}

} // namespace ringwall::dialog

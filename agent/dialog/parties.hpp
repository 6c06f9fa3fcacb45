// SPDX-License-Identifier: Apache-2.0
// Who is no stranger: learned from the signalling, kept in the map `known` (maps/abi/party.h) for as long as a call or a
// registration lasts.
#pragma once

#include <array>
#include <map>
#include <set>

#include "agent/dialog/leg.hpp"
#include "agent/pinhole/map_value.hpp"
#include "agent/sip/message.hpp"
#include "maps/by_bytes.hpp"

namespace ringwall::dialog {

// The parties of live calls of before a restart.
struct Live {
    std::array<uint64_t, 4> zones{};
    std::set<IpAddress> addresses;
};

class Parties {
public:
    static constexpr size_t capacity_known = 65536;
    static constexpr size_t capacity_phones =
        capacity_known / 2; // registered, and remembered: the rest stays for calls
    static constexpr size_t capacity_memories = capacity_phones / 2; // remembered: the rest stays for who is registered
    static constexpr size_t capacity_network = capacity_phones / 4;  // of one IPv4 address or IPv6 /48
    static constexpr size_t capacity_watched = capacity_known / 8;
    static constexpr std::chrono::hours remembered{24 * 7};

    void restore(const pinhole::Present& present);
    // A new policy counts zones anew: parties of live calls are of the one that their addresses are in now.
    void renumber(const policy::View& after);
    // The outside endpoint of a live call is known while the call lives, and half a minute more.
    void joined(Leg& leg, TimePoint now);
    void left(const Leg& leg, TimePoint now);
    // The inside is registered there until then, or asks to be; a minute more for the refresh to be answered.
    void registered(const IpAddress& registrar, TimePoint until, TimePoint now);
    // Somebody outside is registered with the inside from exactly there until then; in the past: no longer.
    void promoted(const Endpoint& phone, TimePoint until, TimePoint now);
    // Registered here, a registrar of the inside's, or in a call that the inside began: nothing that a message says can ban it.
    bool is_trusted(const Endpoint& outside, TimePoint now) const;
    // Is anybody at that address, or in that IPv6 /64, to whom a ban of all of it would do wrong?
    bool has_trusted(const Prefix& network, TimePoint now) const;
    bool is_phone(const Endpoint& outside, TimePoint now) const; // registered here
    bool is_told(const Endpoint& outside, TimePoint now) const;  // the kernel has been told that it is no stranger
    // Has shown where it is: what it sends over its limits is counted until then. False where there is no room for one more.
    bool watch(const Endpoint& outside, TimePoint until, TimePoint now);
    // Has come to its ceiling of calls, or has room again.
    void filled(const struct known_key& source, bool is_full, TimePoint now);
    bool is_party(const Endpoint& outside, TimePoint now) const; // of a live call, whoever began it
    bool is_registrar(const IpAddress& address, TimePoint now) const;
    Live live_restored() const;
    // Renews who is in a call, forgets who is no longer anybody.
    bool tick(TimePoint now);                   // false where it is not time yet
    void take_operations(pinhole::MapOps& all); // since the last call; appends them
    uint64_t refused_full() const { return refused_full_; }

private:
    enum Role : uint8_t {
        as_party,
        as_registrar,
        as_phone,
        as_memory,
        as_proven,
        as_full,
        role_count
    }; // bits of enum known_flag, in its order
    struct Known {
        std::array<__u64, role_count> until_ns{}; // each role's own end
        uint64_t restored_ns = 0; // a registrar's, of before a restart: the registrations behind it are forgotten
        uint8_t zone = 0;
        bool is_phone = false;   // came in as one that registered
        bool is_full = false;    // of calls
        bool is_watched = false; // came in as one that had shown where it is
        uint32_t told_flags = 0; // to the kernel
        uint64_t told_until_ns = 0;
        size_t legs = 0, legs_begun_inside = 0, legs_restored = 0;
        bool is_trusted(uint64_t now_ns) const;
        struct known value(uint64_t now_ns) const;
    };
    void put(const struct known_key& key, Known& known, TimePoint now);
    bool has_room(const struct known_key& key);
    Known* phone_at(const struct known_key& key); // null where there is no room for one more
    bool has_room_for_phone(const struct known_key& key) const;
    void count_phone(const struct known_key& key, int by);

    std::map<struct known_key, Known, ByBytes> known_;
    size_t phones_ = 0, memories_ = 0, watched_ = 0; // of known_; each that came in as one. Memories are phones, too
    std::map<IpAddress, size_t> phones_of_network_;
    TimePoint next_tick_{};
    pinhole::MapOps operations_;
    uint64_t refused_full_ = 0; // for want of room
};

} // namespace ringwall::dialog

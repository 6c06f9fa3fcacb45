// SPDX-License-Identifier: Apache-2.0
// Who is no stranger, and which inside ports have become SIP ports: learned from the signalling, kept in the maps
// `known` and `learned` (maps/abi/party.h) for as long as a call, a registration or five minutes last.
#pragma once

#include <array>
#include <map>
#include <set>

#include "agent/dialog/leg.hpp"
#include "agent/pinhole/book.hpp"
#include "agent/sip/message.hpp"

namespace ringwall::dialog {

struct PartyCounters {
    uint64_t known_full = 0, learned_full = 0; // refused for want of room
};

class Parties {
public:
    static constexpr std::chrono::minutes least_life{5}; // of a learned port
    static constexpr size_t capacity_known = 65536, capacity_learned = 16384;

    void restore(const pinhole::Present& present);
    // The outside endpoint of a live call is known while the call lives.
    void joined(const Leg& leg, TimePoint now);
    void left(LegId leg);
    // The inside sent a REGISTER there: a registrar for that long.
    void registered(const IpAddress& registrar, std::chrono::seconds expires, TimePoint now);
    // An inside endpoint left in a Contact or Via towards this party.
    void learned(const pinhole::HoleKey& inside, const Counterpart& party, bool peers_are_declared,
                 std::chrono::seconds life, TimePoint now);
    bool has_learned(const Endpoint& inside) const {
        return learned_.contains({inside, Protocol::udp}) || learned_.contains({inside, Protocol::tcp});
    }
    // Renews what live calls still need, forgets the rest, and gives the operations since the last call.
    void tick(TimePoint now);
    pinhole::MapOps take_operations();
    const PartyCounters& counters() const { return counters_; }

private:
    struct Known {
        struct known value{};
        uint8_t zone = 0;
        std::set<LegId> legs;
    };
    // The parties of live calls; a learned port lives while one of its own is among them.
    struct Live {
        std::array<uint64_t, 4> zones{};
        std::set<IpAddress> addresses;
    };
    Live live() const;
    void renew_known(TimePoint now);
    void renew_learned(TimePoint now);
    void put(const struct known_key& key, const Known& known);
    bool has_room(const struct known_key& key);

    struct KeyLess {
        bool operator()(const struct known_key& a, const struct known_key& b) const;
    };
    std::map<struct known_key, Known, KeyLess> known_;
    std::map<LegId, struct known_key> by_leg_;
    std::map<pinhole::HoleKey, struct learned_port> learned_;
    TimePoint next_tick_{};
    pinhole::MapOps operations_;
    PartyCounters counters_;
};

} // namespace ringwall::dialog

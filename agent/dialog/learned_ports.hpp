// SPDX-License-Identifier: Apache-2.0
// Which inside ports have become SIP ports: left by the inside in a Contact or Via, kept in the map `learned`
// (maps/abi/party.h) for as long as a call, a registration or five minutes last.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "agent/dialog/parties.hpp"
#include "policy/renumbering.hpp"

namespace ringwall::dialog {

class LearnedPorts {
public:
    static constexpr std::chrono::minutes least_life{5};
    static constexpr size_t capacity = 16384;

    void restore(const pinhole::Present& present);
    // A new policy counts peers anew: ports stay open to the declared peers that keep their names.
    void renumber(const policy::Renumbering& numbers);
    struct Need {
        std::chrono::seconds life{};
        bool is_registered = false; // by a registration that is known, which may take it back (let_go())
    };
    // Named towards this party.
    void note(const pinhole::HoleKey& inside, const Counterpart& party, bool peers_are_declared, const Need& need,
              TimePoint now);
    // The inside is registered with it until then.
    void keep(const Endpoint& inside, TimePoint until, TimePoint now);
    // A registration with it is taken back, the others end then: it closes in least_life, unless it is needed longer.
    void let_go(const Endpoint& inside, TimePoint needed, TimePoint now);
    bool contains(const Endpoint& inside) const {
        return ports_.contains({inside, Protocol::udp}) || ports_.contains({inside, Protocol::tcp});
    }
    static constexpr size_t most_of_call = 8;
    // A message of that call has named these: they stay as long as it lives.
    void use(Leg& leg, std::span<const Endpoint> named);
    void release(const Leg& leg);
    // Renews those of live calls, and as nobody knows which ports a call of before a restart has named, those with a party of
    // such a call; forgets those that are over.
    void renew(const Live& restored, TimePoint now);
    void take_operations(pinhole::MapOps& all); // since the last call; appends them
    uint64_t refused_full() const { return refused_full_; }

private:
    struct Learned {
        struct learned_port port{};
        __u64 otherwise_ns = 0; // so long it is needed for other reasons than registrations that are known
    };
    void put(const pinhole::HoleKey& key, const struct learned_port& port);

    bool is_live(const pinhole::HoleKey& key, const struct learned_port& port, const Live& restored) const;

    std::map<pinhole::HoleKey, Learned> ports_;
    std::map<Endpoint, size_t> calls_; // how many have named it
    pinhole::MapOps operations_;
    uint64_t refused_full_ = 0; // for want of room
};

} // namespace ringwall::dialog

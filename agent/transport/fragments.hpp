// SPDX-License-Identifier: Apache-2.0
// UDP datagrams from their IP fragments (RFC 791, RFC 8200 4.5; in the spirit of RFC 815), in any order and from more
// than one ring.
//
// Hosts differ in which copy of a byte they take where fragments overlap. So any overlap but an identical copy refuses
// the whole datagram, with what is still to come of it (RFC 5722): what it said to its receiver is not known.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/datagram.hpp"
#include "agent/transport/budget.hpp"
#include "agent/transport/packet.hpp"

namespace ringwall::transport {

inline constexpr uint64_t fragment_life_ns = 5'000'000'000; // as long as the programs remember a datagram
inline constexpr size_t most_fragments = 128;               // of one datagram: 65,535 bytes at the least MTU of IPv4
inline constexpr Budget::Room fragment_room[standings] = {
    {4096, 1024, size_t{16} << 20}, // inside
    {4096, 256, size_t{16} << 20},  // known
    {1024, 16, size_t{2} << 20},    // strangers
};

struct FragmentCounters {
    uint64_t joined = 0;     // datagrams put together
    uint64_t overlapped = 0; // datagrams refused for an overlap
    uint64_t malformed = 0;  // fragments, or lengths that contradict each other
    uint64_t no_room = 0;    // fragments
    uint64_t expired = 0;    // datagrams that stayed incomplete
};

class Fragments {
public:
    // The datagram that this fragment completes. Its payload lives until the next call.
    std::optional<Datagram> on_fragment(const Packet& packet);
    void expire(uint64_t now_ns);

    const FragmentCounters& counters() const { return counters_; }
    const Budget& budget(Standing standing) const { return budgets_[static_cast<size_t>(standing)]; }

private:
    // RFC 791 3.2: source, destination, protocol (ours is UDP) and identification.
    struct Key {
        bool outbound;
        uint32_t identification;
        IpAddress source, destination;
        auto operator<=>(const Key&) const = default;
    };
    struct Partial {
        uint64_t begun_ns;
        Standing standing;
        std::map<uint32_t, std::string> pieces; // by offset; they touch, and never overlap
        std::optional<uint32_t> length;         // known with the last fragment
        size_t held = 0;
        bool is_refused = false;
    };
    using Partials = std::map<Key, Partial>;
    enum class Fit : uint8_t { fits, copy, overlaps, contradicts };

    Partials::iterator find_or_begin(const Packet& packet);
    void promote(Partials::iterator entry, Standing standing);
    static Fit fit(const Partial& partial, const Packet& packet);
    bool add(Partial& partial, const Packet& packet);
    void refuse(Partial& partial);
    std::optional<Datagram> join(Partials::iterator entry);
    void forget(Partials::iterator entry);
    Budget& of(Standing standing) { return budgets_[static_cast<size_t>(standing)]; }

    Partials partials_;
    std::set<std::pair<uint64_t, Key>> by_age_;
    std::array<Budget, standings> budgets_{Budget(fragment_room[0]), Budget(fragment_room[1]),
                                           Budget(fragment_room[2])};
    std::string whole_;
    FragmentCounters counters_;
};

} // namespace ringwall::transport

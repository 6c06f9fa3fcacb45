// SPDX-License-Identifier: Apache-2.0
// How hosts put fragments together, the worst of them: each prefers another copy of a byte that came twice, none ever
// forgets a fragment, and any last fragment's end may count (U. Shankar and V. Paxson, "Active Mapping", 2003).
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/kernel/packet.hpp"

namespace ringwall::test {

struct Arrived { // one fragment that passed the wall
    size_t from = 0;
    Bytes bytes;
    bool more = true;
    uint8_t protocol = 17;
    size_t to() const { return from + bytes.size(); }
};

enum class Prefers { first, last, bsd, bsd_right, linux_old, windows };
inline constexpr Prefers every_preference[] = {Prefers::first,     Prefers::last,      Prefers::bsd,
                                               Prefers::bsd_right, Prefers::linux_old, Prefers::windows};

inline bool newer_wins(Prefers host, const Arrived& older, const Arrived& newer) {
    switch (host) {
        case Prefers::first: return false;
        case Prefers::last: return true;
        case Prefers::bsd: return newer.from < older.from;
        case Prefers::bsd_right: return newer.from >= older.from;
        case Prefers::linux_old: return newer.from <= older.from;
        case Prefers::windows: return newer.from < older.from && newer.to() > older.to();
    }
    return false;
}

struct Delivered {
    uint8_t protocol; // as the fragment said that brought the first byte
    Bytes payload;
};

// All that the host could hand on of one identification's fragments, in the order they came: one for each end named.
inline std::vector<Delivered> delivered(Prefers host, const std::vector<Arrived>& fragments) {
    std::vector<const Arrived*> owner;
    std::vector<size_t> ends;
    for (const auto& fragment : fragments) {
        if (!fragment.more) ends.push_back(fragment.to());
        owner.resize(std::max(owner.size(), fragment.to()));
        for (size_t at = fragment.from; at < fragment.to(); ++at)
            if (!owner[at] || newer_wins(host, *owner[at], fragment)) owner[at] = &fragment;
    }
    std::vector<Delivered> whole;
    for (size_t end : ends) {
        if (end == 0 || std::find(owner.begin(), owner.begin() + static_cast<long>(end), nullptr) !=
                            owner.begin() + static_cast<long>(end))
            continue;
        Delivered one{owner[0]->protocol, {}};
        for (size_t at = 0; at < end; ++at) one.payload.push_back(owner[at]->bytes[at - owner[at]->from]);
        whole.push_back(std::move(one));
    }
    return whole;
}

struct Ports {
    bool is_udp;
    uint16_t source, destination;
};

// Where the datagram goes: through IPv6 extension headers to UDP or TCP; nothing where there is neither.
inline std::optional<Ports> ports_of(const Delivered& datagram) {
    const Bytes& bytes = datagram.payload;
    uint8_t next = datagram.protocol;
    size_t at = 0;
    while (next == 60 && at + 8 <= bytes.size()) {
        next = bytes[at];
        at += 8 * (size_t{bytes[at + 1]} + 1);
    }
    if ((next != 17 && next != 6) || at + 8 > bytes.size()) return {};
    auto word = [&](size_t from) { return static_cast<uint16_t>(bytes[from] << 8 | bytes[from + 1]); };
    return Ports{next == 17, word(at), word(at + 2)};
}

} // namespace ringwall::test

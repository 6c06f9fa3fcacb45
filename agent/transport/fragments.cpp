// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/fragments.hpp"

#include <utility>

namespace ringwall::transport {
namespace {

constexpr size_t largest = 65535;
constexpr size_t udp_header = 8;

uint16_t word_at(std::string_view bytes, size_t at) {
    return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
}

bool is_last(const Packet& packet) { return (packet.head.flags & RECORD_LAST_FRAGMENT) != 0; }
uint32_t begin_of(const Packet& packet) { return packet.head.fragment_offset; }
uint32_t end_of(const Packet& packet) { return begin_of(packet) + static_cast<uint32_t>(packet.bytes.size()); }

// Offsets count eights, so only the last one may end between them.
bool is_sound(const Packet& packet) {
    const size_t size = packet.bytes.size();
    const size_t begin = packet.head.fragment_offset;
    return static_cast<Protocol>(packet.head.protocol) == Protocol::udp && is_whole(packet) && size > 0 &&
           begin % 8 == 0 && (is_last(packet) || size % 8 == 0) && begin <= largest && size <= largest - begin &&
           (begin != 0 || size >= udp_header);
}

} // namespace

std::optional<Datagram> Fragments::on_fragment(const Packet& packet) {
    expire(packet.head.time_ns);
    if (!is_sound(packet)) {
        ++counters_.malformed;
        return std::nullopt;
    }
    const auto entry = find_or_begin(packet);
    if (entry == partials_.end() || entry->second.is_refused) return std::nullopt;
    promote(entry, packet.standing);
    if (!add(entry->second, packet)) return std::nullopt;
    return join(entry);
}

Fragments::Partials::iterator Fragments::find_or_begin(const Packet& packet) {
    const Key key{is_outbound(packet), packet.head.sequence, Endpoint::from(packet.head.source).address,
                  Endpoint::from(packet.head.destination).address};
    if (const auto found = partials_.find(key); found != partials_.end()) return found;
    if (!of(packet.standing).fits(packet.bytes.size()) || !of(packet.standing).take(key.source)) {
        ++counters_.no_room;
        return partials_.end();
    }
    by_age_.emplace(packet.head.time_ns, key);
    return partials_.emplace(key, Partial{.begun_ns = packet.head.time_ns, .standing = packet.standing}).first;
}

// A later fragment has no ports and may stand in the strangers' ring; the first says whose datagram it is.
void Fragments::promote(Partials::iterator entry, Standing standing) {
    auto& [key, partial] = *entry;
    if (standing >= partial.standing || !of(standing).fits(partial.held) || !of(standing).take(key.source)) return;
    of(standing).hold(partial.held);
    of(partial.standing).release(partial.held);
    of(partial.standing).give_back(key.source);
    partial.standing = standing;
}

Fragments::Fit Fragments::fit(const Partial& partial, const Packet& packet) {
    const uint32_t begin = begin_of(packet), end = end_of(packet);
    if (const auto same = partial.pieces.find(begin); same != partial.pieces.end()) {
        const bool is_copy = same->second == packet.bytes && is_last(packet) == (partial.length == end);
        return is_copy ? Fit::copy : Fit::overlaps;
    }
    const auto next = partial.pieces.lower_bound(begin);
    if (next != partial.pieces.end() && next->first < end) return Fit::overlaps;
    if (next != partial.pieces.begin() && std::prev(next)->first + std::prev(next)->second.size() > begin)
        return Fit::overlaps;
    const bool is_past_end = partial.length && (is_last(packet) || end > *partial.length);
    const bool ends_too_soon = is_last(packet) && next != partial.pieces.end();
    return is_past_end || ends_too_soon ? Fit::contradicts : Fit::fits;
}

bool Fragments::add(Partial& partial, const Packet& packet) {
    switch (fit(partial, packet)) {
        case Fit::copy: return false;
        case Fit::overlaps: ++counters_.overlapped; return refuse(partial), false;
        case Fit::contradicts: ++counters_.malformed; return refuse(partial), false;
        case Fit::fits: break;
    }
    Budget& budget = of(partial.standing);
    if (!budget.fits(packet.bytes.size()) || partial.pieces.size() == most_fragments) {
        ++counters_.no_room;
        return false;
    }
    budget.hold(packet.bytes.size());
    partial.held += packet.bytes.size();
    partial.pieces.emplace(begin_of(packet), packet.bytes);
    if (is_last(packet)) partial.length = end_of(packet);
    return partial.length == partial.held; // nothing overlaps, so the sum says it all
}

// Its place stays until it expires: what is still to come of it must not begin it anew.
void Fragments::refuse(Partial& partial) {
    of(partial.standing).release(std::exchange(partial.held, 0));
    partial.pieces.clear();
    partial.is_refused = true;
}

std::optional<Datagram> Fragments::join(Partials::iterator entry) {
    whole_.clear();
    for (const auto& [offset, bytes] : entry->second.pieces) whole_ += bytes;
    const Key key = entry->first;
    forget(entry);
    // RFC 768: the length is that of header and data. One that says less than came is read in two ways.
    if (whole_.size() < udp_header || word_at(whole_, 4) != whole_.size()) {
        ++counters_.malformed;
        return std::nullopt;
    }
    ++counters_.joined;
    return Datagram{.outbound = key.outbound,
                    .source = {key.source, Port{word_at(whole_, 0)}},
                    .destination = {key.destination, Port{word_at(whole_, 2)}},
                    .payload = std::string_view(whole_).substr(udp_header)};
}

void Fragments::forget(Partials::iterator entry) {
    const auto& [key, partial] = *entry;
    of(partial.standing).release(partial.held);
    of(partial.standing).give_back(key.source);
    by_age_.erase({partial.begun_ns, key});
    partials_.erase(entry);
}

void Fragments::expire(uint64_t now_ns) {
    while (!by_age_.empty() && by_age_.begin()->first + fragment_life_ns <= now_ns) {
        const auto entry = partials_.find(by_age_.begin()->second);
        if (!entry->second.is_refused) ++counters_.expired;
        forget(entry);
    }
}

} // namespace ringwall::transport

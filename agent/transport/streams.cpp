// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/streams.hpp"

#include <algorithm>
#include <utility>

namespace ringwall::transport {
namespace {

// Which place among the remembered starts: nobody outside can aim at another's.
uint64_t mix(uint64_t state, uint64_t word) {
    state = (state ^ word) * 0x9e3779b97f4a7c15ULL;
    state = (state ^ state >> 32) * 0xd6e8feb86659fd93ULL;
    return state ^ state >> 29;
}

uint64_t tag_of(const Endpoint& endpoint, uint64_t state) {
    for (const uint32_t word : endpoint.address.abi().word) state = mix(state, word);
    return mix(state, endpoint.port.value);
}

Segment segment_of(const Packet& packet) {
    const auto has = [&](record_flag flag) { return (packet.head.flags & flag) != 0; };
    const uint32_t behind_syn = has(RECORD_TCP_SYN) ? 1 : 0;
    std::optional<uint32_t> acknowledgement;
    if (has(RECORD_TCP_ACK)) acknowledgement = packet.head.acknowledgement;
    // A FIN stands behind bytes that the ring had no room for. What a reset carries is no part of the stream (RFC 9293 3.5.3).
    return {.sequence = packet.head.sequence + behind_syn,
            .bytes = has(RECORD_TCP_RST) ? std::string_view() : packet.bytes,
            .length = packet.head.length,
            .acknowledgement = acknowledgement,
            .syn = has(RECORD_TCP_SYN),
            .fin = has(RECORD_TCP_FIN) && is_whole(packet),
            .rst = has(RECORD_TCP_RST),
            .time_ns = packet.head.time_ns};
}

} // namespace

Streams::Streams(const std::array<uint64_t, 2>& secret, OnDatagram on_message, IsToStranger is_to_stranger)
    : secret_(secret), on_message_(std::move(on_message)), is_to_stranger_(std::move(is_to_stranger)) {}

void Streams::on_segment(const Packet& packet) {
    const Segment segment = segment_of(packet);
    if (first_ns_ == 0) first_ns_ = segment.time_ns;
    const Key key{is_outbound(packet), Endpoint::from(packet.head.source), Endpoint::from(packet.head.destination)};
    const auto found = entries_.find(key);
    Entry* entry = found != entries_.end() ? &found->second : nullptr;
    if (key.outbound) hear_inside(key, entry, segment);
    else if (!is_taken(key, entry, segment)) {
        counters_.forged += !segment.syn; // ports may come again: the inside's SYN will say so
        return;
    }
    if (!entry && !segment.bytes.empty()) entry = begin(key, packet, segment);
    if (!entry) {
        if (segment.rst) on_reset_of_reverse(key, segment);
        if (!segment.syn) return;
        uint64_t tag;
        Start& start = start_of(key, packet.standing, tag);
        start = {tag, segment.sequence, segment.acknowledgement, false};
        return;
    }
    const bool was_over = entry->stream.is_over();
    step(key, *entry, segment.time_ns, [&](const Stream::OnMessage& on_message) {
        entry->stream.on_segment(segment, on_message, counters_.streams);
    });
    if (segment.rst && entry->stream.is_over() && !was_over) reset_reverse(key);
}

Streams::Start& Streams::start_of(const Key& key, Standing ring, uint64_t& tag) {
    tag = tag_of(key.destination, tag_of(key.source, secret_[0])) ^ secret_[1];
    auto& starts = starts_[static_cast<size_t>(ring)];
    starts.resize(starts_remembered); // with the first one
    return starts[tag % starts_remembered];
}

// A reset of a connection of which only the other direction is kept.
void Streams::on_reset_of_reverse(const Key& key, const Segment& segment) {
    const auto reverse = entries_.find(key.reverse());
    if (reverse == entries_.end()) return;
    if (key.outbound) forget(reverse); // the inside has no such connection: what came was forged, by whomever
    else if (reverse->second.inside.expects(segment.sequence)) reset_reverse(key);
}

// Whose room a connection takes: the inside's where the inside began it, else its outside party's, with what the inside
// answers, though there be no room for what it answers.
Standing Streams::standing_of(const Key& key, const Packet& packet) {
    const auto reverse = entries_.find(key.reverse());
    if (reverse != entries_.end()) return reverse->second.standing;
    if (!key.outbound) return packet.standing;
    const Start* syn = inside_start_of(key);
    if (syn && !syn->acknowledgement) return Standing::inside;
    return is_to_stranger_(packet) ? Standing::stranger : Standing::known;
}

Streams::Entry* Streams::begin(const Key& key, const Packet& packet, const Segment& segment) {
    const Standing standing = standing_of(key, packet);
    if (!of(standing).take(key.outside())) {
        ++counters_.full;
        blind_until_ns_[static_cast<size_t>(standing)] = segment.time_ns;
        return nullptr;
    }
    Entry made{stream_for(key, packet.standing, standing, segment), standing, inside_of(key)};
    if (key.outbound) made.inside.on_sent(segment);
    return &entries_.emplace(key, std::move(made)).first->second;
}

// What the inside's SYN said, where it is still remembered.
Streams::Start* Streams::inside_start_of(const Key& key) {
    uint64_t tag;
    Start& start = start_of(key.outbound ? key : key.reverse(), Standing::inside, tag);
    return start.tag == tag ? &start : nullptr;
}

InsideEnd Streams::inside_of(const Key& key) {
    if (const auto found = entries_.find(key.reverse()); found != entries_.end()) return found->second.inside;
    const Start* start = inside_start_of(key);
    return start ? InsideEnd(start->sequence, start->acknowledgement) : InsideEnd();
}

void Streams::hear_inside(const Key& key, Entry* entry, const Segment& segment) {
    if (entry) entry->inside.on_sent(segment);
    const auto reverse = entries_.find(key.reverse());
    if (reverse == entries_.end()) return;
    reverse->second.inside.on_sent(segment);
    if (segment.rst || !segment.acknowledgement) return;
    const uint32_t received = *segment.acknowledgement;
    step(reverse->first, reverse->second, segment.time_ns, [&](const Stream::OnMessage& on_message) {
        Stream& stream = reverse->second.stream;
        if (segment.syn) stream.on_start(received);
        else stream.on_acknowledgement(received, segment.time_ns, on_message, counters_.streams);
    });
}

bool Streams::is_taken(const Key& key, Entry* entry, const Segment& segment) {
    if (entry) return entry->inside.takes(segment);
    return inside_of(key).takes(segment);
}

Stream Streams::stream_for(const Key& key, Standing ring, Standing standing, const Segment& segment) {
    const uint64_t patience_ns = key.outbound ? gap_patience_ns : outside_gap_patience_ns;
    if (segment.syn) return Stream::from_start(segment.sequence, segment.time_ns, patience_ns);
    std::optional<uint32_t> began;
    // A party becomes known by the call that it has a connection for: its SYN came through another ring than its bytes.
    for (const Standing then : {ring, Standing::stranger, Standing::known}) {
        uint64_t tag;
        Start& start = start_of(key, then, tag);
        if (began || start.tag != tag || segment.sequence - start.sequence > stream_window) continue;
        start.tag = 0;
        began = start.sequence;
    }
    // What the inside has answered a SYN with is better known than what came as one.
    Start* const answer = key.outbound ? nullptr : inside_start_of(key);
    if (answer && answer->acknowledgement && segment.sequence - *answer->acknowledgement <= stream_window &&
        !std::exchange(answer->has_begun, true))
        began = answer->acknowledgement;
    if (began) return Stream::from_start(*began, segment.time_ns, patience_ns);
    return Stream::from_midway(segment.sequence, std::max(first_ns_, blind_until_ns_[static_cast<size_t>(standing)]),
                               patience_ns);
}

// One step of a stream: its messages go out, its memory is accounted for.
template <class Step>
void Streams::step(const Key& key, Entry& entry, uint64_t now_ns, Step&& step) {
    Budget& budget = of(entry.standing);
    budget.release(entry.stream.held());
    step([&](std::string_view message) {
        on_message_({.outbound = key.outbound,
                     .source = key.source,
                     .destination = key.destination,
                     .protocol = Protocol::tcp,
                     .payload = message},
                    now_ns);
    });
    if (!budget.fits(entry.stream.held())) {
        ++counters_.memory_full;
        entry.stream.lose();
    }
    budget.hold(entry.stream.held());
    if (entry.stream.has_gap()) gapped_.insert(key);
    else if (!gapped_.empty()) gapped_.erase(key);
}

// A reset ends both directions.
void Streams::reset_reverse(const Key& key) {
    const auto reverse = entries_.find(key.reverse());
    if (reverse == entries_.end()) return;
    step(reverse->first, reverse->second, 0, [&](const Stream::OnMessage&) { reverse->second.stream.close(); });
}

void Streams::forget(Entries::iterator at) {
    if (at == entries_.end()) return;
    of(at->second.standing).release(at->second.stream.held());
    of(at->second.standing).give_back(at->first.outside());
    gapped_.erase(at->first);
    entries_.erase(at);
}

void Streams::tick(uint64_t now_ns) {
    if (first_ns_ == 0) first_ns_ = now_ns;
    for (const Key& key : std::vector<Key>(gapped_.begin(), gapped_.end())) {
        Entry& entry = entries_.at(key);
        step(key, entry, now_ns,
             [&](const Stream::OnMessage& on_message) { entry.stream.tick(now_ns, on_message, counters_.streams); });
    }
    if (now_ns >= next_sweep_ns_) sweep(now_ns);
}

void Streams::sweep(uint64_t now_ns) {
    next_sweep_ns_ = now_ns + sweep_interval_ns;
    for (auto at = entries_.begin(); at != entries_.end();) {
        Entry& entry = at->second;
        step(at->first, entry, now_ns,
             [&](const Stream::OnMessage& on_message) { entry.stream.tick(now_ns, on_message, counters_.streams); });
        const uint64_t life = entry.stream.is_over() ? stream_closed_ns : stream_idle_ns;
        const auto swept = at++;
        if (now_ns >= entry.stream.last_ns() + life) forget(swept);
    }
}

} // namespace ringwall::transport

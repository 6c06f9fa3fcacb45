// SPDX-License-Identifier: Apache-2.0
#include "agent/transport/transport.hpp"

namespace ringwall::transport {

Transport::Transport(const std::array<uint64_t, 2>& secret, OnDatagram on_datagram, IsToStranger is_to_stranger)
    : on_datagram_(on_datagram), streams_(secret, std::move(on_datagram), std::move(is_to_stranger)) {}

void Transport::on_packet(const Packet& packet) {
    if ((packet.head.flags & RECORD_FRAGMENT) != 0) {
        if (const auto whole = fragments_.on_fragment(packet)) on_datagram_(*whole, packet.head.time_ns);
        return;
    }
    if (static_cast<Protocol>(packet.head.protocol) == Protocol::tcp) return streams_.on_segment(packet);
    on_datagram_({.outbound = is_outbound(packet),
                  .is_whole = is_whole(packet),
                  .source = Endpoint::from(packet.head.source),
                  .destination = Endpoint::from(packet.head.destination),
                  .payload = packet.bytes},
                 packet.head.time_ns);
}

void Transport::tick(uint64_t now_ns) {
    fragments_.expire(now_ns);
    streams_.tick(now_ns);
}

std::vector<CoreCounter> Transport::counters() const {
    const FragmentCounters& fragments = fragments_.counters();
    const StreamsCounters& table = streams_.counters();
    const StreamCounters& streams = table.streams;
    const FramingCounters& framing = streams.framing;
    return {{"fragments_joined", fragments.joined},
            {"fragments_overlapped", fragments.overlapped},
            {"fragments_malformed", fragments.malformed},
            {"fragments_no_room", fragments.no_room},
            {"fragments_expired", fragments.expired},
            {"stream_messages", framing.messages},
            {"stream_unproven", framing.unproven},
            {"stream_broken", framing.broken},
            {"stream_resumed", framing.resumed},
            {"stream_gaps", streams.gaps},
            {"stream_conflicts", streams.conflicts},
            {"stream_jumps", streams.jumps},
            {"stream_forged", table.forged},
            {"streams_full", table.full},
            {"streams_memory_full", table.memory_full}};
}

} // namespace ringwall::transport

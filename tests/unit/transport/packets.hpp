// SPDX-License-Identifier: Apache-2.0
// Mirrored packets made by hand, and the messages that come of them.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agent/transport/transport.hpp"

namespace ringwall::transport::test {

inline constexpr uint64_t second_ns = 1'000'000'000;

inline Endpoint endpoint(uint32_t address, uint16_t port) { return {IpAddress::v4(address), Port{port}}; }
inline const Endpoint inside = endpoint(0xc000020a, 5060), outside = endpoint(0xc6336401, 40000);

inline std::string message(const std::string& call, const std::string& body = "", const std::string& more = "") {
    return "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bK" + call +
           "\r\nFrom: <sip:b@198.51.100.1>;tag=1\r\nTo: <sip:a@192.0.2.10>\r\nCall-ID: " + call +
           "\r\nCSeq: 1 OPTIONS\r\n" + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A wall with one connection between `outside` and `inside`; `now` is what the next packet bears.
class Line {
public:
    uint64_t now = 100 * second_ns;
    std::vector<std::string> messages;
    std::vector<std::pair<Datagram, uint64_t>> datagrams; // their payloads point into `kept`
    std::deque<std::string> kept;                         // stays where it is
    Standing standing = Standing::known;
    Endpoint from = outside, to = inside;
    bool outbound = false;
    std::optional<uint32_t> acknowledges = {}; // what every segment does from then on
    Transport transport{{1, 2},
                        [this](const Datagram& datagram, uint64_t time_ns) {
                            kept.emplace_back(datagram.payload);
                            datagrams.emplace_back(datagram, time_ns);
                            datagrams.back().first.payload = kept.back();
                            messages.push_back(kept.back());
                        },
                        [](const Packet&) { return false; }};

    void segment(uint32_t sequence, std::string_view bytes, unsigned flags = 0) {
        send(packet(6, sequence, bytes, flags));
    }
    void syn(uint32_t sequence) { segment(sequence - 1, "", RECORD_TCP_SYN); }
    void fragment(uint32_t identification, uint32_t offset, std::string_view bytes, bool is_last) {
        Packet made = packet(17, identification, bytes, RECORD_FRAGMENT | (is_last ? RECORD_LAST_FRAGMENT : 0));
        made.head.fragment_offset = offset;
        if (offset != 0) made.head.source.port = made.head.destination.port = 0;
        send(made);
    }
    void send(const Packet& packet) { transport.on_packet(packet); }
    Packet packet(uint8_t protocol, uint32_t sequence, std::string_view bytes, unsigned flags) const {
        Packet made{.bytes = bytes, .standing = standing};
        made.head.time_ns = now;
        made.head.length = made.head.captured = static_cast<uint32_t>(bytes.size());
        made.head.source = from.abi();
        made.head.destination = to.abi();
        made.head.flags = static_cast<uint16_t>(flags | (outbound ? RECORD_OUTBOUND : 0));
        made.head.protocol = protocol;
        made.head.sequence = sequence;
        if (acknowledges) made.head.flags |= RECORD_TCP_ACK;
        made.head.acknowledgement = acknowledges.value_or(0);
        return made;
    }
    void wait(uint64_t time_ns) { transport.tick(now += time_ns); }
    void turn() {
        std::swap(from, to);
        outbound = !outbound;
    }
    uint64_t counter(std::string_view label) const {
        for (const CoreCounter& counter : transport.counters())
            if (counter.label == label) return counter.count;
        throw std::logic_error("no such counter");
    }
};

// A UDP datagram as IP carries it.
inline std::string udp(std::string_view payload, uint16_t source = 5060, uint16_t destination = 5060) {
    std::string bytes;
    for (const size_t word : {size_t{source}, size_t{destination}, payload.size() + 8, size_t{0xbeef}}) {
        bytes += static_cast<char>(word >> 8);
        bytes += static_cast<char>(word & 0xff);
    }
    return bytes.append(payload);
}

} // namespace ringwall::transport::test

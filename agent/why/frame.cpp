// SPDX-License-Identifier: Apache-2.0
#include "agent/why/frame.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace ringwall::why {
namespace {

constexpr uint8_t syn = 0x02, ack_push = 0x18;
constexpr size_t rtp_payload = 160; // 20 ms of G.711

void put16(std::string& bytes, uint32_t value) {
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value);
}
void put32(std::string& bytes, uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes, value);
}
void put(std::string& bytes, const IpAddress& address) {
    const auto& all = address.bytes();
    bytes.append(reinterpret_cast<const char*>(all.data()) + (address.is_v4() ? 12 : 0), address.is_v4() ? 4 : 16);
}

// In calls only, so that a To without a tag would be no such request (RFC 3261 section 12.2).
bool is_of_dialog(std::string_view method) {
    constexpr std::array<std::string_view, 7> methods{"ACK", "BYE", "PRACK", "UPDATE", "INFO", "NOTIFY", "REFER"};
    return std::ranges::find(methods, method) != methods.end();
}

std::string sip_of(const Question& question, uint32_t serial) {
    if (question.method == "keepalive") return "\r\n\r\n";
    const std::string number = std::to_string(serial), to = question.destination.to_string();
    const bool is_response = question.method == "response";
    const std::string method = is_response ? "OPTIONS" : question.method;
    const std::string start = is_response ? "SIP/2.0 200 OK" : method + " sip:why@" + to + " SIP/2.0";
    return start + "\r\nVia: SIP/2.0/" + (question.protocol == Protocol::udp ? "UDP " : "TCP ") +
           question.source.to_string() + ";branch=z9hG4bK-why-" + number + "\r\nMax-Forwards: 70\r\nFrom: <sip:why@" +
           question.source.to_string() + ">;tag=why\r\nTo: <sip:why@" + to + ">" +
           (is_response || is_of_dialog(method) ? ";tag=why" : "") + "\r\nCall-ID: why-" + number + "\r\nCSeq: 1 " +
           method + "\r\nContent-Length: 0\r\n\r\n";
}

// One that was negotiated, where the port has a call: the lowest.
uint32_t payload_type(const Evidence& evidence) {
    if (!evidence.hole) return 0;
    const auto& types = evidence.hole->value.payload_types;
    if (types[0] != 0) return static_cast<uint32_t>(std::countr_zero(types[0]));
    return types[1] != 0 ? 64U + static_cast<uint32_t>(std::countr_zero(types[1])) : 0;
}

std::string rtp_of(const Evidence& evidence, uint32_t serial) {
    const uint32_t ssrc = evidence.hole ? evidence.hole->value.ssrc : 0;
    std::string bytes;
    put16(bytes, 0x8000U | payload_type(evidence));
    put16(bytes, serial & 0xffff);
    put32(bytes, serial * rtp_payload);
    put32(bytes, ssrc != 0 ? ssrc : 1);
    return bytes + std::string(rtp_payload, '\xd5');
}

std::string media_of(const Question& question, const Evidence& evidence, uint32_t serial) {
    std::string bytes;
    switch (question.media.value_or(Media::rtp)) {
        case Media::rtp: return rtp_of(evidence, serial);
        case Media::rtcp: // a receiver report without blocks (RFC 3550 section 6.4.2)
            put32(bytes, 0x80c90001);
            put32(bytes, 1);
            return bytes;
        case Media::stun: // a Binding request without attributes (RFC 8489)
            put32(bytes, 0x00010000);
            put32(bytes, 0x2112a442);
            return bytes + std::string(8, '\0') + std::string(4, static_cast<char>(serial));
        case Media::dtls: // a record of a handshake (RFC 9147)
            return std::string("\x16\xfe\xfd", 3) + std::string(9, '\0') + '\x04' + std::string(4, '\0');
        case Media::udptl: return std::string("\0\x01\x06\x00\x00\x00", 6);
    }
    return bytes;
}

std::string payload_of(const Question& question, const Evidence& evidence, uint32_t serial) {
    if (question.protocol == Protocol::tcp && !question.is_established) return {};
    if (!question.method.empty()) return sip_of(question, serial);
    if (question.protocol == Protocol::tcp) return "?";
    return media_of(question, evidence, serial);
}

std::string segment_of(const Question& question, const std::string& payload) {
    std::string bytes;
    put16(bytes, question.source.port.value);
    put16(bytes, question.destination.port.value);
    if (question.protocol == Protocol::udp) {
        put16(bytes, static_cast<uint32_t>(8 + payload.size()));
        put16(bytes, 0);
    } else {
        put32(bytes, 1);
        put32(bytes, question.is_established ? 1 : 0);
        put16(bytes, 0x5000U | (question.is_established ? ack_push : syn));
        put16(bytes, 0xffff);
        put32(bytes, 0);
    }
    return bytes + payload;
}

} // namespace

std::string frame_of(const Question& question, const Evidence& evidence, uint32_t serial) {
    const std::string segment = segment_of(question, payload_of(question, evidence, serial));
    const bool is_v4 = question.source.address.is_v4();
    std::string bytes("\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
    put16(bytes, is_v4 ? 0x0800 : 0x86dd);
    if (is_v4) {
        put16(bytes, 0x4500);
        put16(bytes, static_cast<uint32_t>(20 + segment.size()));
        put32(bytes, 0x00004000); // don't fragment
        put16(bytes, 64U << 8 | static_cast<uint32_t>(question.protocol));
        put16(bytes, 0);
    } else {
        put32(bytes, 6U << 28);
        put16(bytes, static_cast<uint32_t>(segment.size()));
        put16(bytes, static_cast<uint32_t>(question.protocol) << 8 | 64U);
    }
    put(bytes, question.source.address);
    put(bytes, question.destination.address);
    return bytes + segment;
}

} // namespace ringwall::why

// SPDX-License-Identifier: Apache-2.0
#include "agent/sdp/media.hpp"

#include "agent/sdp/fields.hpp"
#include "agent/text/word.hpp"

namespace ringwall::sdp {
namespace {

using namespace text;
using tl::make_unexpected;

constexpr uint32_t max_payload_type = 127; // RFC 3550 5.1: seven bits

MediaType media_type(std::string_view text) {
    if (is_word<"audio">(text)) return MediaType::audio;
    if (is_word<"video">(text)) return MediaType::video;
    if (is_word<"text">(text)) return MediaType::text;
    if (is_word<"image">(text)) return MediaType::image;
    if (is_word<"application">(text)) return MediaType::application;
    if (is_word<"message">(text)) return MediaType::message;
    return MediaType::other;
}

template <Word part>
bool contains(std::string_view protocol) {
    while (!protocol.empty()) {
        const size_t slash = protocol.find('/');
        if (is_word<part>(protocol.substr(0, slash))) return true;
        protocol = slash == protocol.npos ? std::string_view() : protocol.substr(slash + 1);
    }
    return false;
}

// The IANA proto registry: TCP/… runs over TCP whatever follows; RTP/AVP, UDP/TLS/RTP/SAVPF; udptl, UDP/TLS/UDPTL;
// UDP/DTLS/SCTP and its first form DTLS/SCTP.
Transport transport(std::string_view protocol) {
    if (is_word<"tcp">(protocol.substr(0, protocol.find('/')))) return Transport::tcp;
    if (contains<"rtp">(protocol)) return Transport::rtp;
    if (contains<"udptl">(protocol)) return Transport::udptl;
    if (contains<"sctp">(protocol)) return Transport::sctp_dtls;
    return Transport::other;
}

// port ["/" integer]. RTP counts pairs of ports, everything else ports (5.14); the last must be a port too.
bool ports(std::string_view field, Media& out) {
    const size_t slash = field.find('/');
    const auto port = decimal(field.substr(0, slash), UINT16_MAX);
    const auto count = slash == field.npos ? 1 : decimal(field.substr(slash + 1), UINT16_MAX);
    if (!port || !count || *count == 0) return false;
    const uint32_t step = out.transport == Transport::rtp ? 2 : 1;
    if (*port + (*count - 1) * step > UINT16_MAX) return false;
    out.port = Port{static_cast<uint16_t>(*port)};
    out.port_count = static_cast<uint16_t>(*count);
    return true;
}

// fmt of RTP profiles: payload type numbers. Some phones list none; where media goes is said all the same. A rejected
// m-line may list anything, as nothing will flow.
Result<void, Defect> payload_types(Fields& fields, Media& out) {
    const bool is_rtp = out.transport == Transport::rtp || contains<"rtp">(out.protocol); // TCP/RTP/AVP is one too
    if (!is_rtp) return {};
    while (!fields.at_end()) {
        const auto type = decimal(fields.next(), max_payload_type);
        if (!type && out.port.value == 0) continue;
        if (!type) return make_unexpected(Defect::bad_media);
        if (out.payload_type_count == max_payload_types) return make_unexpected(Defect::too_many);
        out.payload_type_storage[out.payload_type_count++] = static_cast<uint8_t>(*type);
    }
    return {};
}

} // namespace

// media-field = %s"m" "=" media SP port ["/" integer] SP proto 1*(SP fmt)
Result<void, Defect> media_line(std::string_view value, Media& out) {
    Fields fields(value);
    const std::string_view type = fields.next();
    const std::string_view port = fields.next();
    out.protocol = fields.next();
    if (port.empty() || !consists_of(type, token_char) || out.protocol.empty())
        return make_unexpected(Defect::bad_media);
    out.type = media_type(type);
    out.transport = transport(out.protocol);
    if (!ports(port, out)) return make_unexpected(Defect::bad_port);
    return payload_types(fields, out);
}

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
// What one session description says about where media goes (RFC 8866, offer/answer RFC 3264). Views into the body,
// fixed arrays, no allocation; everything past a named limit is an error, never silently less.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::sdp {

inline constexpr size_t max_media = 32;
inline constexpr size_t max_addresses = 4;       // c= lines of one m-line
inline constexpr size_t max_payload_types = 128; // of one m-line: as many as there are; browsers list some 35 for video
inline constexpr size_t max_candidates = 32;     // of one m-line
inline constexpr size_t max_endpoints = 128;     // of all m-lines: c= lines x ports; bounds what a reader must walk
inline constexpr size_t max_bundles = max_media; // a=group:BUNDLE
inline constexpr size_t max_lines = 4096;

enum class Defect : uint8_t {
    bad_line, // not <letter>=<value>
    bad_version,
    bad_connection,
    bad_media,
    bad_port,
    bad_rtcp,
    bad_attribute,
    missing_version,
    missing_connection, // a non-rejected m-line with no c= anywhere
    too_many,
};
std::string_view to_string(Defect defect);

struct ParseError {
    Defect defect;
    size_t offset;
};

enum class MediaType : uint8_t { audio, video, text, image, application, message, other };
enum class Transport : uint8_t { rtp, udptl, tcp, sctp_dtls, other }; // tcp: TCP/…; sctp_dtls: UDP/DTLS/SCTP
enum class Direction : uint8_t { sendrecv, sendonly, recvonly, inactive };
enum class Setup : uint8_t { none, active, passive, actpass, holdconn };

// A connection address (c=): an IP literal, or a name we never resolve inline (`is_name`: peer unknown).
struct Connection {
    IpAddress address;
    bool is_name = false;
    auto operator<=>(const Connection&) const = default;
};

// ICE candidate (RFC 8839 5.1), kept as a value.
struct Candidate {
    uint16_t component = 0;
    Endpoint endpoint;
    bool is_udp = true;
    // Where its packets arrive (RFC 8445 4, RFC 8839 5.1): of a host candidate its own endpoint, of a reflexive one what raddr
    // and rport say, of a relay's none.
    std::optional<Endpoint> base;
};

struct Media {
    MediaType type = MediaType::other;
    Transport transport = Transport::other;
    std::string_view protocol; // "RTP/SAVPF"
    Port port;                 // 0: rejected, or bundle-only
    uint16_t port_count = 1;   // m=audio 49170/2
    std::array<Connection, max_addresses> connection_storage;
    size_t connection_count = 0;   // its own c= lines, else the session's
    std::optional<Endpoint> rtcp;  // a=rtcp (RFC 3605); address = the connection's where it names none, :: for a name
    bool rtcp_has_address = false; // a=rtcp names its own
    bool rtcp_mux = false, rtcp_mux_only = false; // RFC 5761, RFC 8858
    bool bundle_only = false;                     // RFC 9143
    uint8_t bundle = 0;                           // its BUNDLE group, from 1; 0: in none
    uint8_t bundle_rank = 0;                      // its place in that
    bool is_ice = false;                          // a=ice-ufrag or a candidate, at media or session level
    std::string_view ice_ufrag;
    std::string_view mid;
    Direction direction = Direction::sendrecv; // session level where the media has none
    Setup setup = Setup::none;
    std::optional<Endpoint> path; // MSRP's first hop (RFC 4975 6), where that is an IP literal
    std::array<uint8_t, max_payload_types> payload_type_storage;
    size_t payload_type_count = 0;
    bool has_fingerprint = false; // DTLS-SRTP (RFC 5763), at media or session level
    bool has_crypto = false;      // SDES (RFC 4568)
    bool has_ssrc_group = false;  // several sources on one port (RFC 5576)
    std::optional<uint32_t> ptime_ms;
    std::optional<uint32_t> bandwidth_kbps; // b=AS, or TIAS rounded up
    std::array<Candidate, max_candidates> candidate_storage;
    size_t candidate_count = 0;

    std::span<const Connection> connections() const { return {connection_storage.data(), connection_count}; }
    std::span<const uint8_t> payload_types() const { return {payload_type_storage.data(), payload_type_count}; }
    std::span<const Candidate> candidates() const { return {candidate_storage.data(), candidate_count}; }
    bool is_rejected() const { return port.value == 0 && !bundle_only; }
};

struct Session {
    std::array<Media, max_media> media_storage;
    size_t media_count = 0;
    bool is_bundle = false; // a=group:BUNDLE (RFC 9143): m-lines may share a port

    std::span<const Media> media() const { return {media_storage.data(), media_count}; }
};

// Lines may end in CRLF or LF. Unknown lines and attributes are skipped; a session without m-lines is valid and empty.
// Written in place because it is large: parse(body, session).
Result<void, ParseError> parse(std::string_view body, Session& session);

} // namespace ringwall::sdp

// SPDX-License-Identifier: Apache-2.0
// What one SIP message says, as far as dialogs, transactions, routing and bodies go (RFC 3261). Every string is a view
// into the datagram; who keeps one copies it on purpose. No allocation.
//
// Parsing says three things: the message, `need_more` (a stream would have to bring more), or why not.
// Nothing is repaired: two Call-IDs, two Content-Lengths, a CSeq past 2^31, a port past 65535 are errors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "maps/net/address.hpp"
#include "maps/net/result.hpp"

namespace ringwall::sip {

// Named limits; a message past one is refused as `too_many` or `too_long`, counted, and opens nothing.
inline constexpr size_t max_message_bytes = 65535;
inline constexpr size_t max_headers = 256;
inline constexpr size_t max_header_bytes = 8192; // one header with its folds
inline constexpr size_t max_vias = 70;           // Max-Forwards' usual start
inline constexpr size_t max_contacts = 16;
inline constexpr size_t max_authentications = 4; // further ones are not looked at
inline constexpr size_t max_call_id_bytes = 255;
inline constexpr size_t max_tag_bytes = 127;
inline constexpr size_t max_multipart_depth = 4;
inline constexpr size_t max_multipart_parts = 32;

enum class Defect : uint8_t {
    need_more, // ends before its headers, or its Content-Length, do
    not_sip,   // no start line of SIP/2.0
    bad_start_line,
    bad_header, // a line that is no header
    bad_via,
    bad_from,
    bad_to,
    bad_call_id,
    bad_cseq,
    bad_contact,
    bad_content_length,
    bad_content_type,
    bad_multipart,
    missing_via,
    missing_from,
    missing_to,
    missing_call_id,
    missing_cseq,
    duplicate_header, // a single-valued header twice
    method_mismatch,  // CSeq's method is not the request's
    too_long,
    too_many, // past a named limit
};
std::string_view to_string(Defect defect);

struct ParseError {
    Defect defect;
    size_t offset; // into the datagram
};

enum class Method : uint8_t {
    invite,
    ack,
    bye,
    cancel,
    register_,
    options,
    subscribe,
    notify,
    publish,
    info,
    prack,
    update,
    message,
    refer,
    other
};
std::string_view to_string(Method method);
Method method_of(std::string_view token); // case-sensitive (RFC 3261 7.1)

struct HostPort {
    std::string_view host;            // brackets of an IPv6 reference removed
    std::optional<IpAddress> address; // where the host is an IP literal
    std::optional<Port> port;
};

// Via (RFC 3261 20.42, rport RFC 3581).
struct Via {
    std::string_view transport;
    HostPort sent_by;
    std::string_view branch; // empty where absent (RFC 2543)
    std::optional<IpAddress> received;
    std::optional<Port> rport; // only where it has a value
};

// name-addr or addr-spec of a Contact with its parameters (RFC 3261 20.10, 25.1).
struct NameAddress {
    std::string_view uri;            // without the angle brackets
    std::string_view scheme;         // "sip", "sips", "tel", …
    HostPort host_port;              // of a sip or sips URI
    std::optional<uint32_t> expires; // seconds; the contact's own (20.10)
};

// From and To (RFC 3261 20.20, 20.39).
struct Party {
    std::string_view uri; // without the angle brackets
    std::string_view tag; // empty where absent
};

struct Message {
    bool is_request = true;
    Method method = Method::other; // of a response: CSeq's
    std::string_view method_token;
    std::string_view request_uri;
    uint16_t status = 0; // 100..699

    std::string_view call_id;
    Party from, to;
    uint32_t cseq = 0;
    std::array<Via, max_vias> via_storage;
    size_t via_count = 0;
    std::array<NameAddress, max_contacts> contact_storage;
    size_t contact_count = 0;
    bool contact_is_star = false;            // Contact: *
    std::optional<uint32_t> session_expires; // seconds (RFC 4028); malformed is absent, here and below
    std::optional<uint32_t> expires;
    std::string_view replaces; // raw value (RFC 3891)
    std::string_view rack;     // raw value (RFC 3262)
    std::string_view user_agent;
    // Raw values: of a request its credentials, of a response its challenges (authentication.hpp).
    std::array<std::string_view, max_authentications> authentication_storage;
    size_t authentication_count = 0;
    std::optional<uint32_t> content_length;
    std::string_view content_type; // raw value
    std::string_view content_encoding;
    bool is_session = true; // the body, by Content-Disposition or for want of one
    std::string_view body;
    size_t bytes = 0; // start line to end of body; a stream's next message begins there

    std::span<const Via> vias() const { return {via_storage.data(), via_count}; }
    std::span<const NameAddress> contacts() const { return {contact_storage.data(), contact_count}; }
    std::span<const std::string_view> authentications() const {
        return {authentication_storage.data(), authentication_count};
    }
    bool is_response() const { return !is_request; }
};

// One datagram (RFC 3261 18.3: without Content-Length the body is all the rest; with one past the end it is
// `bad_content_length`, and bytes after it are ignored). Leading CRLFs are skipped (7.5).
// The message is written in place because it is large (some 9 kB): parse(bytes, message). After an error it says nothing.
Result<void, ParseError> parse(std::string_view datagram, Message& message);

// The session description of a message: the body itself, or the first such part of a multipart body within
// max_multipart_depth (RFC 2046 5.1). nullopt where there is none; bad_multipart where the structure is broken. One of
// another disposition (early-session, RFC 3959) is passed over.
Result<std::optional<std::string_view>, ParseError> find_sdp(const Message& message);

// The first application/sdp whatever its disposition. Not every stack reads that, and one may take for the session what
// find_sdp() passes over.
Result<std::optional<std::string_view>, ParseError> find_first_sdp(const Message& message);
bool passes_over_sdp(const Message& message);

// CRLF and STUN keepalives on a SIP port (RFC 5626 3.5): nothing to parse, nothing wrong.
bool is_keepalive(std::string_view datagram);

} // namespace ringwall::sip

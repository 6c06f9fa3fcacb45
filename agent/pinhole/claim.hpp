// SPDX-License-Identifier: Apache-2.0
// What one leg asks of one local endpoint. A hole is the sum of the claims of all its owners.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "maps/abi/pinhole.h"
#include "maps/net/address.hpp"

namespace ringwall::pinhole {

using TimePoint = std::chrono::steady_clock::time_point;
using LegId = uint64_t;

enum class Constraint : uint8_t {
    any = CONSTRAINT_ANY,
    networks = CONSTRAINT_NETWORKS,
    peers = CONSTRAINT_PEERS,
    addresses = CONSTRAINT_ADDRESSES,
    any_latched = CONSTRAINT_ANY_LATCHED, // of a hole only, never of a claim
};
enum class Component : uint8_t {
    rtp = COMPONENT_RTP,
    rtcp = COMPONENT_RTCP,
    rtp_rtcp = COMPONENT_RTP_RTCP,
    udptl = COMPONENT_UDPTL,
    other = COMPONENT_OTHER,
    rtp_udptl = COMPONENT_RTP_UDPTL,
};

// The port on which two owners, or an answered and a pending description, expect these.
Component both(Component a, Component b);
constexpr bool is_rtp(Component c) {
    return c == Component::rtp || c == Component::rtcp || c == Component::rtp_rtcp || c == Component::rtp_udptl;
}

// What is made of media that is not as negotiated, from the strictest to the most lenient.
enum class Conformance : uint8_t { enforce, count, off };

// Does this endpoint wait for a connection (dialog/setup.hpp)? Over UDP it does.
enum class Waits : uint8_t { surely, if_chosen, as_answerer };

using PayloadTypes = std::bitset<128>; // those negotiated; all = any
inline const PayloadTypes any_payload_type = PayloadTypes().set();

struct HoleKey {
    Endpoint local;
    Protocol protocol = Protocol::udp;

    static HoleKey from(const struct pinhole_key& crossed);
    struct pinhole_key abi() const;
    auto operator<=>(const HoleKey&) const = default;
};

struct Claim {
    Endpoint local;
    Protocol protocol = Protocol::udp;
    Component component = Component::rtp;
    uint8_t media = 0; // index of the m-line
    bool is_answered = false;
    bool is_held = false;
    uint8_t kept = 0;             // on hold: how many of `peers`, the first ones, were named before it
    bool is_mux_offered = false;  // RTP of an m-line with a=rtcp-mux: RTCP joins it if the other side agrees
    bool is_media_checked = true; // RFC 7983 first byte
    Constraint constraint = Constraint::any;
    uint8_t zone = 0;
    bool zone_substitutes = false; // a declared peer: its networks may stand in
    // Who was named, whatever the constraint says of it now: another policy may ask (port 0 = any port of that address).
    std::vector<Endpoint> peers;
    std::optional<IpAddress> only_from; // `strict`: in force in place of those
    bool is_answered_inside = false;    // where that named nobody: nobody sends through the wall
    PayloadTypes payload_types = any_payload_type;
    Conformance conformance = Conformance::off;
    bool is_one_source = false;    // one SSRC at a time
    bool is_srtp = false;          // DTLS may come, padding is encrypted
    uint32_t packet_period_ns = 0; // rate cap: one packet each; 0 = none
    uint32_t round = 0;            // offers and answers so far: with each the SSRC may change at once
    uint64_t ufrag_hash = 0;       // of our ICE username fragment; 0 = no ICE
    bool never_sleeps = false;     // no idle limit
    bool is_other_partys = false;  // restored: made with another party than the leg's present one
    Waits waits = Waits::surely;   // as long as it is an offer, and so these:
    uint8_t bundle = 0;            // the group that its m-line is offered in (dialog/bundle.hpp); 0 = none
    uint8_t bundle_rank = 0;       // its place in that

    HoleKey key() const { return {local, protocol}; }
    bool operator==(const Claim&) const = default;
};

// As it is in force: of a strict peer's the one address that may send is all that is named.
Claim enforced(Claim claim);

// May send what either may: the widest of both.
void widen(Claim& claim, const Claim& other);

// All that one leg claims, and until when.
struct LegClaims {
    LegId leg = 0;
    uint64_t group = 0; // legs of one forked INVITE; an answered one outweighs the merely offered
    TimePoint deadline; // max_call
    std::optional<TimePoint> soft_deadline;
    std::vector<Claim> claims;
    bool is_by_hand = false; // stands behind calls: what is refused on their port is told of them
};

} // namespace ringwall::pinhole

template <>
struct std::hash<ringwall::pinhole::HoleKey> {
    size_t operator()(const ringwall::pinhole::HoleKey& key) const noexcept {
        return std::hash<ringwall::Endpoint>()(key.local) ^ static_cast<size_t>(key.protocol) << 48;
    }
};

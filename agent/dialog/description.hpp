// SPDX-License-Identifier: Apache-2.0
// What one session description means to the wall. From the protected side: the endpoints it claims. From outside: who
// will send (Remote). Paired, m-line by m-line, they say who may send where.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "agent/pinhole/claim.hpp"
#include "agent/sdp/session.hpp"
#include "policy/compile.hpp"

namespace ringwall::dialog {

struct RemoteMedia {
    bool is_rejected = false;
    bool is_bundle_only = false; // comes from where another m-line says (RFC 9143 6), also where no group tells which
    std::optional<uint8_t> bundled_with; // comes from where that m-line says, which may be itself (bundle.hpp)
    bool has_mux = false;
    bool is_held = false;
    bool has_many_sources = false; // SSRCs in groups: repairs, layers
    bool is_ice = false;
    bool never_connects = false; // a=setup: passive or holdconn: whoever is active, it is not the other side
    bool says_no_setup = false;  // over TCP, without a=setup
    bool is_inside = false;      // names a protected address: its media does not cross the wall
    bool has_name = false;       // names a host whose address nobody here looks up
    bool is_behind_nat = false;  // names an unroutable address: the stand-ins may send, too
};

// Ports of one address that an m-line names: the first, and each second one after it (RFC 8866 5.14).
struct RemotePorts {
    IpAddress address;
    Port first;
    uint8_t count = 1;
    uint8_t media = 0;
    bool is_rtcp = false;
};

// Thousands of them wait for an answer: what a message says takes no more than about twice its bytes here.
struct Remote {
    std::vector<RemoteMedia> media;
    std::vector<RemotePorts> ports;  // of all m-lines; none: unknown (a name, 0.0.0.0 without ICE, port 9)
    std::vector<Endpoint> stand_ins; // port 0: where unroutable addresses really come from

    std::vector<Endpoint> ports_of(size_t media, bool is_rtcp) const;
};

// With whom the leg exchanges SIP, which decides what "who may send" means.
struct Counterpart {
    Endpoint signalling;
    uint8_t zone = 0;
    policy::Expectation expectation = policy::Expectation::negotiated;
    bool is_declared = false;
};
Counterpart counterpart_of(const Endpoint& signalling, const policy::View& policy);
bool is_same_party(const Counterpart& a, const Counterpart& b); // one address, or one declared peer

// Why part of a local description opens nothing.
struct OfferRefusals {
    unsigned echoed = 0;                     // the same endpoint came from outside (design, rule 2)
    unsigned unguarded = 0;                  // outside protect.media_ports, or tcp_media_ports: nothing to open
    unsigned unsupported = 0;                // a transport that is neither UDP nor TCP, or too many ports
    unsigned elsewhere = 0;                  // m-lines that name no protected address at all
    std::optional<Endpoint> named_elsewhere; // by the first of these
};

// What is asked of each endpoint that a description names.
struct Naming {
    std::function<Endpoint(const Endpoint&)> inside_of; // where it is inside (Externals)
    std::function<bool(const Endpoint&)> is_echo;       // of one inside: has an outsider named it?
};

// The claims of a description that leaves the protected side, as long as nobody has answered it.
std::vector<pinhole::Claim> offer_of(const sdp::Session& session, const policy::View& policy,
                                     const Counterpart& counterpart, const Naming& naming, OfferRefusals& refusals);

// `routes` are the addresses that the message demonstrably came from: its source, and every lower Via's `received`.
// They stand in, any port, for SDP addresses that mean nothing across a NAT (design, "Peers behind NAT").
Remote remote_of(const sdp::Session& session, const policy::View& policy, const std::vector<IpAddress>& routes);

// Every endpoint of the inside that a description from outside names: it opens nothing, and neither does its echo.
std::vector<Endpoint> inside_endpoints(const sdp::Session& session,
                                       const std::function<bool(const IpAddress&)>& is_inside);

// The offer's claims once both sides are known. `before` are the leg's accepted claims: hold keeps their peers.
std::vector<pinhole::Claim> answered(const std::vector<pinhole::Claim>& offer, const Remote& remote,
                                     const Counterpart& counterpart, const std::vector<pinhole::Claim>& before);

// The same claims under a new policy: what it says of their party. Which of them it lets be: permitted.hpp.
void reconsider(std::span<pinhole::Claim> claims, const Counterpart& counterpart, const policy::View& policy);

} // namespace ringwall::dialog

// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/description.hpp"

#include <algorithm>
#include <utility>

#include "agent/pinhole/merge.hpp"
#include "maps/fnv1a.hpp"

namespace ringwall::dialog {
namespace {

constexpr unsigned most_pairs = 8; // of m=… port/n: a packet that names thousands would cost us, and open too much
constexpr Port discard{9};         // "no port yet": trickle ICE (RFC 8840) and active TCP (RFC 4145)

bool is_udp_media(const sdp::Media& media) {
    return media.transport == sdp::Transport::rtp || media.transport == sdp::Transport::udptl ||
           media.transport == sdp::Transport::sctp_dtls || media.protocol.starts_with("UDP");
}

bool is_tcp_media(const sdp::Media& media) { return media.transport == sdp::Transport::tcp; }

// RFC 4145 4: these never wait for a connection. Where nothing is said the offerer connects (4145 4.1, RFC 4975 5.4),
// but one description does not say whether it is an offer: then it may be the one that waits.
bool never_listens(const sdp::Media& media) {
    return media.setup == sdp::Setup::active || media.setup == sdp::Setup::holdconn;
}

bool never_connects(const sdp::Media& media) {
    return is_tcp_media(media) && (media.setup == sdp::Setup::passive || media.setup == sdp::Setup::holdconn);
}

Port port_after(Port port, unsigned steps) { return Port{static_cast<uint16_t>(port.value + steps)}; }

// RTP of the i-th pair of m=… port/n (RFC 8866 5.14); false past 65535.
bool is_valid_pair(const sdp::Media& media, unsigned i) { return media.port.value + 2U * i + 1U <= 65535U; }

Endpoint rtcp_of(const sdp::Media& media, const IpAddress& address, unsigned i) {
    if (media.rtcp && i == 0)
        return {media.rtcp_has_address ? media.rtcp->address : address, media.rtcp->port}; // RFC 3605
    return {address, port_after(media.port, 2 * i + 1)};
}

pinhole::Component primary_component(const sdp::Media& media) {
    if (media.transport == sdp::Transport::rtp) return pinhole::Component::rtp;
    return media.transport == sdp::Transport::udptl ? pinhole::Component::udptl : pinhole::Component::other;
}

// What may come is what the inside listed (RFC 3264 5.1). Comfort noise needs no listing among telephones: 13 (RFC 3389),
// and 19, which it had before.
pinhole::PayloadTypes payload_types_of(const sdp::Media& media) {
    pinhole::PayloadTypes types;
    for (const uint8_t type : media.payload_types()) types.set(type & 0x7f);
    if (types.none()) return pinhole::any_payload_type;
    if (media.type == sdp::MediaType::audio) types.set(13).set(19);
    return types;
}

uint32_t period_of(uint64_t packets_a_second) { return static_cast<uint32_t>(1'000'000'000 / packets_a_second); }

// The rate cap, four times of what such media has: telephones that are late catch up, and ptime binds nobody (RFC 8866
// 6.4), so that audio is never held under 20 ms. Video by its bandwidth, of packets of 300 bytes; where it says none,
// what 48 Mbit/s has of 1,200 bytes. RTCP with the feedback of video (RFC 4585) comes some 50 times a second.
uint32_t packet_period(const sdp::Media& media, pinhole::Component component) {
    constexpr uint32_t slack = 4, least_video = 1000, most_video = 5000;
    if (component == pinhole::Component::rtcp) return period_of(uint64_t{slack} * 50);
    if (component == pinhole::Component::udptl) return period_of(uint64_t{slack} * 100);
    if (component == pinhole::Component::other) return 0;
    if (media.type == sdp::MediaType::audio || media.type == sdp::MediaType::text)
        return std::clamp<uint32_t>(media.ptime_ms.value_or(20), 5, 20) * 1'000'000 / slack;
    if (!media.bandwidth_kbps) return period_of(most_video);
    const uint64_t packets = uint64_t{*media.bandwidth_kbps} * 1000 / 8 / 300 * slack;
    return period_of(std::clamp<uint64_t>(packets, least_video, 1'000'000));
}

// One SSRC at a time: plain audio. Video has repairs and layers, a bundle several m-lines on one port.
bool has_one_source(const sdp::Media& media, bool is_bundle) {
    return media.type == sdp::MediaType::audio && !is_bundle && !media.has_ssrc_group;
}

bool is_srtp(const sdp::Media& media) {
    return media.has_fingerprint || media.has_crypto || media.protocol.find("SAVP") != media.protocol.npos;
}

// By the party's setting: what is looked at in its media.
void check_media(pinhole::Claim& claim, policy::Conformance wanted) {
    claim.is_media_checked = pinhole::is_rtp(claim.component) && wanted != policy::Conformance::off;
    claim.conformance = claim.component == pinhole::Component::other ? pinhole::Conformance::off
                        : wanted == policy::Conformance::off         ? pinhole::Conformance::off
                        : wanted == policy::Conformance::enforce     ? pinhole::Conformance::enforce
                                                                     : pinhole::Conformance::count;
}

bool is_hold(const sdp::Media& media) {
    const bool has_zero_address = std::ranges::any_of(
        media.connections(), [](const sdp::Connection& c) { return !c.is_name && c.address.is_unspecified(); });
    return media.direction != sdp::Direction::sendrecv || (has_zero_address && !media.is_ice);
}

void constrain_offered(pinhole::Claim& claim, const Counterpart& counterpart) {
    using policy::Expectation;
    if (counterpart.is_declared && counterpart.expectation == Expectation::strict) {
        claim.constraint = pinhole::Constraint::addresses;
        claim.peers = {{counterpart.signalling.address, Port{0}}};
        claim.ufrag_hash = 0; // that address and no other, whatever pairs ICE would find
    } else if (counterpart.is_declared && counterpart.expectation != Expectation::any) {
        claim.constraint = pinhole::Constraint::networks;
    } else {
        claim.constraint = pinhole::Constraint::any;
    }
}

// Makes the claims of one m-line that leaves the protected side.
class Offer {
public:
    Offer(const policy::View& policy, const Counterpart& counterpart,
          const std::function<bool(const Endpoint&)>& is_echo, OfferRefusals& refusals)
        : policy_(policy), counterpart_(counterpart), is_echo_(is_echo), refusals_(refusals) {}

    void add(const sdp::Media& media, uint8_t index, bool is_bundle) {
        is_bundle_ = is_bundle;
        const bool is_ice = !media.ice_ufrag.empty(); // required beside candidates (RFC 8839 5.4)
        if (media.port.value == 0 || (media.port == discard && !is_ice)) return;
        if (is_tcp_media(media) && media.port_count <= most_pairs) return add_tcp(media, index);
        if (!is_udp_media(media) || media.port_count > most_pairs) {
            ++refusals_.unsupported;
            return;
        }
        if (media.port != discard) add_default(media, index);
        for (const sdp::Candidate& candidate : media.candidates())
            if (is_ice) add_candidate(media, index, candidate);
    }
    std::vector<pinhole::Claim> claims;

private:
    // Port after port, not pairs: there is no RTCP of its own (RFC 4571 2).
    void add_tcp(const sdp::Media& media, uint8_t index) {
        if (never_listens(media)) return;
        for (const sdp::Connection& connection : media.connections())
            for (unsigned i = 0; !connection.is_name && i < media.port_count; ++i)
                add_claim(media, index, {connection.address, port_after(media.port, i)}, pinhole::Component::other);
    }

    // The endpoint of m= and c=, which ICE calls the default one.
    void add_default(const sdp::Media& media, uint8_t index) {
        for (const sdp::Connection& connection : media.connections())
            for (unsigned i = 0; !connection.is_name && i < media.port_count && is_valid_pair(media, i); ++i)
                add_pair(media, index, connection.address, i);
    }

    // RFC 8445 5.1.1: host candidates are where packets arrive; the others are the same seen from elsewhere, or a relay's.
    void add_candidate(const sdp::Media& media, uint8_t index, const sdp::Candidate& candidate) {
        const bool is_rtcp = candidate.component == 2;
        if (!candidate.is_udp || !candidate.is_host || candidate.component > 2) return;
        if (is_rtcp && (media.rtcp_mux_only || media.transport != sdp::Transport::rtp)) return;
        const auto primary = media.rtcp_mux_only ? pinhole::Component::rtp_rtcp : primary_component(media);
        add_claim(media, index, candidate.endpoint, is_rtcp ? pinhole::Component::rtcp : primary);
    }

    void add_pair(const sdp::Media& media, uint8_t index, const IpAddress& address, unsigned i) {
        const bool is_rtp = media.transport == sdp::Transport::rtp;
        const auto primary = media.rtcp_mux_only ? pinhole::Component::rtp_rtcp : primary_component(media);
        add_claim(media, index, {address, port_after(media.port, 2 * i)}, primary);
        if (is_rtp && !media.rtcp_mux_only)
            add_claim(media, index, rtcp_of(media, address, i), pinhole::Component::rtcp);
    }

    void add_claim(const sdp::Media& media, uint8_t index, const Endpoint& named, pinhole::Component component) {
        const Endpoint inside{policy_.inside_of(named.address), named.port};
        if (!policy_.is_protected(inside.address)) return;
        const Protocol protocol = is_tcp_media(media) ? Protocol::tcp : Protocol::udp;
        if (media.is_ice && std::ranges::any_of(claims, [&](const pinhole::Claim& claim) {
                return claim.local == inside && claim.media == index;
            }))
            return; // the default endpoint is one of the candidates
        if (!policy_.is_media_port(inside.port, protocol)) {
            ++refusals_.unguarded;
        } else if (is_echo_(named) || is_echo_(inside)) {
            ++refusals_.echoed;
        } else {
            pinhole::Claim claim{.local = inside,
                                 .protocol = protocol,
                                 .component = component,
                                 .media = index,
                                 .is_held = is_hold(media),
                                 .is_mux_offered = media.rtcp_mux && component == pinhole::Component::rtp,
                                 .zone = counterpart_.zone,
                                 .zone_substitutes = counterpart_.is_declared,
                                 .payload_types = payload_types_of(media),
                                 .is_one_source = has_one_source(media, is_bundle_),
                                 .is_srtp = is_srtp(media),
                                 .packet_period_ns = packet_period(media, component),
                                 .ufrag_hash = media.ice_ufrag.empty() ? 0 : ufrag_hash(media.ice_ufrag)};
            check_media(claim, policy_.conformance(counterpart_.zone));
            constrain_offered(claim, counterpart_);
            claims.push_back(std::move(claim));
        }
    }

    const policy::View& policy_;
    const Counterpart& counterpart_;
    const std::function<bool(const Endpoint&)>& is_echo_;
    OfferRefusals& refusals_;
    bool is_bundle_ = false;
};

RemoteMedia remote_media(const sdp::Media& media, const policy::View& policy, const std::vector<IpAddress>& routes) {
    RemoteMedia remote{.is_rejected = media.is_rejected(),
                       .has_mux = media.rtcp_mux || media.rtcp_mux_only,
                       .is_held = is_hold(media),
                       .has_many_sources = media.has_ssrc_group,
                       .is_ice = media.is_ice,
                       .never_connects = never_connects(media)};
    if (media.port.value == 0 || (media.port == discard && !is_tcp_media(media)) || media.port_count > most_pairs)
        return remote;
    bool is_behind_nat = false;
    for (const sdp::Connection& connection : media.connections()) {
        if (connection.is_name || connection.address.is_unspecified()) continue;
        is_behind_nat |= connection.address.is_unroutable();
        if (policy.is_protected(connection.address) &&
            !policy.config().allow_hairpin) { // arriving from outside it would be spoofed
            remote.is_inside = true;
            continue;
        }
        if (is_tcp_media(media)) remote.ports.push_back({connection.address, Port{0}}); // a client's port is any
        for (unsigned i = 0; !is_tcp_media(media) && i < media.port_count && is_valid_pair(media, i); ++i) {
            remote.ports.push_back({connection.address, port_after(media.port, 2 * i)});
            const Endpoint rtcp = rtcp_of(media, connection.address, i);
            // a=rtcp may name a host, or port 0, which here would mean any port
            if (!rtcp.address.is_unspecified() && rtcp.port.value != 0) remote.rtcp_ports.push_back(rtcp);
        }
    }
    if (is_behind_nat)
        for (const IpAddress& route : routes)
            if (!route.is_unroutable()) remote.stand_ins.push_back({route, Port{0}});
    return remote;
}

// Who may send to one component of an answered m-line, by what the remote side named.
std::vector<Endpoint> peers_of(const RemoteMedia& remote, const pinhole::Claim& claim,
                               const std::vector<pinhole::Claim>& before) {
    const bool is_rtcp = claim.component == pinhole::Component::rtcp;
    std::vector<Endpoint> peers = is_rtcp ? remote.rtcp_ports : remote.ports;
    pinhole::add_peers(peers, remote.stand_ins);
    if (claim.is_held || peers.empty()) // music on hold, or 0.0.0.0: those last named stay
        for (const pinhole::Claim& earlier : before)
            if (earlier.media == claim.media && (earlier.component == pinhole::Component::rtcp) == is_rtcp)
                pinhole::add_peers(peers, earlier.peers);
    return peers;
}

// No peers at all means unknown ones, unless the other side is inside too: then nobody sends through the wall.
void constrain_answered(pinhole::Claim& claim, std::vector<Endpoint> peers, const Counterpart& counterpart,
                        bool is_inside = false) {
    using policy::Expectation;
    const bool is_unknown = peers.empty() && !is_inside && claim.ufrag_hash == 0; // with ICE the pairs will tell
    if (counterpart.expectation != Expectation::negotiated || is_unknown) {
        constrain_offered(claim, counterpart);
        if (claim.constraint != pinhole::Constraint::addresses) claim.peers = std::move(peers);
        return;
    }
    claim.constraint = pinhole::Constraint::peers;
    claim.peers = std::move(peers);
}

} // namespace

std::vector<pinhole::Claim> offer_of(const sdp::Session& session, const policy::View& policy,
                                     const Counterpart& counterpart,
                                     const std::function<bool(const Endpoint&)>& is_echo, OfferRefusals& refusals) {
    Offer offer(policy, counterpart, is_echo, refusals);
    uint8_t index = 0;
    for (const sdp::Media& media : session.media()) offer.add(media, index++, session.is_bundle);
    return std::move(offer.claims);
}

Remote remote_of(const sdp::Session& session, const policy::View& policy, const std::vector<IpAddress>& routes) {
    Remote remote;
    for (const sdp::Media& media : session.media()) remote.push_back(remote_media(media, policy, routes));
    return remote;
}

std::vector<Endpoint> inside_endpoints(const sdp::Session& session, const policy::View& policy) {
    std::vector<Endpoint> named;
    const auto add = [&](const Endpoint& endpoint) {
        if (policy.is_protected(policy.inside_of(endpoint.address))) named.push_back(endpoint);
    };
    for (const sdp::Media& media : session.media()) {
        if (media.port.value == 0) continue;
        for (const sdp::Connection& connection : media.connections()) {
            if (connection.is_name) continue;
            for (unsigned i = 0; is_tcp_media(media) && i < std::min<unsigned>(media.port_count, most_pairs); ++i)
                add({connection.address, port_after(media.port, i)});
            if (is_tcp_media(media)) continue;
            for (unsigned i = 0; i < std::min<unsigned>(media.port_count, most_pairs) && is_valid_pair(media, i); ++i) {
                add({connection.address, port_after(media.port, 2 * i)});
                add(rtcp_of(media, connection.address, i));
            }
        }
        for (const sdp::Candidate& candidate : media.candidates()) add(candidate.endpoint);
    }
    return named;
}

Counterpart counterpart_of(const Endpoint& signalling, const policy::View& policy) {
    Counterpart counterpart{.signalling = signalling, .zone = policy.zone_of(signalling.address)};
    if (const policy::Peer* peer = policy.peer(counterpart.zone)) {
        counterpart.is_declared = true;
        counterpart.expectation = peer->expectation;
    }
    return counterpart;
}

std::vector<pinhole::Claim> answered(const std::vector<pinhole::Claim>& offer, const Remote& remote,
                                     const Counterpart& counterpart, const std::vector<pinhole::Claim>& before) {
    const auto is_muxed = [&](uint8_t media) {
        return remote[media].has_mux && std::ranges::any_of(offer, [&](const pinhole::Claim& claim) {
                   return claim.media == media && claim.is_mux_offered;
               });
    };
    std::vector<pinhole::Claim> claims;
    for (pinhole::Claim claim : offer) {
        if (claim.media >= remote.size() || remote[claim.media].is_rejected) continue;
        const RemoteMedia& theirs = remote[claim.media];
        if (claim.protocol == Protocol::tcp && theirs.never_connects) continue; // then it is our side that connects
        if (is_muxed(claim.media)) {
            if (claim.component == pinhole::Component::rtcp) continue; // RFC 5761: one port from here on
            claim.component = pinhole::Component::rtp_rtcp;
        }
        claim.is_answered = true;
        claim.is_held |= theirs.is_held;
        if (!theirs.is_ice) claim.ufrag_hash = 0; // the other side has none: who may send is who it named
        claim.is_one_source = claim.is_one_source && !theirs.has_many_sources;
        constrain_answered(claim, peers_of(theirs, claim, before), counterpart, theirs.is_inside);
        claims.push_back(std::move(claim));
    }
    return claims;
}

void reconsider(std::vector<pinhole::Claim>& claims, const Counterpart& counterpart, const policy::View& policy) {
    std::erase_if(claims, [&](const pinhole::Claim& claim) {
        return !policy.is_protected(claim.local.address) || !policy.is_media_port(claim.local.port, claim.protocol);
    });
    for (pinhole::Claim& claim : claims) {
        claim.zone = counterpart.zone;
        claim.zone_substitutes = counterpart.is_declared;
        check_media(claim, policy.conformance(counterpart.zone));
        const bool is_inside = claim.constraint == pinhole::Constraint::peers && claim.peers.empty();
        if (claim.is_answered) constrain_answered(claim, std::exchange(claim.peers, {}), counterpart, is_inside);
        else constrain_offered(claim, counterpart);
    }
}

} // namespace ringwall::dialog

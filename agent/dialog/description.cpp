// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/description.hpp"

#include <algorithm>
#include <utility>

#include "agent/dialog/bundle.hpp"
#include "agent/dialog/constraint.hpp"
#include "agent/dialog/media_line.hpp"
#include "agent/dialog/setup.hpp"
#include "agent/pinhole/merge.hpp"

namespace ringwall::dialog {
namespace {

// RTP's and RTCP's of one c= line.
void add_pairs(const sdp::Media& media, const IpAddress& address, uint8_t line, std::vector<RemotePorts>& ports) {
    const auto add = [&](const Endpoint& first, uint8_t count, bool is_rtcp) {
        if (count > 0) ports.push_back({first.address, first.port, count, line, is_rtcp});
    };
    uint8_t pairs = 0;
    while (pairs < media.port_count && is_valid_pair(media, pairs)) ++pairs;
    if (pairs == 0) return;
    add({address, media.port}, pairs, false);
    const Endpoint rtcp = rtcp_of(media, address, 0), next{address, port_after(media.port, 1)};
    if (rtcp == next) return add(next, pairs, true);
    // a=rtcp may name a host, or port 0, which here would mean any port
    if (!rtcp.address.is_unspecified() && rtcp.port.value != 0) add(rtcp, 1, true);
    add({address, port_after(media.port, 3)}, static_cast<uint8_t>(pairs - 1), true);
}

void add_media(const sdp::Media& media, const policy::View& policy, Remote& all) {
    const uint8_t line = static_cast<uint8_t>(all.media.size());
    RemoteMedia& remote =
        all.media.emplace_back(RemoteMedia{.is_rejected = media.is_rejected(),
                                           .is_bundle_only = media.port.value == 0 && media.bundle_only,
                                           .has_mux = media.rtcp_mux || media.rtcp_mux_only,
                                           .is_held = is_hold(media),
                                           .has_many_sources = media.has_ssrc_group,
                                           .is_ice = media.is_ice,
                                           .never_connects = never_connects(media),
                                           .says_no_setup = is_tcp_media(media) && media.setup == sdp::Setup::none});
    if (media.port.value == 0 || (media.port == discard && !is_tcp_media(media)) || media.port_count > most_pairs)
        return;
    for (const sdp::Connection& connection : media.connections()) {
        remote.has_name |= connection.is_name;
        if (connection.is_name || connection.address.is_unspecified()) continue;
        remote.is_behind_nat |= connection.address.is_unroutable();
        if (policy.is_protected(connection.address) &&
            !policy.config().allow_hairpin) { // arriving from outside it would be spoofed
            remote.is_inside = true;
            continue;
        }
        if (is_tcp_media(media)) all.ports.push_back({connection.address, Port{0}, 1, line}); // a client's port is any
        else add_pairs(media, connection.address, line, all.ports);
    }
    if (media.path && !media.path->address.is_unspecified()) // of MSRP, who connects may be there (RFC 4975 8.1)
        all.ports.push_back({media.path->address, Port{0}, 1, line});
}

// RFC 9143 7.1.3: of what concerns the transport the tagged m-line speaks for those that share its port.
void add_bundles(const sdp::Session& session, Remote& all) {
    const auto tagged = bundled_with(session);
    for (size_t i = 0; i < tagged.size(); ++i) {
        if (!tagged[i]) continue;
        all.media[i].bundled_with = tagged[i];
        all.media[i].has_mux |= all.media[*tagged[i]].has_mux;
        all.media[i].is_ice |= all.media[*tagged[i]].is_ice;
    }
}

std::vector<Endpoint> named_by(const Remote& remote, uint8_t line, bool is_rtcp) {
    std::vector<Endpoint> peers = remote.ports_of(line, is_rtcp);
    if (!remote.media[line].is_behind_nat) return peers;
    // Who names the private address that its signalling comes from is behind no NAT, as far as anybody can tell.
    const auto is_named = [&](const Endpoint& peer) {
        return peer.address.is_unroutable() &&
               std::ranges::find(peers, peer.address, &Endpoint::address) != peers.end();
    };
    std::vector<Endpoint> stand_ins = remote.stand_ins;
    std::erase_if(stand_ins, is_named);
    pinhole::add_peers(peers, stand_ins);
    return peers;
}

// Who may send to one component of an answered m-line, by what the remote side named. Those named before a hold stay
// through it (music on hold), and those of the moment where nobody is named (0.0.0.0), but not of a host name: who that
// is, nobody knows.
std::vector<Endpoint> senders_to(pinhole::Claim& claim, const Remote& remote,
                                 const std::vector<pinhole::Claim>& before) {
    const bool is_rtcp = claim.component == pinhole::Component::rtcp;
    const auto is_it = [&](const pinhole::Claim& earlier) {
        return earlier.media == claim.media && (earlier.component == pinhole::Component::rtcp) == is_rtcp;
    };
    std::vector<Endpoint> named = named_by(remote, claim.media, is_rtcp), peers;
    const bool is_nobody = named.empty() && !remote.media[claim.media].has_name;
    claim.kept = 0;
    if (!claim.is_held && !is_nobody) return named;
    for (const pinhole::Claim& earlier : before) {
        if (!is_it(earlier)) continue;
        std::vector<Endpoint> kept = earlier.peers;
        if (earlier.is_held) kept.resize(std::min<size_t>(earlier.kept, kept.size()));
        pinhole::add_peers(peers, kept);
        if (is_nobody) pinhole::add_peers(named, earlier.peers);
    }
    claim.kept = static_cast<uint8_t>(peers.size());
    pinhole::add_peers(peers, named);
    return peers;
}

} // namespace

std::vector<Endpoint> Remote::ports_of(size_t line, bool is_rtcp) const {
    std::vector<Endpoint> all;
    for (const RemotePorts& each : ports)
        for (unsigned i = 0; each.media == line && each.is_rtcp == is_rtcp && i < each.count; ++i)
            if (const Endpoint port{each.address, port_after(each.first, 2 * i)};
                std::ranges::find(all, port) == all.end())
                all.push_back(port);
    return all;
}

Remote remote_of(const sdp::Session& session, const policy::View& policy, const std::vector<IpAddress>& routes) {
    Remote remote;
    for (const sdp::Media& media : session.media()) add_media(media, policy, remote);
    add_bundles(session, remote);
    if (std::ranges::any_of(remote.media, &RemoteMedia::is_behind_nat))
        for (const IpAddress& route : routes)
            if (&route == &routes.front() || !route.is_unroutable()) // the message did come from its source
                pinhole::add_peers(remote.stand_ins, {{route, Port{0}}});
    return remote;
}

std::vector<Endpoint> inside_endpoints(const sdp::Session& session,
                                       const std::function<bool(const IpAddress&)>& is_inside) {
    std::vector<Endpoint> named;
    const auto add = [&](const Endpoint& endpoint) {
        if (is_inside(endpoint.address)) named.push_back(endpoint);
    };
    for (const sdp::Media& media : session.media()) {
        if (media.port.value == 0) continue;
        if (media.path) add(*media.path);
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
        for (const sdp::Candidate& candidate : media.candidates()) {
            add(candidate.endpoint);
            if (candidate.base && *candidate.base != candidate.endpoint) add(*candidate.base);
        }
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

bool is_same_party(const Counterpart& a, const Counterpart& b) {
    return a.signalling.address == b.signalling.address || (a.is_declared && b.is_declared && a.zone == b.zone);
}

std::vector<pinhole::Claim> answered(const std::vector<pinhole::Claim>& offer, const Remote& remote,
                                     const Counterpart& counterpart, const std::vector<pinhole::Claim>& before) {
    const auto is_muxed = [&](uint8_t media) {
        return remote.media[media].has_mux && std::ranges::any_of(offer, [&](const pinhole::Claim& claim) {
                   return claim.media == media && claim.is_mux_offered;
               });
    };
    std::vector<pinhole::Claim> claims;
    claims.reserve(offer.size());
    for (pinhole::Claim claim : offer) {
        if (claim.media >= remote.media.size() || remote.media[claim.media].is_rejected) continue;
        const RemoteMedia& theirs = remote.media[claim.media];
        if (claim.protocol == Protocol::tcp && theirs.never_connects) continue; // then it is our side that connects
        if (is_muxed(claim.media)) {
            if (claim.component == pinhole::Component::rtcp) continue; // RFC 5761: one port from here on
            claim.component = pinhole::Component::rtp_rtcp;
        }
        claim.is_answered = true;
        claim.is_held |= theirs.is_held;
        if (!theirs.is_ice) claim.ufrag_hash = 0; // the other side has none: who may send is who it named
        claim.is_one_source = claim.is_one_source && !theirs.has_many_sources;
        std::vector<Endpoint> senders = senders_to(claim, remote, before);
        constrain_answered(claim, std::move(senders), counterpart, theirs.is_inside);
        claim.bundle = claim.bundle_rank = 0;
        const auto same = std::ranges::find(claims, claim.key(), &pinhole::Claim::key);
        const bool is_with_another =
            theirs.is_bundle_only || (theirs.bundled_with && theirs.bundled_with != claim.media);
        if (is_with_another && same != claims.end()) { // who sends that one sends this one
            claim.constraint = same->constraint;
            claim.peers = same->peers;
            claim.kept = same->kept;
            claim.only_from = same->only_from;
            claim.is_answered_inside = same->is_answered_inside;
        }
        claims.push_back(std::move(claim));
    }
    return claims;
}

void reconsider(std::span<pinhole::Claim> claims, const Counterpart& counterpart, const policy::View& policy) {
    for (pinhole::Claim& claim : claims) {
        if (std::exchange(claim.is_other_partys, false)) continue; // as it was; another policy settles on the leg's own
        claim.zone = counterpart.zone;
        claim.zone_substitutes = counterpart.is_declared;
        check_media(claim, policy.conformance(counterpart.zone));
        const bool is_inside = claim.is_answered_inside;
        if (claim.is_answered) constrain_answered(claim, std::exchange(claim.peers, {}), counterpart, is_inside);
        else constrain_offered(claim, counterpart);
    }
}

} // namespace ringwall::dialog

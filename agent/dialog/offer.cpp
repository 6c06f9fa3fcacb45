// SPDX-License-Identifier: Apache-2.0
// The claims of a description that leaves the protected side (offer_of in description.hpp).
#include <algorithm>
#include <utility>

#include "agent/dialog/bundle.hpp"
#include "agent/dialog/constraint.hpp"
#include "agent/dialog/description.hpp"
#include "agent/dialog/media_line.hpp"
#include "agent/dialog/setup.hpp"
#include "agent/text/word.hpp"
#include "maps/fnv1a.hpp"

namespace ringwall::dialog {
namespace {

bool is_udp_media(const sdp::Media& media) {
    return media.transport == sdp::Transport::rtp || media.transport == sdp::Transport::udptl ||
           media.transport == sdp::Transport::sctp_dtls ||
           text::is_word<"udp">(media.protocol.substr(0, media.protocol.find('/')));
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

// Makes the claims of one m-line that leaves the protected side.
class Offer {
public:
    Offer(const policy::View& policy, const Counterpart& counterpart, const Naming& naming, OfferRefusals& refusals)
        : policy_(policy), counterpart_(counterpart), naming_(naming), refusals_(refusals) {}

    void add(const sdp::Media& media, uint8_t index, bool is_bundle) {
        is_bundle_ = is_bundle;
        named_elsewhere_.reset();
        names_ours_ = false;
        add_line(media, index);
        if (!named_elsewhere_ || names_ours_) return;
        ++refusals_.elsewhere;
        if (!refusals_.named_elsewhere) refusals_.named_elsewhere = named_elsewhere_;
    }
    // At the port of the tagged m-line, which says what there is to say of it (RFC 9143 7.1.3).
    void add_to(size_t tagged, const sdp::Media& media, uint8_t index) {
        const size_t before = claims.size();
        for (size_t i = 0; i < before; ++i) {
            const pinhole::Claim& at = claims[i];
            if (at.media != tagged || at.component == pinhole::Component::rtcp) continue;
            pinhole::Claim claim = claim_of(media, index, at.local, primary_component(media));
            claim.is_mux_offered = at.is_mux_offered;
            claim.ufrag_hash = at.ufrag_hash;
            if (!comes_by_dtls(claim, at)) claims.push_back(std::move(claim));
        }
    }
    std::vector<pinhole::Claim> claims;

private:
    void add_line(const sdp::Media& media, uint8_t index) {
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

    // Port after port, not pairs: there is no RTCP of its own (RFC 4571 2).
    void add_tcp(const sdp::Media& media, uint8_t index) {
        if (never_listens(media)) return;
        for (const sdp::Connection& connection : media.connections())
            for (unsigned i = 0; !connection.is_name && i < media.port_count; ++i)
                add_claim(media, index, {connection.address, port_after(media.port, i)}, pinhole::Component::other);
        // MSRP: the other side connects to the path (RFC 4975 8.1), or to m= and c= by RFC 6714.
        if (media.path && !claims_already(naming_.inside_of(*media.path), index))
            add_claim(media, index, *media.path, pinhole::Component::other);
    }

    bool claims_already(const Endpoint& inside, uint8_t index) const {
        return std::ranges::any_of(
            claims, [&](const pinhole::Claim& claim) { return claim.local == inside && claim.media == index; });
    }

    // The endpoint of m= and c=, which ICE calls the default one.
    void add_default(const sdp::Media& media, uint8_t index) {
        for (const sdp::Connection& connection : media.connections())
            for (unsigned i = 0; !connection.is_name && i < media.port_count && is_valid_pair(media, i); ++i)
                add_pair(media, index, connection.address, i);
    }

    // RFC 8445 5.1.1: packets arrive at the base. Once ICE has completed, an offer may list the reflexive candidate alone
    // (RFC 8839 4.4.1.2.2), and then nothing else in it names the port here.
    void add_candidate(const sdp::Media& media, uint8_t index, const sdp::Candidate& candidate) {
        const bool is_rtcp = candidate.component == 2;
        if (!candidate.is_udp || !candidate.base || candidate.component > 2) return;
        if (is_rtcp && (media.rtcp_mux_only || media.transport != sdp::Transport::rtp)) return;
        const auto primary = media.rtcp_mux_only ? pinhole::Component::rtp_rtcp : primary_component(media);
        add_claim(media, index, *candidate.base, is_rtcp ? pinhole::Component::rtcp : primary);
    }

    void add_pair(const sdp::Media& media, uint8_t index, const IpAddress& address, unsigned i) {
        const bool is_rtp = media.transport == sdp::Transport::rtp;
        const auto primary = media.rtcp_mux_only ? pinhole::Component::rtp_rtcp : primary_component(media);
        add_claim(media, index, {address, port_after(media.port, 2 * i)}, primary);
        if (is_rtp && !media.rtcp_mux_only)
            add_claim(media, index, rtcp_of(media, address, i), pinhole::Component::rtcp);
    }

    void add_claim(const sdp::Media& media, uint8_t index, const Endpoint& named, pinhole::Component component) {
        const Endpoint inside = naming_.inside_of(named);
        if (!policy_.is_protected(inside.address)) {
            if (!named_elsewhere_ && !named.address.is_unspecified()) named_elsewhere_ = named;
            return;
        }
        names_ours_ = true;
        const Protocol protocol = is_tcp_media(media) ? Protocol::tcp : Protocol::udp;
        if (media.is_ice && claims_already(inside, index)) return; // the default endpoint is one of the candidates
        if (!policy_.is_media_port(inside.port, protocol)) {
            ++refusals_.unguarded;
        } else if (naming_.is_echo(named) || naming_.is_echo(inside)) {
            ++refusals_.echoed;
        } else {
            claims.push_back(claim_of(media, index, inside, component));
        }
    }

    pinhole::Claim claim_of(const sdp::Media& media, uint8_t index, const Endpoint& inside,
                            pinhole::Component component) const {
        pinhole::Claim claim{.local = inside,
                             .protocol = is_tcp_media(media) ? Protocol::tcp : Protocol::udp,
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
                             .ufrag_hash = media.ice_ufrag.empty() ? 0 : ufrag_hash(media.ice_ufrag),
                             .waits = waits(media),
                             .bundle = media.bundle,
                             .bundle_rank = media.bundle_rank};
        check_media(claim, policy_.conformance(counterpart_.zone));
        constrain_offered(claim, counterpart_);
        return claim;
    }

    const policy::View& policy_;
    const Counterpart& counterpart_;
    const Naming& naming_;
    OfferRefusals& refusals_;
    bool is_bundle_ = false;
    // Of the m-line that is being read. The first is where its media goes: m= and c= come before candidates.
    std::optional<Endpoint> named_elsewhere_;
    bool names_ours_ = false;
};

} // namespace

std::vector<pinhole::Claim> offer_of(const sdp::Session& session, const policy::View& policy,
                                     const Counterpart& counterpart, const Naming& naming, OfferRefusals& refusals) {
    Offer offer(policy, counterpart, naming, refusals);
    const auto tagged = bundled_with(session);
    const auto shares_a_port = [&](uint8_t index) {
        const sdp::Media& media = session.media()[index];
        const bool has_own_ports = media.port == discard && media.candidate_count > 0;
        return tagged[index] && tagged[index] != index && !has_own_ports && is_udp_media(media) &&
               is_udp_media(session.media()[*tagged[index]]);
    };
    for (uint8_t i = 0; i < session.media_count; ++i)
        if (!shares_a_port(i)) offer.add(session.media()[i], i, session.is_bundle);
    for (uint8_t i = 0; i < session.media_count; ++i)
        if (shares_a_port(i)) offer.add_to(*tagged[i], session.media()[i], i);
    return std::move(offer.claims);
}

} // namespace ringwall::dialog

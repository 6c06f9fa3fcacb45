/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Is a packet of the right sender the media that was negotiated? Asked where the hole says so (PINHOLE_CONFORM_*), of
 * whoever may send. The first fault found:
 *
 *  not of a kind that was negotiated, or ill formed   not_media
 *  an RTP payload type that was not                   wrong_payload_type
 *  another SSRC than the call's                       wrong_ssrc   (PINHOLE_ONE_SOURCE, once answered)
 *  more packets than such media has                   over_rate
 *
 * Kinds, by the first byte (RFC 7983 section 7) and the hole: RTP, STUN and ZRTP on an RTP port (RFC 6189 lets ZRTP begin
 * without a word in SDP); DTLS where SRTP was negotiated; RTCP on its own port, on a muxed one (RFC 5761), and on any
 * while nobody has answered the mux that was offered. UDPTL has hardly a structure: a number, and a length that varies.
 */
#pragma once

#include "bpf/load.bpf.h"
#include "bpf/pinhole.bpf.h"

#define CONFORMANCE_FLAGS (PINHOLE_CONFORM_COUNT | PINHOLE_CONFORM_ENFORCE)
#define RATE_TOLERANCE NSEC_PER_SEC /* as many at once as the cap allows in a second */
#define UDPTL_LEAST 5               /* sequence number, primary of one byte with its length, no error recovery */
#define UDPTL_MOST 1500
#define SSRC_PROBATION_PACKETS 5
#define SSRC_PROBATION_MS 60 /* of them, from the first to the last: at 20 ms a packet nobody is quicker */
#define RTP_EXTENSION 0x10
#define RTP_PADDING 0x20

static __always_inline int has_payload_type(const struct pinhole *hole, __u32 type) {
    return READ_ONCE(hole->payload_types[type >> 6 & 1]) >> (type & 63) & 1;
}

static __always_inline __u32 payload_type_of(const struct packet *pkt) { return bpf_ntohl(pkt->head[0]) >> 16 & 0x7f; }

/* RFC 3550 section 5.1: CSRCs, extension and padding must be within the payload. SRTP encrypts the padding's length. */
static __always_inline int is_whole_rtp(struct context *ctx, const struct packet *pkt, __u64 ctl) {
    __u32 first = first_byte(pkt);
    __u32 header = RTP_HEADER + (first & 15) * 4;
    __u32 length = pkt->payload_here;
    if (first & RTP_EXTENSION) {
        __be32 extension = 0;
        if (header + 4 > length || load_bytes(ctx, pkt->payload_offset + header, &extension, 4) != 0) return 0;
        header += 4 + (bpf_ntohl(extension) & 0xffff) * 4;
    }
    if (header > length) return pkt->is_first_fragment;
    if (first & RTP_PADDING && !(flags_in(ctl) & PINHOLE_SRTP) && !pkt->is_first_fragment) {
        __u8 padding = 0;
        if (load_bytes(ctx, pkt->payload_offset + length - 1, &padding, 1) != 0) return 0;
        if (padding == 0 || header + padding > length) return 0;
    }
    return 1;
}

/* RFC 3550 section 6.4 and the registry: 192-195 and 200-213. A compound begins with 200 or 201, a packet of reduced size
 * (RFC 5506) with any. What follows the first is not walked: SRTCP encrypts it. */
static __always_inline int is_whole_rtcp(const struct packet *pkt) {
    __u32 word = bpf_ntohl(pkt->head[0]);
    __u32 type = word >> 16 & 0xff;
    if (pkt->payload_here < RTCP_HEADER || type < 192 || type > 213 || (type > 195 && type < 200)) return 0;
    return ((word & 0xffff) + 1) * 4 <= pkt->payload_length;
}

static __always_inline int may_be_rtcp(__u64 ctl) {
    return component_of(ctl) != COMPONENT_RTP || phase_of(ctl) == PHASE_OFFERED;
}

static __always_inline __u64 ssrc_candidate(__u32 ssrc, __u32 count, __u32 ms) {
    return (__u64)ssrc << 32 | count << 24 | (ms & 0xffffff);
}

/* The call's SSRC, or one that has been alone for its probation: music on hold and transfers behind the peer come so,
 * unannounced. Each packet of the call's own puts an end to the probation. */
static __always_inline int is_expected_source(struct pinhole *hole, const struct packet *pkt) {
    __u32 ssrc = bpf_ntohl(pkt->head[2]);
    __u32 own = READ_ONCE(hole->ssrc);
    __u64 candidate = READ_ONCE(hole->ssrc_candidate);
    if (own == ssrc || own == 0) {
        if (candidate) WRITE_ONCE(hole->ssrc_candidate, 0);
        return 1;
    }
    __u32 ms = pkt->now / NSEC_PER_MSEC;
    __u32 count = candidate >> 24 & 0xff;
    __u32 waited = (ms - (__u32)candidate) & 0xffffff;
    if (candidate >> 32 != ssrc || count == 0) {
        WRITE_ONCE(hole->ssrc_candidate, ssrc_candidate(ssrc, 1, ms));
        return 0;
    }
    if (count < 255) count += 1;
    if (count < SSRC_PROBATION_PACKETS || waited < SSRC_PROBATION_MS) {
        WRITE_ONCE(hole->ssrc_candidate, ssrc_candidate(ssrc, count, ms - waited));
        return 0;
    }
    WRITE_ONCE(hole->ssrc, ssrc);
    WRITE_ONCE(hole->ssrc_candidate, 0);
    return 1;
}

static __always_inline __u32 find_rtp_fault(struct context *ctx, struct pinhole *hole, __u64 ctl,
                                            const struct packet *pkt) {
    if (pkt->payload_here < RTP_HEADER || !is_whole_rtp(ctx, pkt, ctl)) return REASON_not_media;
    if (!has_payload_type(hole, payload_type_of(pkt))) return REASON_wrong_payload_type;
    if (flags_in(ctl) & PINHOLE_ONE_SOURCE && phase_of(ctl) != PHASE_OFFERED && !is_expected_source(hole, pkt))
        return REASON_wrong_ssrc;
    return REASON_NONE;
}

/* Where the marker bit and a payload type of 64-95 look like RTCP, what was negotiated decides. */
static __always_inline __u32 find_version2_fault(struct context *ctx, struct pinhole *hole, __u64 ctl,
                                                 const struct packet *pkt) {
    int is_rtp_port = component_of(ctl) != COMPONENT_RTCP;
    if (is_rtcp(pkt) && may_be_rtcp(ctl)) return is_whole_rtcp(pkt) ? REASON_NONE : REASON_not_media;
    if (is_rtcp(pkt) && !has_payload_type(hole, payload_type_of(pkt))) return REASON_not_media;
    return is_rtp_port ? find_rtp_fault(ctx, hole, ctl, pkt) : REASON_not_media;
}

static __always_inline __u32 find_kind_fault(struct context *ctx, struct pinhole *hole, __u64 ctl,
                                             const struct packet *pkt) {
    __u32 first = first_byte(pkt);
    __u32 length = pkt->payload_length;
    if (component_of(ctl) == COMPONENT_OTHER) return REASON_NONE;
    if (component_of(ctl) == COMPONENT_UDPTL || component_of(ctl) == COMPONENT_RTP_UDPTL)
        return length >= UDPTL_LEAST && length <= UDPTL_MOST ? REASON_NONE : REASON_not_media;
    if (first >> 6 == 2) return find_version2_fault(ctx, hole, ctl, pkt);
    if (!is_media(pkt)) return REASON_not_media;
    if (first >= 20 && !(flags_in(ctl) & PINHOLE_SRTP)) return REASON_not_media;
    return first >= 16 && first <= 19 && component_of(ctl) == COMPONENT_RTCP ? REASON_not_media : REASON_NONE;
}

static __noinline __u32 find_any_fault(struct context *ctx, struct pinhole *hole, const struct packet *pkt) {
    return find_kind_fault(ctx, hole, READ_ONCE(hole->ctl), pkt);
}

/* RTP of twelve bytes and CSRCs, of a type and a source as negotiated: nearly all there is. */
static __always_inline int is_usual_rtp(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    __u32 word = bpf_ntohl(pkt->head[0]);
    __u32 component = component_of(ctl);
    if (word >> 28 != 8 || is_rtcp(pkt) || (component != COMPONENT_RTP && component != COMPONENT_RTP_RTCP)) return 0;
    if (RTP_HEADER + (word >> 24 & 15) * 4 > pkt->payload_here || !has_payload_type(hole, word >> 16 & 0x7f)) return 0;
    return !(flags_in(ctl) & PINHOLE_ONE_SOURCE) ||
           (hole->ssrc == bpf_ntohl(pkt->head[2]) && READ_ONCE(hole->ssrc_candidate) == 0);
}

/* A plain store: a charge lost to another CPU harms nobody. Over the cap nothing is written. */
static __always_inline int is_over_rate(struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    __u64 period = READ_ONCE(hole->packet_period_ns);
    __u64 tat = READ_ONCE(hole->rate_tat_ns);
    if (period == 0 || phase_of(ctl) == PHASE_OFFERED) return 0; /* offered: early_rate has charged it */
    if (tat < pkt->now) tat = pkt->now;
    if (tat - pkt->now > RATE_TOLERANCE) return 1;
    WRITE_ONCE(hole->rate_tat_ns, tat + period);
    return 0;
}

/* REASON_NONE, or what the packet would be refused as. */
static __always_inline __u32 find_fault(struct context *ctx, struct pinhole *hole, __u64 ctl,
                                        const struct packet *pkt) {
    if (!(flags_in(ctl) & CONFORMANCE_FLAGS)) return REASON_NONE;
    if (!is_usual_rtp(hole, ctl, pkt)) {
        __u32 fault = find_any_fault(ctx, hole, pkt);
        if (fault != REASON_NONE) return fault;
    }
    return is_over_rate(hole, ctl, pkt) ? REASON_over_rate : REASON_NONE;
}

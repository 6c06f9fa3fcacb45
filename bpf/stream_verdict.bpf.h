/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5 over TCP: a segment to a SIP port, or to a TLS or WebSocket one.
 *
 *  denied or banned source                         drop denied, banned (of TLS and WebSocket: by command only)
 *  not admitted                                    drop not_a_peer
 *  a new connection, over the limit of its source  drop syn_limited, rate_limit_full
 *  or of its zone or peer in total                 drop total_limited
 *  else                                            pass sip_stream
 *
 * No segment of an established connection is dropped for a limit: it would stall every call on it. A packet filter sees
 * no messages in a stream, but a segment often begins with one. Where it does, it pays the bucket of its method; over
 * the limit it passes all the same, is counted (stream_over_limit), and spends one of its source's new connections. So
 * who floods within a connection keeps that one, and opens no other while the flood goes on.
 *
 * What carries bytes, begins or ends a SIP stream is mirrored; the agent puts the stream together by sequence numbers.
 */
#pragma once

#include "bpf/return_path.bpf.h"
#include "bpf/sip_verdict.bpf.h"

static __always_inline int opens_connection(const struct packet *pkt) {
    return (pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* A bare acknowledgement says nothing of the stream's bytes. */
static __always_inline int is_part_of_stream(const struct packet *pkt) {
    return pkt->payload_here != 0 || pkt->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
}

static __always_inline __u32 limit_connections(struct packet *pkt, const struct zone *zone) {
    pkt->sip_class = CLASS_SYN;
    switch (charge_both(pkt, zone)) {
        case CHARGE_PASS: return REASON_sip_stream;
        case CHARGE_FULL: return REASON_rate_limit_full;
        case CHARGE_TOTAL: return REASON_total_limited;
        default: return REASON_syn_limited;
    }
}

/* Bytes that begin like no message continue one, or are anything: they pay nothing. */
static __always_inline void charge_segment(struct context *ctx, struct packet *pkt, const struct zone *zone) {
    int class = classify(ctx, pkt);
    if (!(class & START_IS_REQUEST) && pkt->sip_class != CLASS_RESPONSE) return;
    if (is_in_dialog(pkt->sip_class) && is_of_known_party(pkt)) return;
    if (charge_both(pkt, zone) == CHARGE_PASS) return;
    count_event(EVENT_stream_over_limit);
    note_excess(pkt, zone);
    pkt->sip_class = CLASS_SYN;
    charge_both(pkt, zone);
}

/* A global function: verified once. In monitor mode what it refuses passes, and is mirrored then. */
__noinline int judge_stream(struct context *ctx, struct packet *pkt, int is_opaque) {
    if (!pkt) return REASON_malformed;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (!is_opaque) pkt->is_mirrored = is_part_of_stream(pkt);
    if (is_opaque ? is_denied(pkt) : is_silenced(pkt)) return denial_of(pkt); /* 3 */
    if (!is_admitted(pkt))
        return find_return_path(pkt) & RETURN_SIP ? REASON_sip_return_path : REASON_not_a_peer; /* 6, 5 */
    if (!zone || is_allowed(pkt)) return REASON_sip_stream;                                     /* 5 */
    if (opens_connection(pkt)) return limit_connections(pkt, zone);                             /* 5 */
    if (!is_opaque && pkt->payload_here) charge_segment(ctx, pkt, zone);
    return REASON_sip_stream; /* 5 */
}

/* Step 6: a connection that the inside opened to a SIP port out there. */
static __always_inline int is_answered_stream(const struct packet *pkt) {
    const struct port_policy *bits = ports_of(pkt, port_of(&pkt->source));
    return bits && has_port(bits->sip_tcp, port_of(&pkt->source)) && find_return_path(pkt) & RETURN_SIP;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The verdict on what arrives from outside. The numbers are the design's ("Verdict, in order"); each return carries its
 * own.
 *
 *  1  not IP                                                    pass not_ip
 *     no addresses to read: it could be for anyone              drop malformed
 *     unreadable beyond, may be UDP, to a protected address     drop malformed
 *     unreadable otherwise                                      pass unparsable
 *     neither a protected destination nor a SIP port            pass out_of_scope
 *     source inside protect.networks                            drop spoofed_inside  (not with allow_hairpin)
 *  2  allowed sources skip 3 and 5
 *  3  denied source, to a SIP or guarded port                   drop denied
 *  4  later fragment: holds no ports                            pass later_fragment
 *  5  SIP port: admission, strict, limits (sip_verdict.bpf.h)   pass sip, sip_learned, sip_stream | drop
 *  6  way back of a request that the inside sent                pass sip_return_path
 *  7  pinhole (media_verdict.bpf.h)                             pass pinhole_* | drop
 *  9  way back of a flow that the inside started                pass return_path | drop return_path_ended
 * 10  guarded                                                   drop no_pinhole
 *     anything else                                             pass not_guarded
 *
 * The exact peer of a live pinhole is looked up first: the outcome is the same, and media is nearly all there is.
 */
#pragma once

#include "bpf/media_verdict.bpf.h"
#include "bpf/parse.bpf.h"
#include "bpf/return_path.bpf.h"
#include "bpf/sip_verdict.bpf.h"

static __always_inline int is_protected(const struct network *network) {
    return (network->flags & NETWORK_PROTECTED) != 0;
}

static __always_inline int is_spoofed(const struct packet *pkt) {
    return is_protected(&pkt->source_network) && !(pkt->wall_flags & WALL_ALLOW_HAIRPIN);
}

static __always_inline __u32 judge_unreadable(struct packet *pkt) {
    if (pkt->kind == PACKET_UNREADABLE) return REASON_malformed; /* 1 */
    look_up_networks(pkt);
    if (pkt->may_be_udp && is_protected(&pkt->destination_network)) return REASON_malformed; /* 1 */
    return REASON_unparsable;                                                                /* 1 */
}

static __always_inline __u32 judge_without_ports(struct packet *pkt) {
    look_up_networks(pkt);
    if (!is_protected(&pkt->destination_network))
        return pkt->kind == PACKET_LATER_FRAGMENT ? REASON_later_fragment : REASON_out_of_scope; /* 4, 1 */
    if (is_spoofed(pkt)) return REASON_spoofed_inside;                                           /* 1 */
    return pkt->kind == PACKET_LATER_FRAGMENT ? REASON_later_fragment : REASON_not_guarded;      /* 4, 10 */
}

/* No segment of a connection is dropped for a limit: it would stall every call on it. */
static __always_inline __u32 judge_tcp(struct packet *pkt) {
    __u32 port = port_of(&pkt->destination);
    const struct port_policy *bits = ports_of(pkt, port);
    int is_sip = bits && has_port(bits->sip_tcp, port);
    look_up_networks(pkt);
    if (!is_sip && !is_protected(&pkt->destination_network)) return REASON_out_of_scope; /* 1 */
    if (is_spoofed(pkt)) return REASON_spoofed_inside;                                   /* 1 */
    if (!is_sip) return REASON_not_guarded;                                              /* 10 */
    if (is_denied(pkt)) return REASON_denied;                                            /* 3 */
    return is_admitted(pkt) ? REASON_sip_stream : REASON_not_a_peer;                     /* 5 */
}

/* In monitor mode even this passes, and then the agent must see it: the inside will answer. */
static __always_inline __u32 refuse_sip(struct context *ctx, struct packet *pkt, __u32 reason) {
    return pkt->wall_flags & WALL_MONITOR ? (__u32)take_sip(ctx, pkt, reason) : reason;
}

/* Step 5 for UDP: REASON_NONE where the port is no SIP port for this source. */
static __always_inline __u32 judge_sip_port(struct context *ctx, struct packet *pkt, int is_configured) {
    const struct learned_port *port = learned_port_at(pkt, &pkt->destination);
    int is_learned = port && is_learned_party(pkt, port);
    if (!is_configured && !is_learned) return REASON_NONE;
    if (is_denied(pkt)) return refuse_sip(ctx, pkt, REASON_denied);                            /* 3 */
    if (is_configured && is_admitted(pkt)) return judge_sip(ctx, pkt, REASON_sip);             /* 5 */
    if (is_learned) return judge_sip(ctx, pkt, REASON_sip_learned);                            /* 5 */
    if (find_return_path(pkt) & RETURN_SIP) return take_sip(ctx, pkt, REASON_sip_return_path); /* 6 */
    return refuse_sip(ctx, pkt, REASON_not_a_peer);                                            /* 5 */
}

/* Steps 7 to 10: a hole that refuses is the last word while it lives; a tombstone refuses its own call's peers only. */
static __always_inline __u32 judge_guarded(struct context *ctx, struct packet *pkt, struct pinhole *hole, int path,
                                           int is_guarded) {
    if (hole && phase_of(READ_ONCE(hole->ctl)) != PHASE_CLOSED) return judge_live_pinhole(ctx, hole, pkt); /* 7 */
    if (hole && path) {
        __u64 ctl = READ_ONCE(hole->ctl);
        if (is_tombstone(hole, ctl, pkt) && was_peer(hole, ctl, &pkt->source, pkt->source_network.zone))
            return REASON_return_path_ended; /* 9 */
    }
    if (path) return REASON_return_path;                                           /* 9 */
    if (hole && pkt->now < READ_ONCE(hole->deadline_ns)) return REASON_call_ended; /* 7 */
    return is_guarded ? REASON_no_pinhole : REASON_not_guarded;                    /* 10 */
}

static __always_inline __u32 judge_udp(struct context *ctx, struct packet *pkt) {
    __u32 port = port_of(&pkt->destination);
    const struct port_policy *bits = ports_of(pkt, port);
    int is_sip = bits && has_port(bits->sip_udp, port);
    int is_guarded = bits && has_port(bits->media_udp, port);
    struct pinhole *hole = is_sip ? 0 : pinhole_at(&pkt->destination);
    __u32 reason = hole ? judge_negotiated(ctx, hole, pkt) : REASON_NONE;
    if (reason != REASON_NONE) return reason; /* 7 */

    look_up_networks(pkt);
    if (!is_sip && !is_protected(&pkt->destination_network)) return REASON_out_of_scope; /* 1 */
    if (is_spoofed(pkt)) return REASON_spoofed_inside;                                   /* 1 */
    reason = judge_sip_port(ctx, pkt, is_sip);
    if (reason != REASON_NONE) return reason;                         /* 3, 5, 6 */
    if (is_denied(pkt) && (is_guarded || hole)) return REASON_denied; /* 3 */
    int path = find_return_path(pkt);
    if (path & RETURN_SIP) return take_sip(ctx, pkt, REASON_sip_return_path); /* 6 */
    reason = judge_guarded(ctx, pkt, hole, path, is_guarded);                      /* 7, 9, 10 */
    if (hole && is_drop(reason)) note_refusal(hole, pkt, reason);
    return reason;
}

static __always_inline __u32 judge_ingress(struct context *ctx, struct packet *pkt) {
    switch (pkt->kind) {
        case PACKET_NOT_IP: return REASON_not_ip; /* 1 */
        case PACKET_UNREADABLE:
        case PACKET_CUT: return judge_unreadable(pkt);
        case PACKET_UDP: return judge_udp(ctx, pkt);
        case PACKET_TCP: return judge_tcp(pkt);
        default: return judge_without_ports(pkt);
    }
}

/* Counts, mirrors what goes on its way, and says whether it does. In monitor mode a drop is counted, and passes. */
static __always_inline int conclude_ingress(struct context *ctx, struct packet *pkt, __u32 reason) {
    int passes = !is_drop(reason);
    count_reason(pkt, reason);
    if (!passes && pkt->wall_flags & WALL_MONITOR) {
        count_event(EVENT_monitored);
        passes = 1;
    }
    if (passes && pkt->is_mirrored) mirror(ctx, pkt);
    return passes;
}

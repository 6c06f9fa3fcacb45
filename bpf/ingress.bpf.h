/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The verdict on what arrives from outside. The numbers are the design's ("Verdict, in order"); each return carries its
 * own.
 *
 *  1  not IP                                                    pass not_ip
 *     no addresses to read: it could be for anyone              drop malformed
 *     ports that the host may find and we do not                drop malformed
 *     unreadable beyond, may be UDP, to a protected address     drop malformed
 *     unreadable otherwise                                      pass unparsable
 *     guarded UDP to an address that hosts share (broadcast)    drop no_pinhole
 *     neither a protected destination nor a SIP port            pass out_of_scope
 *     source inside protect.networks                            drop spoofed_inside  (not with allow_hairpin)
 *  2  allowed sources skip 3 and 5
 *  3  denied source, to a SIP or guarded port                   drop denied  (deny.scope all: to anything protected)
 *     banned source (ban.bpf.h), by command likewise, by the
 *     wall itself to a SIP port                                 drop banned
 *  4  fragments (fragment.bpf.h)                                pass later_fragment, fragment_unpaired | drop
 *     a first one that its ports would let pass, overlapping    drop fragment_overlap
 *  5  SIP port: admission, strict, limits (sip_verdict.bpf.h,
 *     over TCP stream_verdict.bpf.h)                            pass sip, sip_learned, sip_stream | drop
 *  6  way back of a request that the inside sent, the party of
 *     a call that the inside began or answered, the answer of
 *     a STUN server that a SIP port has asked (external.bpf.h),
 *     or a connection that the inside opened to a SIP port      pass sip_return_path
 *  7  guarded, agent gone, and it closes them (fail_mode.bpf.h) drop agent_lost_closed
 *     ICE check to a pinhole (ice_check.bpf.h)                  pass pinhole_stun | drop no_ufrag, stun_rate
 *     pinhole (media_verdict.bpf.h)                             pass pinhole_* | drop
 *     guarded TCP (tcp_media_verdict.bpf.h), 10 too             pass pinhole_tcp, tcp_established | drop
 *  8  static rule (rules.bpf.h), where no live pinhole is       pass rule
 *     media of a party of a TLS or WebSocket connection         pass opaque_media | drop opaque_rate
 *  9  way back of a flow that the inside started                pass return_path | drop return_path_ended
 * 10  guarded                                                   drop no_pinhole
 *     anything else                                             pass not_guarded
 *
 * What a guarded port or a pinhole refuses at 7 to 10 may pass after all: from sources that say `bypass: all` (bypass),
 * and while the agent is gone (agent_lost).
 *
 * The exact peer of a live pinhole is looked up first: the outcome is the same, and media is nearly all there is.
 */
#pragma once

#include "bpf/external.bpf.h"
#include "bpf/fail_mode.bpf.h"
#include "bpf/fragment.bpf.h"
#include "bpf/ice_check.bpf.h"
#include "bpf/media_verdict.bpf.h"
#include "bpf/opaque.bpf.h"
#include "bpf/parse.bpf.h"
#include "bpf/return_path.bpf.h"
#include "bpf/rules.bpf.h"
#include "bpf/sample.bpf.h"
#include "bpf/sip_verdict.bpf.h"
#include "bpf/stream_verdict.bpf.h"
#include "bpf/tcp_media_verdict.bpf.h"

static __always_inline int is_protected(const struct standing *network) {
    return (network->flags & NETWORK_PROTECTED) != 0;
}

/* Not protected addresses: what comes *from* the link's neighbours, and to them, is none of our business. */
static __always_inline __u32 judge_unprotected(const struct packet *pkt, int is_guarded) {
    return is_guarded && pkt->destination_network.flags & NETWORK_SHARED ? REASON_no_pinhole : REASON_out_of_scope;
}

static __always_inline int is_spoofed(const struct packet *pkt) {
    return is_protected(&pkt->source_network) && !(pkt->wall_flags & WALL_ALLOW_HAIRPIN);
}

static __always_inline __u32 judge_unreadable(struct packet *pkt) {
    if (pkt->kind != PACKET_CUT) return REASON_malformed; /* 1 */
    look_up_networks(pkt);
    /* A cut packet ends at the host; a first fragment may go on, to a SIP port anywhere. */
    if (pkt->is_first_fragment && pkt->may_have_ports) return REASON_malformed; /* 1 */
    if (pkt->may_be_udp && is_protected(&pkt->destination_network)) return REASON_malformed; /* 1 */
    note_ban(pkt);
    if (is_denied_everything(pkt)) return denial_of(pkt);                                    /* 3 */
    return REASON_unparsable;                                                                /* 1 */
}

static __always_inline __u32 judge_without_ports(struct packet *pkt) {
    look_up_networks(pkt);
    note_ban(pkt);
    int is_inside = is_protected(&pkt->destination_network);
    if (is_inside && is_spoofed(pkt)) return REASON_spoofed_inside;           /* 1 */
    if (is_inside && is_denied_everything(pkt)) return denial_of(pkt);        /* 3 */
    if (pkt->kind == PACKET_BAD_FRAGMENT) return REASON_fragment_tiny;        /* 4 */
    if (pkt->kind == PACKET_LATER_FRAGMENT) return judge_later_fragment(pkt); /* 4 */
    return is_inside ? REASON_not_guarded : REASON_out_of_scope;              /* 10, 1 */
}

/* A TLS or WebSocket port is one at protected addresses only: 443 beside the PBX is somebody's web server. */
static __always_inline __u32 judge_tcp(struct context *ctx, struct packet *pkt) {
    __u32 port = port_of(&pkt->destination);
    const struct port_policy *bits = ports_of(pkt, port);
    int is_sip = bits && has_port(bits->sip_tcp, port);
    int is_opaque = bits && has_port(bits->opaque, port);
    int is_guarded = bits && has_port(bits->media_tcp, port);
    look_up_networks(pkt);
    if (!is_sip && !is_protected(&pkt->destination_network)) return REASON_out_of_scope; /* 1 */
    if (is_spoofed(pkt)) return REASON_spoofed_inside;                                   /* 1 */
    note_ban(pkt);
    if (is_denied_everything(pkt)) return denial_of(pkt);                                /* 3 */
    if (is_sip || is_opaque) return judge_stream(ctx, pkt, is_opaque);                   /* 3, 5, 6 */
    if (is_guarded && is_denied(pkt)) return denial_of(pkt);                             /* 3 */
    if (is_answered_stream(pkt)) {
        pkt->is_mirrored = is_part_of_stream(pkt);
        return REASON_sip_return_path; /* 6 */
    }
    int is_closed = is_guarded && is_closed_by_loss(pkt);
    __u32 reason = is_closed ? REASON_agent_lost_closed : REASON_not_guarded; /* 7, 10 */
    if (is_guarded && !is_closed) reason = judge_tcp_media(pkt);              /* 7, 10 */
    int is_open = is_closed || reason == REASON_not_guarded || reason == REASON_no_pinhole ||
                  reason == REASON_call_ended || reason == REASON_pinhole_expired;
    if (is_open && bits && has_rule(pkt, bits->rules_tcp)) return REASON_rule; /* 8 */
    return is_drop(reason) && is_bypassing(pkt) ? REASON_bypass : reason;
}

/* Exactly the endpoint that a live call's signalling goes to: its BYE comes from there, an hour later. */
__noinline int is_party(const struct packet *pkt) {
    return pkt && (known_flags(pkt, port_of(&pkt->source)) & KNOWN_PARTY) != 0;
}

/* In monitor mode even this passes, and then the agent must see it: the inside will answer. */
static __always_inline __u32 refuse_sip(struct context *ctx, struct packet *pkt, __u32 reason) {
    return pkt->wall_flags & WALL_MONITOR ? (__u32)take_sip(ctx, pkt, reason) : reason;
}

/* To a host that is not protected it goes unmirrored, as what that host has sent did (egress.bpf.h). */
static __always_inline __u32 take_answer(struct context *ctx, struct packet *pkt) {
    look_up_destination(pkt);
    if (!is_protected(&pkt->destination_network)) return REASON_sip_return_path; /* 6 */
    return take_sip(ctx, pkt, REASON_sip_return_path);                           /* 6 */
}

static __always_inline __u32 judge_stun_answer(struct packet *pkt) {
    return is_answer(pkt) && note_answer(pkt) ? REASON_sip_return_path : REASON_NONE; /* 6 */
}

/* Step 5 for UDP: REASON_NONE where the port is no SIP port for this source. What a flood meets is asked first: who may
 * speak to a configured port needs no look at the learned ones. */
static __always_inline __u32 judge_sip_port(struct context *ctx, struct packet *pkt, int is_configured) {
    if (is_configured && !is_silenced(pkt) && is_admitted(pkt)) return judge_sip(ctx, pkt, REASON_sip); /* 5 */
    const struct learned_port *port = learned_port_at(pkt, &pkt->destination);
    int is_learned = port && is_learned_party(pkt, port);
    if (!is_configured && !is_learned) return port && !is_silenced(pkt) ? judge_stun_answer(pkt) : REASON_NONE; /* 6 */
    if (is_silenced(pkt)) return refuse_sip(ctx, pkt, denial_of(pkt));                         /* 3 */
    if (is_learned) return judge_sip(ctx, pkt, REASON_sip_learned);                            /* 5 */
    if (find_return_path(pkt) & RETURN_SIP) return take_answer(ctx, pkt);                      /* 6 */
    if (judge_stun_answer(pkt) != REASON_NONE) return REASON_sip_return_path;                  /* 6 */
    if (is_party(pkt)) {
        __u32 reason = judge_sip(ctx, pkt, REASON_sip_return_path); /* 6 */
        if (is_drop(reason) || is_for_its_call(ctx, pkt)) return reason;
    }
    return refuse_sip(ctx, pkt, REASON_not_a_peer);                                            /* 5 */
}

/* Steps 7 to 10: a hole that refuses is the last word while it lives; a tombstone refuses its own call's peers only, and
 * gives way to opaque media at once: the party has the port for a call that we cannot read. */
static __always_inline __u32 judge_guarded(struct context *ctx, struct packet *pkt, struct pinhole *hole, int path,
                                           const struct port_policy *bits) {
    int is_guarded = bits && has_port(bits->media_udp, port_of(&pkt->destination));
    int is_ruled = bits && has_rule(pkt, bits->rules_udp);
    if (is_guarded && !is_ruled && is_closed_by_loss(pkt)) return REASON_agent_lost_closed;                /* 7 */
    if (hole && phase_of(READ_ONCE(hole->ctl)) != PHASE_CLOSED) return judge_live_pinhole(ctx, hole, pkt); /* 7 */
    if (is_ruled) return REASON_rule;                                                                      /* 8 */
    __u32 reason = is_guarded ? (__u32)judge_opaque(pkt) : REASON_NONE;
    if (reason != REASON_NONE) return reason; /* 8 */
    __u64 ctl = hole ? READ_ONCE(hole->ctl) : 0;
    if (hole && path) {
        if (is_tombstone(hole, ctl, pkt) && was_peer(hole, ctl, &pkt->source, pkt->source_network.zone))
            return flags_in(ctl) & PINHOLE_OUTLIVED ? REASON_pinhole_expired : REASON_return_path_ended; /* 9 */
    }
    if (path) return REASON_return_path;                                       /* 9 */
    if (hole && pkt->now < READ_ONCE(hole->deadline_ns)) return ended_as(ctl); /* 7 */
    return is_guarded ? REASON_no_pinhole : REASON_not_guarded;                    /* 10 */
}

/* What is refused at 7 to 10, and yet let through. */
static __always_inline __u32 reconsider(const struct packet *pkt, const struct pinhole *hole, __u32 refused) {
    if (is_bypassing(pkt)) return REASON_bypass;
    if (!(pkt->wall_flags & WALL_LOSS_OPENS) || !is_media(pkt)) return refused;
    if (passes_by_loss(hole, pkt, refused)) return REASON_agent_lost;
    return refused;
}

static __always_inline __u32 judge_udp(struct context *ctx, struct packet *pkt) {
    __u32 port = port_of(&pkt->destination);
    const struct port_policy *bits = ports_of(pkt, port);
    int is_sip = bits && has_port(bits->sip_udp, port);
    int is_guarded = bits && has_port(bits->media_udp, port);
    /* What an earlier configuration guarded may have its holes still. */
    struct pinhole *hole = is_sip || !is_guarded ? 0 : pinhole_at(&pkt->destination);
    __u32 reason = hole && !is_closed_by_loss(pkt) ? judge_negotiated(ctx, hole, pkt) : REASON_NONE;
    if (reason != REASON_NONE) return reason; /* 7 */

    if (is_sip) reason = remembered_refusal(ctx, pkt);
    if (reason != REASON_NONE) return reason; /* 5 */
    if (!is_sip || pkt->is_first_fragment) look_up_destination(pkt);
    if (!is_sip && !is_protected(&pkt->destination_network)) return judge_unprotected(pkt, is_guarded); /* 1 */
    look_up_source(pkt);
    if (is_spoofed(pkt)) return REASON_spoofed_inside; /* 1 */
    note_ban(pkt);
    /* Where a call has its media there is no learned SIP port, whoever has named it. */
    int has_call = hole && is_live(hole, READ_ONCE(hole->ctl), pkt->now);
    reason = has_call ? REASON_NONE : judge_sip_port(ctx, pkt, is_sip);
    if (reason != REASON_NONE) return reason;                         /* 3, 5, 6 */
    if (is_denied_everything(pkt)) return denial_of(pkt);              /* 3 */
    if (is_denied(pkt) && (is_guarded || hole)) return denial_of(pkt); /* 3 */
    int path = find_return_path(pkt);
    if (path & RETURN_SIP) return take_sip(ctx, pkt, REASON_sip_return_path); /* 6 */
    reason = hole && !is_closed_by_loss(pkt) ? (__u32)judge_ice_check(ctx, pkt, hole) : REASON_NONE; /* 7 */
    if (reason == REASON_NONE) reason = judge_guarded(ctx, pkt, hole, path, bits);                   /* 7 to 10 */
    if (is_drop(reason)) reason = reconsider(pkt, hole, reason);
    if (hole && is_drop(reason)) note_refusal(hole, pkt, reason);
    return reason;
}

static __always_inline __u32 judge_whole(struct context *ctx, struct packet *pkt) {
    switch (pkt->kind) {
        case PACKET_NOT_IP: return REASON_not_ip; /* 1 */
        case PACKET_UNREADABLE:
        case PACKET_DEEP:
        case PACKET_CUT: return judge_unreadable(pkt);
        case PACKET_UDP: return judge_udp(ctx, pkt);
        case PACKET_TCP: return judge_tcp(ctx, pkt);
        default: return judge_without_ports(pkt);
    }
}

static __always_inline __u32 judge_ingress(struct context *ctx, struct packet *pkt) {
    __u32 reason = judge_whole(ctx, pkt);
    if (!pkt->is_first_fragment || !pkt->may_have_ports || is_drop(reason)) return reason;
    return judge_first_fragment(pkt, reason); /* 4 */
}

/* Counts, mirrors what goes on its way, and says whether it does. */
static __always_inline int conclude_ingress(struct context *ctx, struct packet *pkt, __u32 reason) {
    int passes = count_verdict(ctx, pkt, reason);
    if (reason == REASON_banned) count_banned(pkt);
    if (passes && learns_external(pkt) && is_binding(pkt, STUN_BINDING_SUCCESS)) note_answer(pkt);
    if (passes && pkt->is_mirrored) mirror(ctx, pkt);
    return passes;
}

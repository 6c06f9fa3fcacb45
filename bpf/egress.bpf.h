/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What leaves the protected side is what the wall learns from:
 *
 *  SIP to whom the inside may not talk it   drop, if that is configured   out_not_a_peer
 *  a SIP request          mirrored, and its way back is open             out_sip
 *    from a configured port to who may talk to it in any case  needs none
 *  other SIP              mirrored; it opens nothing                      out_sip
 *  media of a hole        keeps the hole awake, and its ICE pair          out_media
 *  TCP of a SIP connection  mirrored where it carries something; one that
 *                         the inside opens has its way back open          out_stream, out_no_room
 *  data over TLS or WebSocket, and media to who is at its other end
 *                         that party's media may come in (opaque.bpf.h)   out_opaque, out_no_room
 *  to an ended call's peer  renews the tombstone, opens no way back       out_after_end
 *  from a guarded port    opens its way back                              out_flow, out_no_room
 *    to who comes in by a rule or a bypass  opens none, also afterwards   out_answer
 *  a later fragment       mirrored, if it is of SIP or may be             out_fragment
 *  SIP from a configured port of an address that is not protected
 *                         its way back is open: that port is judged at every address   out_other
 *  anything else          none of our business                            out_other
 *
 * A question to a STUN server is remembered beside, from a SIP port and where the agent is to learn by it: that mirrors it,
 * whatever its reason (external.bpf.h).
 *
 * What answers somebody opens nothing: a PBX's 401s to spoofed sources look like flows it began (kernel-notes 10).
 */
#pragma once

#include "bpf/excuse.bpf.h"
#include "bpf/external.bpf.h"
#include "bpf/fragment.bpf.h"
#include "bpf/media_verdict.bpf.h"
#include "bpf/mirror.bpf.h"
#include "bpf/opaque.bpf.h"
#include "bpf/parse.bpf.h"
#include "bpf/return_path.bpf.h"
#include "bpf/rules.bpf.h"
#include "bpf/sample.bpf.h"
#include "bpf/stream_verdict.bpf.h"

/* First tokens begin with a letter as far as anyone has seen; RTP (128 and up) and STUN (0 to 3) never do. */
static __always_inline int may_be_sip(const struct packet *pkt) {
    __u32 letter = first_byte(pkt) | 0x20;
    return letter >= 'a' && letter <= 'z';
}

/* From a SIP port everything is SIP; elsewhere, what begins as SIP does. */
static __always_inline int is_sip(struct context *ctx, struct packet *pkt, int is_sip_port) {
    if (!is_sip_port && !may_be_sip(pkt)) return 0;
    int class = classify(ctx, pkt);
    return is_sip_port || class & START_IS_REQUEST || pkt->sip_class == CLASS_RESPONSE;
}

/* Refused, and not only counted as such: monitor mode follows it as it follows the rest. */
static __always_inline int is_stopped(const struct packet *pkt, __u32 reason) {
    return is_drop(reason) && !(pkt->wall_flags & WALL_MONITOR);
}

static __always_inline void remember_sip_path(const struct packet *pkt) {
    if (is_heard_anyway(pkt)) return;
    if (pkt->sip_class == CLASS_KEEPALIVE) remember_return_path(pkt, RETURN_RENEW);
    else if (pkt->sip_class != CLASS_RESPONSE && pkt->sip_class != CLASS_UNREADABLE)
        remember_return_path(pkt, pkt->sip_class == CLASS_REGISTER ? RETURN_REGISTER : RETURN_REQUEST);
}

static __always_inline __u32 judge_sip_out(struct packet *pkt) {
    /* A keepalive may be a question to a STUN server, from the port that SIP comes from. */
    __u32 reason = pkt->sip_class == CLASS_KEEPALIVE || is_admitted_out(pkt) ? REASON_out_sip : REASON_out_not_a_peer;
    if (is_stopped(pkt, reason)) return reason;
    pkt->is_mirrored = pkt->sip_class != CLASS_KEEPALIVE;
    if (pkt->sip_class == CLASS_RESPONSE && is_challenge(pkt)) note_challenge(pkt);
    remember_sip_path(pkt);
    return reason;
}

/* Of a host that is not protected nothing is mirrored and nothing refused. */
static __always_inline __u32 judge_sip_beside(struct context *ctx, struct packet *pkt, int is_sip_port) {
    if (is_sip_port) {
        classify(ctx, pkt);
        remember_sip_path(pkt);
    }
    return REASON_out_other;
}

static __always_inline __u32 judge_flow_out(const struct packet *pkt) {
    const struct port_policy *bits = ports_of(pkt, port_of(&pkt->source));
    if (!bits || !has_port(bits->media_udp, port_of(&pkt->source))) return REASON_out_other;
    int is_let_in = (pkt->destination_network.flags & NETWORK_BYPASS) != 0 || has_rule_back(pkt, bits->rules_udp);
    switch (remember_return_path(pkt, is_let_in ? RETURN_ANSWER : RETURN_LEARN)) {
        case 0: return REASON_out_no_room;
        case FLOW_ANSWERS: return REASON_out_answer;
        default: return REASON_out_flow;
    }
}

/* An endpoint with a hole: media while it lives; afterwards, what goes to the call's peers opens nothing. */
static __noinline __u32 judge_media_out(struct pinhole *hole, const struct packet *pkt) {
    __u64 ctl = READ_ONCE(hole->ctl);
    __u32 zone = pkt->destination_network.zone;
    if (is_live(hole, ctl, pkt->now)) {
        note_outbound(hole, pkt->now);
        if (flags_in(ctl) & PINHOLE_ICE) note_ice_pair(pkt);
        return REASON_out_media;
    }
    if (phase_of(ctl) == PHASE_CLOSED && !is_tombstone(hole, ctl, pkt)) return REASON_NONE;
    if (!was_peer(hole, ctl, &pkt->destination, zone)) return REASON_NONE;
    note_outbound(hole, pkt->now);
    return REASON_out_after_end;
}

static __always_inline __u32 judge_udp_out(struct context *ctx, struct packet *pkt) {
    __u32 port = port_of(&pkt->source);
    const struct port_policy *bits = ports_of(pkt, port);
    int is_sip_port = bits && has_port(bits->sip_udp, port);
    struct pinhole *hole = is_sip_port ? 0 : pinhole_at(&pkt->source);
    __u32 reason = REASON_NONE;
    /* Whatever it looks like: a relay passes on what somebody outside has made. */
    if (hole && is_live(hole, READ_ONCE(hole->ctl), pkt->now)) return judge_media_out(hole, pkt);

    look_up_networks(pkt);
    if (!(pkt->source_network.flags & NETWORK_PROTECTED)) return judge_sip_beside(ctx, pkt, is_sip_port);
    is_sip_port |= learned_port_at(pkt, &pkt->source) != 0;
    if (is_sip(ctx, pkt, is_sip_port)) return judge_sip_out(pkt);
    int is_over = !hole || !is_live(hole, READ_ONCE(hole->ctl), pkt->now);
    if (is_over && bits && has_port(bits->media_udp, port) && is_opaque_out(pkt)) return REASON_out_opaque;
    if (hole) reason = judge_media_out(hole, pkt);
    return reason != REASON_NONE ? reason : judge_flow_out(pkt);
}

/* To a SIP port out there. Only a connection that the inside opened counts: whoever connects to a web server of ours from
 * port 5060 could else have it say SIP for us. A FIN no longer holds the way back open for hours; a bare acknowledgement, as
 * TCP's keepalives are answered, does. */
static __always_inline __u32 judge_client_out(struct packet *pkt) {
    __u32 reason = REASON_out_stream;
    if (opens_connection(pkt)) {
        if (!is_admitted_out(pkt)) reason = REASON_out_not_a_peer;
        if (is_stopped(pkt, reason)) return reason;
        if (!remember_return_path(pkt, RETURN_REQUEST)) return REASON_out_no_room;
    } else {
        __u32 order = pkt->tcp_flags & (TCP_FIN | TCP_RST) ? RETURN_CLOSE : RETURN_STREAM;
        if (!is_part_of_stream(pkt)) order = RETURN_ALIVE;
        if (!remember_return_path(pkt, order) || order == RETURN_ALIVE) return REASON_NONE;
    }
    pkt->is_mirrored = 1;
    return reason;
}

static __always_inline __u32 judge_tcp_out(struct packet *pkt) {
    const struct port_policy *near = ports_of(pkt, port_of(&pkt->source));
    const struct port_policy *far = ports_of(pkt, port_of(&pkt->destination));
    int is_client = far && has_port(far->sip_tcp, port_of(&pkt->destination));
    int is_server = near && has_port(near->sip_tcp, port_of(&pkt->source));
    int is_media = near && has_port(near->media_tcp, port_of(&pkt->source));
    __u32 reason = REASON_NONE;
    if (!is_client && !is_server && !is_media) return judge_opaque_out(pkt);
    look_up_networks(pkt);
    if (!(pkt->source_network.flags & NETWORK_PROTECTED)) return REASON_out_other;
    if (is_client) reason = judge_client_out(pkt);
    if (is_drop(reason)) return reason;
    if (is_server) {
        pkt->is_mirrored = is_part_of_stream(pkt);
        return REASON_out_stream;
    }
    struct pinhole *hole = reason == REASON_NONE && is_media ? pinhole_at(&pkt->source) : 0;
    if (hole) reason = judge_media_out(hole, pkt);
    return reason != REASON_NONE ? reason : (__u32)judge_opaque_out(pkt);
}

static __always_inline __u32 judge_whole_out(struct context *ctx, struct packet *pkt) {
    switch (pkt->kind) {
        case PACKET_UDP: return judge_udp_out(ctx, pkt);
        case PACKET_TCP: return judge_tcp_out(pkt);
        case PACKET_LATER_FRAGMENT: return judge_later_out(pkt);
        case PACKET_UNREADABLE:
        case PACKET_BAD_FRAGMENT:
        case PACKET_DEEP:
        case PACKET_CUT: return REASON_out_unparsable;
        default: return REASON_out_other;
    }
}

static __always_inline __u32 judge_egress(struct context *ctx, struct packet *pkt) {
    __u32 reason = judge_whole_out(ctx, pkt);
    if (pkt->is_first_fragment && !is_drop(reason)) note_first_out(pkt);
    return reason;
}

/* Whether it goes on its way. */
static __always_inline int conclude_egress(struct context *ctx, struct packet *pkt, __u32 reason) {
    int passes = count_verdict(ctx, pkt, reason);
    if (is_question(pkt, reason)) note_question(pkt);
    if (pkt->is_mirrored) mirror(ctx, pkt);
    return passes;
}

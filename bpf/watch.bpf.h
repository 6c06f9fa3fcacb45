/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A watched interface (a VPN, the loopback): what is SIP there is mirrored, media keeps its hole awake, nothing is
 * refused, limited or learned. Which way a packet goes is not the hook's word but the addresses': from a protected one
 * it goes out, else to a protected one it comes in.
 */
#pragma once

#include "bpf/egress.bpf.h"

/* Rodata: this copy of the program stands on a watched interface. */
const volatile __u32 is_watched = 0;

static __always_inline void keep_awake(struct pinhole *hole, const struct packet *pkt) {
    if (pkt->is_outbound) note_outbound(hole, pkt->now);
    else if (pkt->now >= READ_ONCE(hole->last_in_ns) + SEEN_STEP) WRITE_ONCE(hole->last_in_ns, pkt->now);
}

static __always_inline const struct pinhole_key *inside_of(const struct packet *pkt) {
    return pkt->is_outbound ? &pkt->source : &pkt->destination;
}

static __always_inline void watch_udp(struct context *ctx, struct packet *pkt) {
    const struct pinhole_key *inside = inside_of(pkt);
    const struct port_policy *bits = ports_of(pkt, port_of(inside));
    int is_sip_port = bits && has_port(bits->sip_udp, port_of(inside));
    struct pinhole *hole = is_sip_port ? 0 : pinhole_at(inside);
    if (hole && !may_be_sip(pkt) && is_live(hole, READ_ONCE(hole->ctl), pkt->now)) keep_awake(hole, pkt);
    else if (is_sip(ctx, pkt, is_sip_port || learned_port_at(pkt, inside)))
        pkt->is_mirrored = pkt->sip_class != CLASS_KEEPALIVE;
}

/* Connections to a SIP port inside. Those that the inside opens are told apart by a way back, and none is made here. */
static __always_inline void watch_tcp(struct packet *pkt) {
    const struct port_policy *bits = ports_of(pkt, port_of(inside_of(pkt)));
    if (bits && has_port(bits->sip_tcp, port_of(inside_of(pkt)))) pkt->is_mirrored = is_part_of_stream(pkt);
}

static __always_inline void look_at(struct context *ctx, struct packet *pkt) {
    if (pkt->kind != PACKET_UDP && pkt->kind != PACKET_TCP && pkt->kind != PACKET_LATER_FRAGMENT) return;
    look_up_networks(pkt);
    pkt->is_outbound = (pkt->source_network.flags & NETWORK_PROTECTED) != 0;
    if (!pkt->is_outbound && !(pkt->destination_network.flags & NETWORK_PROTECTED)) return;
    if (pkt->kind == PACKET_UDP) watch_udp(ctx, pkt);
    if (pkt->kind == PACKET_TCP) watch_tcp(pkt);
    if (is_fragment(pkt)) watch_fragment(pkt);
}

/* Its own frame: within the judge's the stack of all calls together would pass 512 bytes. */
static __noinline void watch(struct context *ctx, struct packet *pkt) {
    look_at(ctx, pkt);
    count_reason(pkt, REASON_watched);
    if (pkt->is_mirrored) mirror(ctx, pkt);
}

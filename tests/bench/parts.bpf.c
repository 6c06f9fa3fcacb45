/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a pinhole hit is made of: the ingress program, cut off after each of its parts. Each program does what the one
 * before does, and one part more; the wall's own program is the last. The parts are the wall's own functions, in the
 * order of judge_udp() and judge_negotiated(). And wall_turned: the whole program, dropping what it would pass, as
 * bare_turned does.
 */
#include "bpf/ctx_xdp.bpf.h"
#include "bpf/ingress.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Keeps the compiler from leaving out what nobody reads yet. */
#define KEEP(x) asm volatile("" : : "r"(&(x)) : "memory")

static __always_inline int begin(struct xdp_md *ctx, struct packet *pkt) {
    *pkt = (struct packet){.now = bpf_ktime_get_coarse_ns(), .frame_length = frame_length(ctx)};
    KEEP(*pkt);
    return load_policy(pkt);
}

SEC("xdp.frags")
int part_begin(struct xdp_md *ctx) {
    struct packet pkt;
    return begin(ctx, &pkt) ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int part_parse(struct xdp_md *ctx) {
    struct packet pkt;
    if (!begin(ctx, &pkt)) return XDP_DROP;
    return parse_frame(ctx, &pkt) == PACKET_UDP ? XDP_PASS : XDP_DROP;
}

static __always_inline struct pinhole *find(struct xdp_md *ctx, struct packet *pkt) {
    if (!begin(ctx, pkt) || parse_frame(ctx, pkt) != PACKET_UDP) return 0;
    __u32 port = port_of(&pkt->destination);
    const struct port_policy *bits = ports_of(pkt, port);
    return bits && has_port(bits->sip_udp, port) ? 0 : pinhole_at(&pkt->destination);
}

SEC("xdp.frags")
int part_find(struct xdp_md *ctx) {
    struct packet pkt;
    return find(ctx, &pkt) ? XDP_PASS : XDP_DROP;
}

static __always_inline int is_of_peer(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    if (is_closed_by_loss(pkt) || !is_live(hole, ctl, pkt->now) || constraint_of(ctl) != CONSTRAINT_PEERS) return 0;
    if (phase_of(ctl) == PHASE_OFFERED || fails_media_check(ctl, pkt)) return 0;
    return fit_peers(hole, ctl, &pkt->source) == FIT_EXACT && READ_ONCE(hole->latch) == 0;
}

SEC("xdp.frags")
int part_peer(struct xdp_md *ctx) {
    struct packet pkt;
    const struct pinhole *hole = find(ctx, &pkt);
    return hole && is_of_peer(hole, READ_ONCE(hole->ctl), &pkt) ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int part_conformance(struct xdp_md *ctx) {
    struct packet pkt;
    const struct pinhole *hole = find(ctx, &pkt);
    if (!hole) return XDP_DROP;
    __u64 ctl = READ_ONCE(hole->ctl);
    return is_of_peer(hole, ctl, &pkt) && is_usual_rtp(hole, ctl, &pkt) ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int part_rate(struct xdp_md *ctx) {
    struct packet pkt;
    struct pinhole *hole = find(ctx, &pkt);
    if (!hole) return XDP_DROP;
    __u64 ctl = READ_ONCE(hole->ctl);
    return is_of_peer(hole, ctl, &pkt) && find_fault(ctx, hole, ctl, &pkt) == REASON_NONE ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int part_counters(struct xdp_md *ctx) {
    struct packet pkt;
    struct pinhole *hole = find(ctx, &pkt);
    if (!hole || is_closed_by_loss(&pkt)) return XDP_DROP;
    return judge_negotiated(ctx, hole, &pkt) == REASON_pinhole_rtp ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int wall_turned(struct xdp_md *ctx) {
    struct packet pkt = {.now = bpf_ktime_get_coarse_ns(), .frame_length = frame_length(ctx)};
    if (!load_policy(&pkt)) return XDP_PASS;
    parse_frame(ctx, &pkt);
    return conclude_ingress(ctx, &pkt, judge_ingress(ctx, &pkt)) ? XDP_DROP : XDP_PASS;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's inside ear: TC egress on an outside interface (tcx, or clsact before 6.6). It drops nothing but SIP to whom
 * the inside may not talk it, and never decides for others: TC_ACT_UNSPEC lets the next program run.
 */
#include <linux/pkt_cls.h>

#include "bpf/skb.bpf.h"

#include "bpf/egress.bpf.h"
#include "bpf/watch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* One datagram of the buffer; 1 ends the loop: this one is refused, or it was the last. */
static long take_out(__u32 index, struct buffer *buffer) {
    struct __sk_buff *ctx = buffer->ctx;
    struct packet *pkt = buffer->pkt;
    if (index >= buffer->count) return 1;
    take_datagram(buffer, index);
    if (!is_watched) return !conclude_egress(ctx, pkt, judge_egress(ctx, pkt));
    watch(ctx, pkt);
    return 0;
}

SEC("tc")
int ringwall_tc_eg(struct __sk_buff *ctx) {
    struct packet pkt = {.now = clock_coarse(), .frame_length = frame_length(ctx), .is_outbound = 1};
    if (!load_policy(&pkt)) return TC_ACT_UNSPEC;
    parse_skb(ctx, &pkt);
    struct buffer buffer = buffer_of(ctx, &pkt);
    /* As in tc_ingress; but what has more datagrams than we look at goes on its way. */
    long turns = bpf_loop(MOST_DATAGRAMS + 1, take_out, &buffer, 0);
    if (turns > buffer.count || turns > MOST_DATAGRAMS) return TC_ACT_UNSPEC;
    count_refused_together(&buffer);
    return TC_ACT_SHOT;
}

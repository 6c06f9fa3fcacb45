/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's outside face where XDP is not to be had: TC ingress (tcx at the head, or clsact before 6.6). The judge is
 * that of xdp_ingress; TC_ACT_UNSPEC lets the next program run.
 */
#include <linux/pkt_cls.h>

#include "bpf/skb.bpf.h"

#include "bpf/ingress.bpf.h"
#include "bpf/watch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* One datagram of the buffer; 1 ends the loop: this one is refused, or it was the last. */
static long take_in(__u32 index, struct buffer *buffer) {
    struct __sk_buff *ctx = buffer->ctx;
    struct packet *pkt = buffer->pkt;
    if (index >= buffer->count) return 1;
    take_datagram(buffer, index);
    if (!is_watched) return !conclude_ingress(ctx, pkt, judge_ingress(ctx, pkt));
    watch(ctx, pkt);
    return 0;
}

SEC("tc")
int ringwall_tc_in(struct __sk_buff *ctx) {
    struct packet pkt = {.now = clock_coarse(), .frame_length = frame_length(ctx)};
    if (!load_policy(&pkt)) return TC_ACT_UNSPEC;
    parse_skb(ctx, &pkt);
    struct buffer buffer = buffer_of(ctx, &pkt);
    /* One turn more than there are datagrams: any fewer, and one was refused, or there are more than we look at. (A flag in
     * `buffer` that says so keeps the verifier from seeing that all turns are alike.) */
    long turns = bpf_loop(MOST_DATAGRAMS + 1, take_in, &buffer, 0);
    if (turns == buffer.count + 1) return TC_ACT_UNSPEC;
    count_refused_together(&buffer);
    return TC_ACT_SHOT;
}

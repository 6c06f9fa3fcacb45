/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's inside ear: TC egress on an outside interface (tcx, or clsact before 6.6). Never drops and never decides
 * for others: TC_ACT_UNSPEC lets the next program run.
 */
#include <linux/pkt_cls.h>

#include "bpf/skb.bpf.h"

#include "bpf/egress.bpf.h"
#include "bpf/watch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static long take_out(__u32 index, struct buffer *buffer) {
    struct __sk_buff *ctx = buffer->ctx;
    struct packet *pkt = buffer->pkt;
    take_datagram(buffer, index);
    if (is_watched) {
        watch(ctx, pkt);
        return 0;
    }
    conclude_egress(ctx, pkt, judge_egress(ctx, pkt));
    return 0;
}

SEC("tc")
int ringwall_tc_eg(struct __sk_buff *ctx) {
    struct packet pkt = {.now = clock_coarse(), .frame_length = frame_length(ctx), .is_outbound = 1};
    if (!load_policy(&pkt)) return TC_ACT_UNSPEC;
    parse_skb(ctx, &pkt);
    struct buffer buffer = buffer_of(ctx, &pkt);
    bpf_loop(buffer.count < MOST_DATAGRAMS ? buffer.count : MOST_DATAGRAMS, take_out, &buffer, 0);
    return TC_ACT_UNSPEC;
}

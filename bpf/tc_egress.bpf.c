/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's inside ear: TC egress on an outside interface (tcx, or clsact before 6.6). Never drops and never decides
 * for others: TC_ACT_UNSPEC lets the next program run.
 */
#include <linux/pkt_cls.h>

#include "bpf/ctx_skb.bpf.h"
#include "bpf/egress.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define LINEAR_BYTES 256 /* all headers that we follow, and the start of the payload */

static __always_inline __u32 linear_length(const struct __sk_buff *ctx) { return ctx->data_end - ctx->data; }

/* GSO buffers often have nothing linear but some headers. Pulling costs a copy, so only where something was missing. */
static __always_inline void parse_skb(struct __sk_buff *ctx, struct packet *pkt) {
    int kind = parse_frame(ctx, pkt);
    int is_short = kind == PACKET_UNREADABLE || kind == PACKET_CUT ||
                   (kind == PACKET_UDP && linear_length(ctx) < pkt->payload_offset + HEAD_WORDS * 4);
    if (!is_short || linear_length(ctx) >= ctx->len) return;
    if (bpf_skb_pull_data(ctx, ctx->len < LINEAR_BYTES ? ctx->len : LINEAR_BYTES) == 0) parse_frame(ctx, pkt);
}

SEC("tc")
int ringwall_tc_eg(struct __sk_buff *ctx) {
    struct packet pkt = {.now = bpf_ktime_get_coarse_ns(), .frame_length = frame_length(ctx), .is_outbound = 1};
    if (!load_policy(&pkt)) return TC_ACT_UNSPEC;
    parse_skb(ctx, &pkt);
    count_reason(&pkt, judge_egress(ctx, &pkt));
    if (pkt.is_mirrored) mirror(ctx, &pkt);
    return TC_ACT_UNSPEC;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The judge of what leaves, behind XDP's parser: for replay only, and there for frames that BPF_PROG_TEST_RUN of a TC
 * program refuses (over 3,712 bytes, or less than their IP header). Never attached.
 */
#include "bpf/ctx_xdp.bpf.h"
#include "bpf/egress.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp.frags")
int ringwall_out(struct xdp_md *ctx) {
    struct packet pkt = {.now = clock_coarse(), .frame_length = frame_length(ctx), .is_outbound = 1};
    if (!load_policy(&pkt)) return XDP_PASS;
    parse_frame(ctx, &pkt);
    return conclude_egress(ctx, &pkt, judge_egress(ctx, &pkt)) ? XDP_PASS : XDP_DROP;
}

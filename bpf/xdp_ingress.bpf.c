/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's outside face: native XDP on an outside interface. Parse, judge, count, return; the rule table stands in
 * ingress.bpf.h. "frags": frames of several buffers (jumbo) come too, their headers in the first.
 */
#include "bpf/ctx_xdp.bpf.h"
#include "bpf/ingress.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp.frags")
int ringwall_xdp(struct xdp_md *ctx) {
    struct packet pkt = {.now = bpf_ktime_get_coarse_ns(), .frame_length = frame_length(ctx)};
    if (!load_policy(&pkt)) return XDP_PASS;
    parse_frame(ctx, &pkt);
    return conclude_ingress(ctx, &pkt, judge_ingress(ctx, &pkt)) ? XDP_PASS : XDP_DROP;
}

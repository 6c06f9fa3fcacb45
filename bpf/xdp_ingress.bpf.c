/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The wall's outside face: native XDP on an outside interface. Parse, judge, count, return; the rule table stands in
 * ingress.bpf.h. "frags": frames of several buffers (jumbo) come too, their headers in the first.
 */
#include "bpf/ctx_xdp.bpf.h"
#include "bpf/ingress.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* In libxdp's dispatcher nothing is replaced in place: a new agent's program comes in behind the old one, and then the
 * old one goes. Packets that both judged would count, and pay, twice. So each has a number there, and the one judges whose
 * turn it is (agent/kernel/dispatcher.hpp). A section, and so a map, of its own: the two share it. */
const volatile __u32 own_turn = 0; /* 0: not in a dispatcher */
volatile __u32 turn SEC(".data.turn") = 0;

SEC("xdp.frags")
int ringwall_xdp(struct xdp_md *ctx) {
    if (own_turn && own_turn != turn) return XDP_PASS;
    struct packet pkt = {.now = clock_coarse(), .frame_length = frame_length(ctx)};
    if (!load_policy(&pkt)) return XDP_PASS;
    parse_frame(ctx, &pkt);
    return conclude_ingress(ctx, &pkt, judge_ingress(ctx, &pkt)) ? XDP_PASS : XDP_DROP;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int ringwall_xdp(struct xdp_md *ctx) {
    (void)ctx;
    return XDP_PASS;
}

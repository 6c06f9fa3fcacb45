/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int ringwall_tc_eg(struct __sk_buff *ctx) {
    (void)ctx;
    return -1;
}

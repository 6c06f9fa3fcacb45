/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("syscall")
int ringwall_apply(struct apply_call *ctx) {
    (void)ctx;
    return 0;
}

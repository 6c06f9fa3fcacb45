/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Bytes of a frame whose number is known only when the packet is here. */
#pragma once

#include "bpf/packet.bpf.h"

/* Copies 1..room bytes; anything else is refused. The bound is written in the one form that Linux 6.1 follows (it learns
 * nothing from `length == 0`), and the barriers keep clang from moving it to a copy that the verifier does not see. */
static __always_inline long load_up_to(struct context *ctx, __u32 offset, void *to, __u32 length, const __u32 room) {
    __u32 last = length - 1;
    asm volatile("" : "+r"(last));
    if (last >= room) return -1;
    asm volatile("" : "+r"(last));
    return load_bytes(ctx, offset, to, last + 1);
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The frame as the XDP hook sees it. Included before anything that says `struct context` (as ctx_skb.bpf.h is at TC). */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define context xdp_md

static __always_inline __u32 frame_length(struct xdp_md *ctx) { return (__u32)bpf_xdp_get_buff_len(ctx); }
static __always_inline __u32 frame_ifindex(const struct xdp_md *ctx) { return ctx->ingress_ifindex; }
/* The frame is as on the wire: it begins with Ethernet, and has all its tags. */
static __always_inline __u32 bare_protocol(const struct xdp_md *ctx) { return (void)ctx, 0; }
static __always_inline int tags_taken(const struct xdp_md *ctx) { return (void)ctx, 0; }
static __always_inline long load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 length) {
    return bpf_xdp_load_bytes(ctx, offset, to, length);
}

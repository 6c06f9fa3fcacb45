/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The frame as the TC hooks see it: up to 64 KiB with GSO, and often only its headers are linear. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define context __sk_buff

/* Rodata: the interface has no link-layer header (tun, WireGuard, PPP), and frames begin with IP. */
const volatile __u32 is_bare = 0;

static __always_inline __u32 frame_length(struct __sk_buff *ctx) { return ctx->len; }
static __always_inline __u32 frame_ifindex(const struct __sk_buff *ctx) { return ctx->ifindex; }
/* EtherType of a frame without Ethernet header, in network order; 0 where there is one. */
static __always_inline __u32 bare_protocol(const struct __sk_buff *ctx) { return is_bare ? ctx->protocol : 0; }
/* The outer VLAN tag stands in metadata, the stack has taken it out of the frame already. */
static __always_inline int tags_taken(const struct __sk_buff *ctx) { return ctx->vlan_present != 0; }
static __always_inline long load_bytes(struct __sk_buff *ctx, __u32 offset, void *to, __u32 length) {
    return bpf_skb_load_bytes(ctx, offset, to, length);
}

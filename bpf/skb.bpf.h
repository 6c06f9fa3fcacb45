/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What only TC sees: frames of which little is linear, and buffers that hold many datagrams (UDP GSO and GRO).
 *
 * The datagrams of one buffer have the same addresses and ports and gso_size bytes of payload each, the last one fewer.
 * Each is judged and mirrored by itself, as on the wire.
 */
#pragma once

#include "bpf/ctx_skb.bpf.h"
#include "bpf/load.bpf.h"
#include "bpf/parse.bpf.h"

#define LINEAR_BYTES 256 /* all headers that we follow, and the start of the payload */
#define MOST_DATAGRAMS 128 /* UDP_MAX_SEGMENTS since Linux 6.10; 64 before */

static __always_inline __u32 linear_length(const struct __sk_buff *ctx) { return ctx->data_end - ctx->data; }

/* GSO buffers often have nothing linear but some headers. Pulling costs a copy, so only where something was missing. */
static __always_inline void parse_skb(struct __sk_buff *ctx, struct packet *pkt) {
    int kind = parse_frame(ctx, pkt);
    int is_short = kind == PACKET_UNREADABLE || kind == PACKET_CUT || kind == PACKET_DEEP ||
                   (kind == PACKET_UDP && linear_length(ctx) < pkt->payload_offset + HEAD_WORDS * 4);
    if (!is_short || linear_length(ctx) >= ctx->len) return;
    if (bpf_skb_pull_data(ctx, ctx->len < LINEAR_BYTES ? ctx->len : LINEAR_BYTES) == 0) parse_frame(ctx, pkt);
}

/* The buffer, while its datagrams are taken one after the other: `pkt` is the one at hand. */
struct buffer {
    struct __sk_buff *ctx;
    struct packet *pkt;
    __u32 count;
    __u32 size;    /* of one datagram's payload */
    __u32 offset;  /* of the first one's */
    __u32 whole;   /* of all of them */
};

static __always_inline struct buffer buffer_of(struct __sk_buff *ctx, struct packet *pkt) {
    struct buffer buffer = {.ctx = ctx, .pkt = pkt, .count = 1};
    __u32 size = ctx->gso_size;
    if (pkt->kind != PACKET_UDP || size == 0 || pkt->payload_here <= size) return buffer;
    buffer.count = (pkt->payload_here + size - 1) / size;
    buffer.size = size;
    buffer.offset = pkt->payload_offset;
    buffer.whole = pkt->payload_here;
    return buffer;
}

/* Makes `pkt` the datagram of `length` bytes at `payload_offset`. A global function: whatever the lengths, the verifier
 * goes on with one state. */
__noinline int move_to(struct context *ctx, struct packet *pkt, __u32 payload_offset, __u32 length, __u32 headers) {
    if (!pkt) return 0;
    pkt->payload_offset = payload_offset;
    pkt->payload_length = pkt->payload_here = length;
    pkt->frame_length = headers + length;
    pkt->is_mirrored = 0;
    pkt->sip_class = 0;
    pkt->is_classified = 0;
    __builtin_memset(pkt->head, 0, sizeof(pkt->head));
    if (length >= sizeof(pkt->head)) return load_bytes(ctx, payload_offset, pkt->head, sizeof(pkt->head));
    if (length >= 8) return load_bytes(ctx, payload_offset, pkt->head, 8);
    return 0;
}

/* A buffer cannot be parted: where one of its datagrams is refused, all of it drops. */
static __always_inline void count_refused_together(const struct buffer *buffer) {
    __u32 event = EVENT_refused_together;
    __u64 *count = bpf_map_lookup_elem(&events, &event);
    if (count) *count += buffer->count - 1;
}

/* Nothing to do where the buffer is one datagram. */
static __always_inline void take_datagram(const struct buffer *buffer, __u32 index) {
    __u32 before = index * buffer->size;
    __u32 length = buffer->whole - before;
    if (buffer->count == 1) return;
    if (length > buffer->size) length = buffer->size;
    move_to(buffer->ctx, buffer->pkt, buffer->offset + before, length, buffer->offset);
}

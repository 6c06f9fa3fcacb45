/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a generator sends amid its flood, in the place of a packet of it, so that all have the same chance in the receiver's
 * ring: the media of calls, each packet with the time at which it was made, and what sockets of the generator's namespace
 * send on the same interface, which outbox_put takes from them. A socket's own packets would find the ring less full: while
 * it sends, the flood on its CPU pauses.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/amid.h"
#include "tests/bench/frames.bpf.h"

#define FRAME_BYTES 1514
#define MEDIA_PERIOD_NS (20000000 / stream_count)
#define ON_THE_WAY_NS 1000000 /* of a letter: by then the flood goes on that had paused for its writer */

struct media_frame {
    struct frame4 head;
    __u8 first, payload_type;
    __be16 sequence;
    __be32 timestamp, ssrc;
    __u64 made_ns; /* CLOCK_MONOTONIC */
    __u8 rest[152];
} __attribute__((packed));

struct letter {
    __u32 size;
    __u8 frame[FRAME_BYTES];
};

const volatile __u32 flood_frame_size = 0;
const volatile __u32 stream_count = 0;
__u32 media_sent = 0, letters_put = 0, letters_taken = 0;
__u64 media_due_ns = 0, letters_due_ns = 0;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, MOST_STREAMS);
    __type(key, __u32);
    __type(value, struct stream);
} streams SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_QUEUE);
    __uint(max_entries, 256);
    __type(value, struct letter);
} outbox SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct letter);
} desk SEC(".maps");

SEC("tc")
int outbox_put(struct __sk_buff *skb) {
    __u32 zero = 0, size = skb->len;
    struct letter *letter = bpf_map_lookup_elem(&desk, &zero);
    if (!letter || size < sizeof(struct frame4) || size > FRAME_BYTES) return TC_ACT_OK;
    letter->size = size;
    if (bpf_skb_load_bytes(skb, 0, letter->frame, size) || bpf_map_push_elem(&outbox, letter, 0)) return TC_ACT_OK;
    letters_due_ns = bpf_ktime_get_ns() + ON_THE_WAY_NS;
    __sync_fetch_and_add(&letters_put, 1);
    return TC_ACT_STOLEN;
}

static __always_inline int is_letter_due(__u64 now) {
    return *(volatile __u32 *)&letters_put != letters_taken && now >= letters_due_ns;
}

static __always_inline int is_media_due(__u64 now) { return stream_count && now >= media_due_ns; }

/* From the flood's, which each frame has at first. */
static __always_inline int set_frame_size(struct xdp_md *ctx, __u32 size) {
    return bpf_xdp_adjust_tail(ctx, (int)size - (int)flood_frame_size);
}

static __always_inline int write_letter(struct xdp_md *ctx) {
    __u32 zero = 0;
    struct letter *letter = bpf_map_lookup_elem(&desk, &zero);
    letters_taken++;
    if (!letter || bpf_map_pop_elem(&outbox, letter)) return -1;
    __u32 size = letter->size;
    if (size < sizeof(struct frame4) || size > FRAME_BYTES || set_frame_size(ctx, size)) return -1;
    return bpf_xdp_store_bytes(ctx, 0, letter->frame, size);
}

/* Of the stream whose turn it is. */
static __always_inline int write_media(struct xdp_md *ctx, const struct ethhdr *header, __u64 now) {
    __u32 number = media_sent % stream_count;
    struct stream *stream = bpf_map_lookup_elem(&streams, &number);
    if (!stream || set_frame_size(ctx, sizeof(struct media_frame))) return -1;
    struct media_frame *frame = (void *)(long)ctx->data;
    if ((void *)(frame + 1) > (void *)(long)ctx->data_end) return -1;
    media_sent++;
    media_due_ns = (now > media_due_ns + MEDIA_PERIOD_NS ? now : media_due_ns) + MEDIA_PERIOD_NS;
    frame->head.eth = *header;
    frame->head.ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = 17, .saddr = stream->from, .daddr = stream->to,
                                    .tot_len = bpf_htons(sizeof(*frame) - sizeof(struct ethhdr))};
    write_checksum(&frame->head.ip);
    frame->head.udp = (struct udphdr){.source = stream->from_port, .dest = stream->to_port,
                                      .len = bpf_htons(sizeof(*frame) - sizeof(struct ethhdr) - sizeof(struct iphdr))};
    frame->first = 0x80;
    frame->payload_type = 0;
    frame->sequence = bpf_htons(stream->sequence);
    frame->timestamp = bpf_htonl(160 * stream->sequence);
    frame->ssrc = stream->ssrc;
    frame->made_ns = now;
    stream->sequence++;
    return 0;
}

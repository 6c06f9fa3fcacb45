/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Verdicts are counted, and what drops is sampled (maps/abi/drop.h). A flood pays two comparisons: whether its tick is
 * over, and whether its budget is. What a sample costs beyond, a lookup and a copy, is paid SAMPLES_A_TICK times a tick.
 */
#pragma once

#include "bpf/load.bpf.h"
#include "bpf/mirror.bpf.h"
#include "bpf/pinhole.bpf.h"

static __always_inline int somebody_captures(__u64 now) {
    __u32 zero = 0;
    const struct sampling *wanted = bpf_map_lookup_elem(&sampling, &zero);
    return wanted && now < READ_ONCE(wanted->capture_until_ns);
}

static __always_inline __u32 sample_flags(struct context *ctx, const struct packet *pkt) {
    return (pkt->wall_flags & WALL_MONITOR ? SAMPLE_PASSED : 0) | (bare_protocol(ctx) ? SAMPLE_BARE : 0) |
           (frame_length(ctx) != pkt->frame_length ? SAMPLE_TOGETHER : 0);
}

static __always_inline void describe_drop(struct context *ctx, const struct packet *pkt, __u32 reason,
                                          struct drop_sample *sample) {
    const struct pinhole_key there = pkt->destination; /* Linux 6.1 takes no key from a global function's argument */
    const struct pinhole *hole = pinhole_at(&there);
    sample->time_ns = clock_exact();
    sample->owner = hole ? READ_ONCE(hole->owner) : 0;
    sample->length = pkt->frame_length;
    sample->ifindex = frame_ifindex(ctx);
    sample->source = peer_of(&pkt->source);
    sample->destination = peer_of(&pkt->destination);
    sample->reason = reason;
    sample->protocol = pkt->source.port_proto;
    sample->flags = sample_flags(ctx, pkt);
    sample->zero = 0;
}

/* One sample with at most `room` bytes of the frame. */
static __always_inline int emit_sample(struct context *ctx, const struct packet *pkt, __u32 reason, __u32 packets,
                                       const __u32 room) {
    struct drop_sample *sample = bpf_ringbuf_reserve(&ring_drops, sizeof(*sample) + room, 0);
    if (!sample) {
        count_event(EVENT_samples_lost);
        return 0;
    }
    __u32 length = frame_length(ctx) < room ? frame_length(ctx) : room;
    describe_drop(ctx, pkt, reason, sample);
    sample->packets = packets;
    sample->captured = load_up_to(ctx, 0, sample + 1, length, room) == 0 ? length : 0;
    bpf_ringbuf_submit(sample, BPF_RB_NO_WAKEUP); /* the agent looks every millisecond, and nobody waits for it */
    return 0;
}

__noinline int write_sample(struct context *ctx, const struct packet *pkt, __u32 reason, __u32 packets) {
    if (!pkt) return 0;
    if (somebody_captures(pkt->now)) return emit_sample(ctx, pkt, reason, packets, CAPTURED_BYTES);
    return emit_sample(ctx, pkt, reason, packets, SAMPLE_BYTES);
}

/* Of a drop that has just been counted at `count`. A replay's verdicts are written by who replays. */
static __always_inline void sample_drop(struct context *ctx, const struct packet *pkt, __u32 reason,
                                        struct reason_count *count) {
    __u32 tick = pkt->now >> SAMPLE_TICK_SHIFT;
    if (is_replay) return;
    if (count->sample_tick != tick) {
        /* What fell long ago is not this packet's to stand for. */
        if (count->sample_tick + 1 != tick) count->sampled_packets = count->packets - 1;
        count->sample_tick = tick;
        count->samples_left = somebody_captures(pkt->now) ? CAPTURED_A_TICK : SAMPLES_A_TICK;
    }
    if (count->samples_left == 0) return;
    count->samples_left -= 1;
    __u64 packets = count->packets - count->sampled_packets;
    count->sampled_packets = count->packets;
    write_sample(ctx, pkt, reason, packets);
}

/* Counts it under its one reason, and says whether it goes on its way: in monitor mode a drop is counted, and passes. */
static __always_inline int count_verdict(struct context *ctx, const struct packet *pkt, __u32 reason) {
    struct reason_count *count = count_reason(pkt, reason);
    if (!is_drop(reason)) return 1;
    if (count) sample_drop(ctx, pkt, reason, count);
    if (!(pkt->wall_flags & WALL_MONITOR)) return 0;
    count_event(EVENT_monitored);
    return 1;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Copies SIP to the agent: which ring, which record size, who is woken. A datagram that does not fit one record goes
 * out in several; one of them lost, and the rest stays marked RECORD_MORE: a partial copy never looks whole.
 */
#pragma once

#include "bpf/count.bpf.h"
#include "bpf/policy.bpf.h"
#include "bpf/start_line.bpf.h"

#define RECORD_LIMIT (65536 / RECORD_BYTES)

enum ring { RING_INSIDE, RING_KNOWN, RING_STRANGERS };

static __always_inline void *map_of(__u32 ring) {
    if (ring == RING_INSIDE) return &ring_inside;
    if (ring == RING_KNOWN) return &ring_known;
    return &ring_strangers;
}

static __always_inline struct peer peer_of(const struct pinhole_key *endpoint) {
    return (struct peer){.address = endpoint->address, .port = bpf_htons(endpoint->port_proto >> 16)};
}

static __always_inline void describe(struct context *ctx, const struct packet *pkt, struct mirror_record *record) {
    const struct standing *outside = pkt->is_outbound ? &pkt->destination_network : &pkt->source_network;
    record->time_ns = pkt->mirrored_ns;
    record->length = pkt->payload_length;
    record->ifindex = frame_ifindex(ctx);
    record->source = peer_of(&pkt->source);
    record->destination = peer_of(&pkt->destination);
    record->protocol = IPPROTO_UDP;
    record->zone = outside->zone;
    record->sequence = record->fragment_offset = record->zero = 0;
}

/* A lost wakeup would cost the call its audio until the next one, so urgent records insist (kernel-notes 3). */
static __always_inline __u64 wakeup_for(const struct packet *pkt) {
    __u32 zero = 0;
    const struct liveness *agent = bpf_map_lookup_elem(&liveness, &zero);
    return agent && is_urgent(pkt->sip_class) && READ_ONCE(agent->asleep) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* One record of constant size `room`; the bytes copied, 0 where there was no space. */
static __always_inline __u32 emit(struct context *ctx, struct packet *pkt, __u32 ring, __u32 offset, __u32 length,
                                  const __u32 room) {
    struct mirror_record *record = bpf_ringbuf_reserve(map_of(ring), sizeof(*record) + room, 0);
    if (!record) return 0;
    __u32 left = pkt->payload_here - offset;
    if (load_up_to(ctx, pkt->payload_offset + offset, record + 1, length, room) != 0) {
        bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
        return 0;
    }
    describe(ctx, pkt, record);
    record->offset = offset;
    record->captured = length;
    record->flags = (pkt->is_outbound ? RECORD_OUTBOUND : 0) | (left > length ? RECORD_MORE : 0) |
                    (pkt->is_first_fragment ? RECORD_FIRST_FRAGMENT : 0);
    bpf_ringbuf_submit(record, left > length ? BPF_RB_NO_WAKEUP : wakeup_for(pkt));
    return length;
}

__noinline __u32 mirror_chunk(struct context *ctx, struct packet *pkt, __u32 ring, __u32 offset) {
    if (!pkt) return 0;
    __u32 length = pkt->payload_here - offset;
    if (length <= RECORD_SMALL) return emit(ctx, pkt, ring, offset, length, RECORD_SMALL);
    if (length <= RECORD_MEDIUM) return emit(ctx, pkt, ring, offset, length, RECORD_MEDIUM);
    return emit(ctx, pkt, ring, offset, length < RECORD_BYTES ? length : RECORD_BYTES, RECORD_BYTES);
}

static __always_inline __u32 ring_for(const struct packet *pkt) {
    if (pkt->is_outbound) return RING_INSIDE;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (zone && zone->flags & ZONE_PEER) return RING_KNOWN;
    return source_known_flags(pkt) ? RING_KNOWN : RING_STRANGERS;
}

static __always_inline void mirror(struct context *ctx, struct packet *pkt) {
    __u32 ring = ring_for(pkt);
    __u32 offset = 0;
    pkt->mirrored_ns = bpf_ktime_get_ns();
    for (int i = 0; i < RECORD_LIMIT && offset < pkt->payload_here; i++) {
        __u32 copied = mirror_chunk(ctx, pkt, ring, offset);
        if (copied == 0) {
            count_event(EVENT_lost_inside + ring);
            return;
        }
        offset += copied;
    }
    count_event(EVENT_mirrored);
}

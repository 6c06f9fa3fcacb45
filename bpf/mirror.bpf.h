/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Copies SIP to the agent: which ring, which record size, who is woken. A datagram that does not fit one record goes
 * out in several; one of them lost, and the rest stays marked RECORD_MORE: a partial copy never looks whole. Of an IP
 * fragment its whole payload is copied (maps/abi/record.h). A TCP segment goes likewise, under its sequence number; its
 * flags stand in each of its records. One that carries nothing is no more than its header.
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
    /* A later fragment of IPv6 may claim any protocol; those of TCP are none of the agent's. */
    record->protocol = pkt->kind == PACKET_TCP ? IPPROTO_TCP : IPPROTO_UDP;
    record->zone = outside->zone;
    record->sequence = is_fragment(pkt) ? pkt->fragment_id : pkt->tcp_sequence;
    record->fragment_offset = pkt->fragment_offset;
    record->acknowledgement = pkt->tcp_flags & TCP_ACK ? pkt->tcp_acknowledgement : 0;
}

/* Only what has a description opens a hole or says who may send. A message without a body ends in an empty line; it
 * waits for the next look into the rings, two milliseconds at most, as does one whose body ends so. */
static __always_inline int ends_in_empty_line(const void *bytes, __u32 length, const __u32 room) {
    __u32 last = length - 4;
    asm volatile("" : "+r"(last));
    if (last > room - 4) return 0;
    asm volatile("" : "+r"(last));
    const __u8 *end = bytes + last;
    return end[0] == '\r' && end[1] == '\n' && end[2] == '\r' && end[3] == '\n';
}

/* A lost wakeup would cost the call its audio until the next one, so urgent records insist (kernel-notes 3). */
static __always_inline __u64 wakeup_for(const struct packet *pkt, int is_bodiless) {
    __u32 zero = 0;
    const struct liveness *agent = bpf_map_lookup_elem(&liveness, &zero);
    int urgent = (is_urgent(pkt->sip_class) && !is_bodiless) || is_fragment(pkt); /* what needs fragments is an INVITE or an answer */
    if (pkt->kind == PACKET_TCP) urgent = pkt->payload_here != 0;
    return agent && urgent && READ_ONCE(agent->asleep) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline __u32 fragment_flags(const struct packet *pkt) {
    if (!is_fragment(pkt)) return 0;
    return RECORD_FRAGMENT | (pkt->has_more_fragments ? 0 : RECORD_LAST_FRAGMENT);
}

static __always_inline __u32 tcp_record_flags(const struct packet *pkt) {
    return (pkt->tcp_flags & TCP_SYN ? RECORD_TCP_SYN : 0) | (pkt->tcp_flags & TCP_FIN ? RECORD_TCP_FIN : 0) |
           (pkt->tcp_flags & TCP_RST ? RECORD_TCP_RST : 0) | (pkt->tcp_flags & TCP_ACK ? RECORD_TCP_ACK : 0);
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
                    fragment_flags(pkt) | tcp_record_flags(pkt);
    int is_bodiless = ends_in_empty_line(record + 1, length, room);
    bpf_ringbuf_submit(record, left > length ? BPF_RB_NO_WAKEUP : wakeup_for(pkt, is_bodiless));
    return length;
}

/* A segment that begins or ends a stream and carries nothing. */
__noinline int mirror_mark(struct context *ctx, struct packet *pkt, __u32 ring) {
    if (!pkt) return 0;
    struct mirror_record *record = bpf_ringbuf_reserve(map_of(ring), sizeof(*record), 0);
    if (!record) return 0;
    describe(ctx, pkt, record);
    record->offset = record->captured = 0;
    record->flags = (pkt->is_outbound ? RECORD_OUTBOUND : 0) | tcp_record_flags(pkt);
    bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
    return 1;
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
    if (pkt->is_of_known) return RING_KNOWN;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (zone && zone->flags & ZONE_PEER) return RING_KNOWN;
    return source_known_flags(pkt) & KNOWN_NO_STRANGER ? RING_KNOWN : RING_STRANGERS;
}

/* From here on "payload" is the fragment's, transport header and all. */
static __always_inline void take_whole_fragment(struct packet *pkt) {
    pkt->payload_offset = pkt->fragment_begin;
    pkt->payload_length = pkt->payload_here = pkt->ip_end - pkt->fragment_begin;
}

static __always_inline void mirror(struct context *ctx, struct packet *pkt) {
    __u32 ring = ring_for(pkt);
    if (is_fragment(pkt)) take_whole_fragment(pkt);
    __u32 offset = 0;
    pkt->mirrored_ns = clock_exact();
    if (pkt->kind == PACKET_TCP && pkt->payload_here == 0 && !mirror_mark(ctx, pkt, ring)) {
        count_event(EVENT_lost_inside + ring);
        return;
    }
    for (int i = 0; i < RECORD_LIMIT && offset < pkt->payload_here; i++) {
        __u32 copied = mirror_chunk(ctx, pkt, ring, offset);
        if (copied == 0) {
            count_event(EVENT_lost_inside + ring);
            return;
        }
        offset += copied;
    }
    if (pkt->fragment_offset == 0) count_event(EVENT_mirrored);
}

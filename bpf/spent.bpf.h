/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5c, in short: a source that was over its limit, and has no room in its bucket yet (docs/adr/0023, 0032).
 *
 * What such a packet meets is known without asking who its source is and finding its bucket: the limiter has said until when
 * it stays over, and nothing but time gives it room. What could excuse it is asked each time, as are bans. So the answer is
 * the one that judge_sip() would give. A reload is another generation, in which nobody has been remembered.
 *
 * Who takes a way keeps it until its set is over; whoever else would have it goes the long way. Nothing is evicted, and the
 * hash is keyed: there is nothing to aim at.
 */
#pragma once

#include "bpf/excuse.bpf.h"

#define SPENT_CLOCK (~0U >> 5) /* what fits above SPENT_TAKEN */

static __always_inline struct spent_set *spent_set_of(__u64 hash) {
    __u32 index = hash & (SPENT_SETS - 1);
    return bpf_map_lookup_elem(&spent, &index);
}

/* How many ticks the set still holds; 0 where it is over, or was left by another age of the clock. */
static __always_inline __u32 ticks_left(__u32 head, __u64 now) {
    __u32 left = ((head >> 5) - (__u32)(now >> SPENT_TICK)) & SPENT_CLOCK;
    return left <= 2 * SPENT_LIFE ? left : 0;
}

/* Of a source in a set that holds until `until`, under one configuration: 24 bits, the last of them free. */
static __always_inline __u32 spent_tag(__u64 hash, __u64 until, __u32 generation) {
    return (hash + until * 0x9e3779b97f4a7c15ULL + generation * 0xc2b2ae3d27d4eb4fULL) >> 40 & ~SPENT_NO_ROOM;
}

/* Whole, not which of the two: a reload counts it on. */
static __always_inline __u32 generations_so_far(void) {
    __u32 zero = 0;
    const struct active *now_active = bpf_map_lookup_elem(&active, &zero);
    return now_active ? READ_ONCE(now_active->generation) : 0;
}

/* source_hash() without a call: a flood pays it for each packet. */
static __always_inline __u64 source_hash_here(const struct packet *pkt) {
    const struct address *address = &pkt->source.address;
    __u64 tail = (__u64)pkt->sip_class << 32;
    if (is_v4_mapped(address)) return keyed_hash_here(HASH_OF(HASH_SOURCE, 0), tail | bpf_ntohl(address->word[3]), 0, 0, 0);
    return keyed_hash_here(HASH_OF(HASH_SOURCE, 2), tail, upper_half(address), lower_half(address), 0);
}

/* Why a packet to a configured SIP port is refused, as its source still has no room; REASON_NONE where that is not known.
 * Classifies it. */
__noinline int remembered_refusal(struct context *ctx, struct packet *pkt) {
    if (!pkt || is_replay || is_fragment(pkt)) return REASON_NONE; /* a replay's clock goes in steps */
    classify_arrival(ctx, pkt);
    __u64 hash = source_hash_here(pkt);
    const struct spent_set *set = spent_set_of(hash);
    if (!set) return REASON_NONE;
    /* All lines of memory are asked for before the first is needed: a flood waits for one of them instead of for each. */
    __u32 head = READ_ONCE(set->head);
    if (may_be_excused(pkt, hash) || may_be_known(pkt) || has_bans_near(&pkt->source.address)) return REASON_NONE;
    __u32 left = ticks_left(head, pkt->now);
    __u32 tag = spent_tag(hash, (pkt->now >> SPENT_TICK) + left, generations_so_far());
    if (left == 0) return REASON_NONE;
    for (int i = 0; i < SPENT_WAYS; i++) {
        if (READ_ONCE(set->lower[i]) != tag >> 8) continue;
        __u32 differs = READ_ONCE(set->upper[i]) ^ (tag & 0xff);
        if (differs == 0) return REASON_rate_limited;
        if (differs != SPENT_NO_ROOM) continue;
        count_event(EVENT_limiter_full);
        return REASON_rate_limit_full;
    }
    return REASON_NONE;
}

/* An index in a register of its own: Linux 6.1 follows the bound that it is then compared with. */
static __always_inline __u64 bounded(__u64 index) {
    asm volatile("" : "+r"(index));
    return index;
}

/* The time before which nothing gives it room. */
static __always_inline __u64 room_at(const struct packet *pkt, const struct zone *zone, __u64 bucket, int has_no_way) {
    __u64 class = bounded(pkt->sip_class);
    if (class >= CLASS_COUNT) return pkt->now;
    const struct limit *limit = &zone->limits[class];
    if (!has_no_way) return limiter_room_at(bucket, pkt->now, limit->tolerance, limit->exponent);
    __u32 shared = fixed_bucket_of(FIXED_STRANGERS, pkt->source_network.zone & (ZONES - 1), pkt->sip_class);
    __u32 whose = zone->flags & ZONE_PEER ? LIMITER_KNOWN : 0;
    __u64 in_shared = limiter_fixed_room_at(shared, pkt->now, limit);
    __u64 in_own = limiter_way_at(bucket, pkt->now, limit->exponent | whose);
    return in_shared < in_own ? in_shared : in_own;
}

/* A way of the set that holds no longer than `room`, and until when, in ticks; SPENT_WAYS where there is none. */
struct spent_place {
    __u64 until;
    __u32 way;
    __u32 zero;
};
static __always_inline struct spent_place take_spent_way(struct spent_set *set, __u64 hash, __u64 now, __u64 room) {
    __u64 clock = now >> SPENT_TICK, end = room >> SPENT_TICK, most = clock + SPENT_LIFE + (hash >> 16 & (SPENT_LIFE - 1));
    __u32 head = READ_ONCE(set->head), left = ticks_left(head, now), next = head + 1;
    struct spent_place place = {.until = clock + left, .way = head & SPENT_TAKEN};
    if (left == 0) {
        place = (struct spent_place){.until = end < most ? end : most};
        next = (__u32)place.until << 5 | 1;
    }
    if (place.until > end) place.way = SPENT_WAYS;
    if (place.way < SPENT_WAYS && __sync_val_compare_and_swap(&set->head, head, next) != head) place.way = SPENT_WAYS;
    return place;
}

/* A stranger's packet that `bucket` refused, or for want of a way in the limiter the shared one. */
__noinline int remember_spent(const struct packet *pkt, __u64 bucket, __u64 hash, int has_no_way) {
    if (!pkt || pkt->wall_flags & WALL_MONITOR || is_replay || may_be_known(pkt)) return 0;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    struct spent_set *set = spent_set_of(hash);
    __u32 generation = generations_so_far();
    if (!zone || !set || (generation & (GENERATIONS - 1)) != pkt->generation) return 0;
    __u64 room = room_at(pkt, zone, bucket, has_no_way);
    if (room >> SPENT_TICK <= pkt->now >> SPENT_TICK) return 0;
    struct spent_place place = take_spent_way(set, hash, pkt->now, room);
    __u64 way = bounded(place.way);
    if (way >= SPENT_WAYS) return 0;
    __u32 tag = spent_tag(hash, place.until, generation) | (has_no_way ? SPENT_NO_ROOM : 0);
    WRITE_ONCE(set->upper[way], tag);
    WRITE_ONCE(set->lower[way], tag >> 8);
    return 0;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * GCRA (ITU-T I.371) in a fixed table: one bucket a (zone, source prefix, class), exact whatever the CPU.
 *
 * A way is  hash 27 | exponent 5 | TAT 32,  the TAT in units of 2^exponent ns, between 4096 and 8192 of them a period.
 * The exponent stands in the way because ways of one set belong to different classes: whether a TAT is past, and so
 * the way free, must be readable without knowing whose it is. A TAT that is past holds no information, so reusing its
 * way is exact: the table can be filled, never fooled. One further ahead than the horizon is a wrapped old one.
 */
#pragma once

#include "bpf/count.bpf.h"
#include "bpf/hash.bpf.h"

/* At the table's end: one way a (zone, class), for sources that found their set full. */
#define LIMITER_SHARED_SETS 1024
#define LIMITER_HASHED_SETS (LIMITER_SETS - LIMITER_SHARED_SETS)
#define LIMITER_TRIES 4
#define LIMITER_HORIZON (1U << 26)
#define LIMITER_MAX_BURST 8191          /* keeps every live TAT under the horizon */
#define LIMITER_MAX_PERIOD (1ULL << 42) /* 73 minutes a packet; ways with a longer period would not fit 2^31 ns units */

_Static_assert(LIMITER_SHARED_SETS *LIMITER_WAYS >= CLASS_COUNT * (ZONES), "every zone and class has a shared way");

enum charge { CHARGE_PASS, CHARGE_OVER, CHARGE_FULL, CHARGE_RETRY };

static __always_inline __u32 floor_log2(__u64 x) {
    __u32 log = 0;
    if (x >> 32) x >>= 32, log += 32;
    if (x >> 16) x >>= 16, log += 16;
    if (x >> 8) x >>= 8, log += 8;
    if (x >> 4) x >>= 4, log += 4;
    if (x >> 2) x >>= 2, log += 2;
    return log + (__u32)(x >> 1);
}

/* Units of debt that the way still has, 0 where it is free. */
static __always_inline __u32 way_debt(__u64 way, __u64 now) {
    __u32 ahead = (__u32)way - (__u32)(now >> (way >> 32 & 31));
    return way != 0 && ahead <= LIMITER_HORIZON ? ahead : 0;
}

struct bucket {
    __u32 set;
    __u32 cost; /* of a packet, in units of 2^exponent ns */
    __u32 tolerance;
    __u32 start; /* now, in those units */
    __u64 tag;
    __u64 now;
};

/* One look at the set. Over the limit it writes nothing: a flood costs reads. CHARGE_RETRY: another CPU was faster. */
__noinline int limiter_try(const struct bucket *bucket) {
    if (!bucket) return CHARGE_PASS;
    __u32 index = bucket->set;
    struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    if (!set) return CHARGE_PASS;
    __u32 slot = LIMITER_WAYS;
    __u64 seen = 0;
    __u32 debt = 0;
    for (__u32 i = 0; i < LIMITER_WAYS; i++) {
        __u64 way = READ_ONCE(set->way[i]);
        if (way >> 32 == bucket->tag) {
            slot = i, seen = way, debt = way_debt(way, bucket->now);
            break;
        }
        if (slot == LIMITER_WAYS && way_debt(way, bucket->now) == 0) slot = i, seen = way;
    }
    if (slot >= LIMITER_WAYS) return CHARGE_FULL;
    if (debt > bucket->tolerance) return CHARGE_OVER;
    __u64 next = bucket->tag << 32 | (__u32)(bucket->start + debt + bucket->cost);
    return __sync_val_compare_and_swap(&set->way[slot & (LIMITER_WAYS - 1)], seen, next) == seen ? CHARGE_PASS
                                                                                                 : CHARGE_RETRY;
}

/* One packet of the bucket `hash`: CHARGE_FULL where its set has no free way, or is fought over. */
__noinline int limiter_charge(__u64 hash, __u64 now, __u64 period_ns, __u32 burst) {
    if (period_ns > LIMITER_MAX_PERIOD) period_ns = LIMITER_MAX_PERIOD;
    if (burst > LIMITER_MAX_BURST) burst = LIMITER_MAX_BURST;
    if (burst == 0) burst = 1;
    __u32 exponent = floor_log2(period_ns >> 12) & 31;
    struct bucket bucket = {
        .set = (hash & 0xffffffff) * LIMITER_HASHED_SETS >> 32,
        .cost = (__u32)(period_ns >> exponent),
        .start = (__u32)(now >> exponent),
        .tag = hash >> 37 << 5 | exponent,
        .now = now,
    };
    bucket.tolerance = (burst - 1) * bucket.cost;
    for (int attempt = 0; attempt < LIMITER_TRIES; attempt++) {
        int charge = limiter_try(&bucket);
        if (charge != CHARGE_RETRY) return charge;
    }
    return CHARGE_FULL;
}

/* The bucket of all who found no room, TAT in plain nanoseconds. */
__noinline int limiter_charge_shared(__u32 bucket, __u64 now, __u64 period_ns, __u32 burst) {
    __u32 index = LIMITER_HASHED_SETS + (bucket / LIMITER_WAYS) % LIMITER_SHARED_SETS;
    struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    if (!set) return CHARGE_PASS;
    if (burst == 0) burst = 1;
    __u64 *way = &set->way[bucket & (LIMITER_WAYS - 1)];
    for (int attempt = 0; attempt < LIMITER_TRIES; attempt++) {
        __u64 seen = READ_ONCE(*way);
        __u64 debt = seen > now ? seen - now : 0;
        if (debt > burst * period_ns) debt = 0; /* left by a wider limit before a reload */
        if (debt > (burst - 1) * period_ns) return CHARGE_OVER;
        if (__sync_val_compare_and_swap(way, seen, now + debt + period_ns) == seen) return CHARGE_PASS;
    }
    return CHARGE_OVER;
}

static __always_inline __u64 leading_bits(__u64 word, __u32 bits) {
    if (bits == 0) return 0;
    return bits >= 64 ? word : word & ~(~0ULL >> bits);
}

/* The source's bucket in its zone and class. `prefix` counts bits of the v4-mapped or IPv6 address. */
static __always_inline __u64 limit_hash(const struct packet *pkt, __u32 zone, __u32 prefix) {
    __u64 upper = leading_bits(upper_half(&pkt->source.address), prefix);
    __u64 lower = leading_bits(lower_half(&pkt->source.address), prefix > 64 ? prefix - 64 : 0);
    __u64 bucket = (__u64)(pkt->sip_class << 8 | zone) << 32;
    if (is_v4_mapped(&pkt->source.address)) return keyed_hash(HASH_OF(HASH_LIMIT, 0), bucket | (__u32)lower, 0, 0, 0);
    return keyed_hash(HASH_OF(HASH_LIMIT, prefix > 64 ? 2 : 1), bucket, upper, lower, 0);
}

/* CHARGE_OVER: its own bucket is spent. CHARGE_FULL: it has none, and the shared one is spent. */
static __always_inline int charge_source(const struct packet *pkt, const struct zone *zone) {
    __u32 number = pkt->source_network.zone & (ZONES - 1);
    if (pkt->sip_class >= CLASS_COUNT) return CHARGE_PASS;
    const struct limit *limit = &zone->limits[pkt->sip_class];
    __u64 period_ns = limit->period_ns;
    if (period_ns == 0) return CHARGE_PASS;
    __u32 prefix = is_v4_mapped(&pkt->source.address) ? 96 + zone->prefix_v4 : zone->prefix_v6;
    int charge = limiter_charge(limit_hash(pkt, number, prefix), pkt->now, period_ns, limit->burst);
    if (charge != CHARGE_FULL) return charge;
    count_event(EVENT_limiter_full);
    __u32 bucket = number * CLASS_COUNT + pkt->sip_class;
    return limiter_charge_shared(bucket, pkt->now, period_ns, limit->burst) == CHARGE_PASS ? CHARGE_PASS : CHARGE_FULL;
}

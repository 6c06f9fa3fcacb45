/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * GCRA (ITU-T I.371) in a fixed table: one bucket a hash, exact whatever the CPU. What a way holds, and why it may be used
 * again: maps/abi/limiter.h. The exponent stands in the way because ways of one set belong to different limits: whether
 * a TAT is past, and so the way free, must be readable without knowing whose it is. A TAT further ahead than the horizon
 * is a wrapped old one.
 */
#pragma once

#include "bpf/count.bpf.h"
#include "bpf/hash.bpf.h"
#include "bpf/policy.bpf.h"

#define LIMITER_HASHED_SETS (LIMITER_SETS - LIMITER_SHARED_SETS)
#define LIMITER_TRIES 4
#define LIMITER_HORIZON (1U << 27)

_Static_assert((LIMIT_MAX_BURST + 1) * 8192ULL <= LIMITER_HORIZON, "every live debt lies under the horizon");

/* Of what is paid for by another CPU, whose coarse clock has ticked before ours: at most 10 ms ahead (HZ 100), generously. */
#define LIMITER_SKEW (1U << 27)
/* Beside an exponent: for those whom a table full of strangers must not close out. */
#define LIMITER_KNOWN (1U << 8)

enum charge { CHARGE_PASS, CHARGE_EXCUSED, CHARGE_OVER, CHARGE_FULL, CHARGE_TOTAL };

/* Units of debt that the way still has, 0 where it is free. */
static __always_inline __u32 way_debt(__u64 way, __u64 now) {
    __u32 ahead = (__u32)way - (__u32)(now >> (way >> 32 & 31));
    return way != 0 && ahead <= LIMITER_HORIZON ? ahead : 0;
}

/* The tag's own way, or LIMITER_WAYS. First of all, and by itself: a flood meets nothing else. */
static __always_inline __u32 own_way(const struct limiter_set *set, __u64 tag) {
    for (__u32 i = 0; i < LIMITER_WAYS; i++)
        if (READ_ONCE(set->way[i]) >> 32 == tag) return i;
    return LIMITER_WAYS;
}
/* The last way of each set is kept for the known. */
static __always_inline __u32 free_way(const struct limiter_set *set, __u64 now, __u32 is_for_known) {
    for (__u32 i = 0; i < LIMITER_WAYS; i++)
        if ((i < LIMITER_WAYS - 1 || is_for_known) && way_debt(READ_ONCE(set->way[i]), now) == 0) return i;
    return LIMITER_WAYS;
}

/* One packet of the bucket `hash`, under a struct limit's three. Over the limit it writes nothing: a flood costs reads.
 * CHARGE_FULL where the set has no free way, or other CPUs were faster each time. */
__noinline int limiter_charge(__u64 hash, __u64 now, __u32 cost, __u32 tolerance, __u32 exponent) {
    __u32 is_for_known = exponent & LIMITER_KNOWN;
    exponent &= 31;
    __u32 index = (hash & 0xffffffff) * LIMITER_HASHED_SETS >> 32;
    struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    if (!set) return CHARGE_PASS;
    __u64 tag = hash >> 37 << 5 | exponent;
    for (int attempt = 0; attempt < LIMITER_TRIES; attempt++) {
        __u32 slot = own_way(set, tag), debt = 0;
        int is_new = slot >= LIMITER_WAYS;
        if (is_new) slot = free_way(set, now, is_for_known);
        if (slot >= LIMITER_WAYS) return CHARGE_FULL;
        __u64 *way = &set->way[slot & (LIMITER_WAYS - 1)];
        __u64 seen = READ_ONCE(*way);
        if (!is_new) {
            if (seen >> 32 != tag) continue;
            debt = way_debt(seen, now);
            /* long past, and wrapped; or left by a wider limit before a reload */
            if (debt > tolerance + cost + (LIMITER_SKEW >> exponent) + 1) debt = 0;
            if (debt > tolerance) return CHARGE_OVER;
        } else if (way_debt(seen, now) != 0) {
            continue;
        }
        __u64 next = tag << 32 | (__u32)((__u32)(now >> exponent) + debt + cost);
        if (__sync_val_compare_and_swap(way, seen, next) == seen) return CHARGE_PASS;
    }
    return CHARGE_FULL;
}

/* When a bucket that is over its limit has room again, if nobody pays it meanwhile: `now` where it has. */
static __always_inline __u64 limiter_room_at(__u64 hash, __u64 now, __u32 tolerance, __u32 exponent) {
    exponent &= 31;
    __u32 index = (hash & 0xffffffff) * LIMITER_HASHED_SETS >> 32;
    const struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    __u32 slot = set ? own_way(set, hash >> 37 << 5 | exponent) : LIMITER_WAYS;
    if (slot >= LIMITER_WAYS) return now;
    __u32 debt = way_debt(READ_ONCE(set->way[slot & (LIMITER_WAYS - 1)]), now);
    return debt > tolerance ? ((now >> exponent) + (debt - tolerance)) << exponent : now;
}

/* The same of who has no way: when the first that he could take is free, `now` where one is. */
__noinline __u64 limiter_way_at(__u64 hash, __u64 now, __u32 exponent) {
    __u32 index = (hash & 0xffffffff) * LIMITER_HASHED_SETS >> 32;
    const struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    __u64 first = ~0ULL;
    if (!set || own_way(set, hash >> 37 << 5 | (exponent & 31)) < LIMITER_WAYS) return now;
    __u32 ways = exponent & LIMITER_KNOWN ? LIMITER_WAYS : LIMITER_WAYS - 1;
#pragma nounroll
    for (__u32 i = 0; i < LIMITER_WAYS; i++) {
        if (i >= ways) break;
        __u64 way = READ_ONCE(set->way[i]), unit = way >> 32 & 31;
        __u64 free = ((now >> unit) + way_debt(way, now)) << unit;
        if (free < first) first = free;
    }
    return first;
}

/* limiter_charge() where the rate is a constant of ours. */
static __always_inline int quota_charge(__u64 hash, __u64 now, __u64 period_ns, __u32 burst) {
    const struct limit limit = limit_of(period_ns, burst);
    return limiter_charge(hash, now, limit.cost, limit.tolerance, limit.exponent);
}
static __always_inline int known_quota_charge(__u64 hash, __u64 now, __u64 period_ns, __u32 burst) {
    const struct limit limit = limit_of(period_ns, burst);
    return limiter_charge(hash, now, limit.cost, limit.tolerance, limit.exponent | LIMITER_KNOWN);
}

/* A bucket with a way of its own at the table's end, TAT in plain nanoseconds. */
__noinline int limiter_charge_fixed(__u32 bucket, __u64 now, __u32 cost, __u32 tolerance, __u32 exponent) {
    __u32 index = LIMITER_HASHED_SETS + (bucket / LIMITER_WAYS) % LIMITER_SHARED_SETS;
    struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    if (!set) return CHARGE_PASS;
    __u64 period_ns = (__u64)cost << (exponent & 31), tolerance_ns = (__u64)tolerance << (exponent & 31);
    __u64 *way = &set->way[bucket & (LIMITER_WAYS - 1)];
    for (int attempt = 0; attempt < LIMITER_TRIES; attempt++) {
        __u64 seen = READ_ONCE(*way);
        __u64 debt = seen > now ? seen - now : 0;
        if (debt > tolerance_ns + period_ns + LIMITER_SKEW) debt = 0; /* left by a wider limit before a reload */
        if (debt > tolerance_ns) return CHARGE_OVER;
        if (__sync_val_compare_and_swap(way, seen, now + debt + period_ns) == seen) return CHARGE_PASS;
    }
    return CHARGE_OVER;
}

/* When that has room again; `now` where it has. */
static __always_inline __u64 limiter_fixed_room_at(__u32 bucket, __u64 now, const struct limit *limit) {
    __u32 index = LIMITER_HASHED_SETS + (bucket / LIMITER_WAYS) % LIMITER_SHARED_SETS;
    const struct limiter_set *set = bpf_map_lookup_elem(&limiter, &index);
    if (!set) return now;
    __u64 seen = READ_ONCE(set->way[bucket & (LIMITER_WAYS - 1)]);
    __u64 room = seen - ((__u64)limit->tolerance << (limit->exponent & 31));
    return seen > now && room > now && room <= seen ? room : now;
}

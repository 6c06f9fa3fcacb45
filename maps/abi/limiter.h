/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Rates as the packet path reckons them (GCRA, ITU-T I.371), who has used up what, and what excuses a message from paying.
 */
#pragma once

#include "abi.h"

#ifdef __cplusplus
#define RINGWALL_CONSTEXPR constexpr
#else
#define RINGWALL_CONSTEXPR
#endif

/* Time in units of 2^exponent ns, `cost` of them a packet: 4096 to 8191 (fewer where the period is under 4096 ns). Who is
 * more than `tolerance` ahead of time is over the limit. cost 0: unlimited. */
struct limit {
    __u32 cost;
    __u32 tolerance;
    __u32 exponent;
    __u32 zero;
};
MAP_ABI(struct limit, 16);

#define LIMIT_MAX_PERIOD (1ULL << 42) /* 73 minutes a packet; a longer one would not fit units of 2^31 ns */
#define LIMIT_MAX_BURST 10000         /* keeps every live debt under LIMITER_HORIZON */

/* One packet each `period_ns` on average, `burst` at once. period_ns 0: unlimited. */
static inline RINGWALL_CONSTEXPR struct limit limit_of(__u64 period_ns, __u32 burst) {
    struct limit limit = {0, 0, 0, 0};
    if (period_ns == 0) return limit;
    if (period_ns > LIMIT_MAX_PERIOD) period_ns = LIMIT_MAX_PERIOD;
    if (burst > LIMIT_MAX_BURST) burst = LIMIT_MAX_BURST;
    if (period_ns >> 12) limit.exponent = 63U - (__u32)__builtin_clzll(period_ns >> 12);
    limit.cost = (__u32)(period_ns >> limit.exponent);
    limit.tolerance = burst ? (burst - 1) * limit.cost : 0;
    return limit;
}

/* `limiter`: ARRAY of LIMITER_SETS. A way is hash 27 | exponent 5 | TAT 32, the TAT in the units of its limit: sets mix
 * classes, so each way carries its own unit. A way whose TAT is past holds no information, so reusing it is exact: the
 * table can be filled, never fooled. The last sets hold whole buckets of zones, the TAT in ns (bpf/limiter.bpf.h). */
#define LIMITER_SETS (1 << 17)
#define LIMITER_SHARED_SETS 1920
#define LIMITER_WAYS 8
struct limiter_set {
    __u64 way[LIMITER_WAYS];
};
MAP_ABI(struct limiter_set, 64);

/* `excuses`: ARRAY of EXCUSE_SETS, by source address and port: the requests that passed of late, whose copies are free,
 * and the challenges that the inside sent. A way is digest 32 | mark 16 | used 4 | until 12, the last in units of 2^27 ns,
 * wrapping; one that is past is free. Nothing is evicted: who finds no room pays. */
#define EXCUSE_SETS (1 << 16)
#define EXCUSE_WAYS 8
#define EXCUSE_TICK 27   /* log2 of ns */
#define EXCUSE_LIFE 239  /* in those units: 32 s, as RFC 3261's timers B and F */
#define EXCUSED_COPIES 10 /* RFC 3261 section 17.1.2.1: a request goes out eleven times at most */
enum excuse_use { /* of `used`, beside 0..EXCUSED_COPIES: how many copies were free */
    EXCUSE_CHALLENGE = 14,
    EXCUSE_ANSWERED = 15, /* a challenge that excused its one REGISTER: until it is past, no other does */
};
struct excuse_set {
    __u64 way[EXCUSE_WAYS];
};
MAP_ABI(struct excuse_set, 64);

/* `excuse_marks`: ARRAY of EXCUSE_SETS: 16 bits of each way of `excuses`, of a copy its mark, of a challenge the last of its
 * digest. Where none of them is a packet's, nothing there excuses it: a flood reads this quarter only. */
struct excuse_marks {
    __u16 mark[EXCUSE_WAYS];
};
MAP_ABI(struct excuse_marks, 16);

#define EXCUSE_BYTES 2048 /* a longer request is none that is sent again unchanged by UDP: it pays each time */
#define REQUEST_WORDS 520 /* twice what is read, and eight: the verifier then follows the zeros behind it by a mask */
struct request_words {
    __u64 word[REQUEST_WORDS];
};
MAP_ABI(struct request_words, REQUEST_WORDS * 8);

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who holds a pinhole when it is not the exact peer: `latch` of struct pinhole, one word changed by cmpxchg, so that two
 * CPUs never mix two sources. A keyed hash of address and port (40 bits) << 24 | packets << 16 | flags.
 *
 * One source at a time. The exact peer needs no latch, and clears it when it speaks.
 */
#pragma once

#include "bpf/hash.bpf.h"
#include "bpf/policy.bpf.h"

#define PROBATION_PACKETS 3
#define SILENCE NSEC_PER_SEC
#define SEEN_STEP (250 * NSEC_PER_MSEC) /* last_in_ns and last_out_ns move in these steps: fewer writes to a hot line */

enum latch_flag {
    LATCH_NAMED = 1 << 0,    /* a peer named with any port */
    LATCH_STAND_IN = 1 << 1, /* another port or address of the peer */
    LATCH_FIRST = 1 << 2,    /* the first source, by a zone's `latch: N`; the last one, where anybody may send */
};
#define LATCH_COUNT(latch) ((latch) >> 16 & 0xff)
#define LATCH_IDENTITY (~0xffffffULL)

static __always_inline __u64 latch_identity(const struct packet *pkt) {
    return hash_address(HASH_LATCH, &pkt->source.address, port_of(&pkt->source)) & LATCH_IDENTITY;
}

static __always_inline __u64 latch_word(__u64 identity, __u32 count, __u32 flag) {
    return identity | (__u64)count << 16 | flag;
}

static __always_inline int exchange_latch(struct pinhole *hole, __u64 seen, __u64 next) {
    return __sync_val_compare_and_swap(&hole->latch, seen, next) == seen;
}

static __always_inline int is_silent(__u64 last_ns, __u64 now, __u64 silence_ns) {
    return last_ns == 0 || now >= last_ns + silence_ns;
}

/* A peer named with port 0: its first port is its port, until that one has been silent for a second. */
static __always_inline __u32 admit_any_port(struct pinhole *hole, const struct packet *pkt) {
    __u64 me = latch_word(latch_identity(pkt), 0, LATCH_NAMED);
    __u64 latch = READ_ONCE(hole->latch);
    if (latch == me) return REASON_NONE;
    int held = latch & LATCH_NAMED && !is_silent(READ_ONCE(hole->last_peer_ns), pkt->now, SILENCE);
    return !held && exchange_latch(hole, latch, me) ? REASON_NONE : REASON_probation;
}

/* Another port or address of the peer: passes after three packets, while the one named is silent. */
static __always_inline __u32 admit_stand_in(struct pinhole *hole, const struct packet *pkt) {
    if (!is_silent(READ_ONCE(hole->last_peer_ns), pkt->now, SILENCE)) return REASON_probation;
    __u64 me = latch_identity(pkt);
    __u64 latch = READ_ONCE(hole->latch);
    int is_mine = (latch & LATCH_IDENTITY) == me && latch & LATCH_STAND_IN;
    if (is_mine && LATCH_COUNT(latch) >= PROBATION_PACKETS) return REASON_pinhole_other_source;
    /* A stand-in that passes holds the place. Its last packet may be a step younger than last_in_ns says. */
    if (!is_mine && latch & LATCH_STAND_IN && LATCH_COUNT(latch) >= PROBATION_PACKETS &&
        !is_silent(READ_ONCE(hole->last_in_ns), pkt->now, SILENCE + SEEN_STEP))
        return REASON_probation;
    exchange_latch(hole, latch, latch_word(me, is_mine ? LATCH_COUNT(latch) + 1 : 1, LATCH_STAND_IN));
    return REASON_probation;
}

/* `latch: N` of the hole's zone, or of a widened hole, where no peers are named: after N packets the source has the hole to itself. */
static __always_inline __u32 admit_first(struct pinhole *hole, const struct packet *pkt, __u32 packets) {
    __u64 me = latch_identity(pkt);
    __u64 latch = READ_ONCE(hole->latch);
    int is_mine = (latch & LATCH_IDENTITY) == me && latch & LATCH_FIRST;
    if (is_mine && LATCH_COUNT(latch) >= packets) return REASON_NONE;
    if (!is_mine && latch & LATCH_FIRST && LATCH_COUNT(latch) >= packets &&
        !is_silent(READ_ONCE(hole->last_in_ns), pkt->now, SILENCE + SEEN_STEP))
        return REASON_wrong_source;
    exchange_latch(hole, latch, latch_word(me, is_mine ? LATCH_COUNT(latch) + 1 : 1, LATCH_FIRST));
    return REASON_NONE;
}

/* Anybody may send: who spoke last is known again once the hole has slept. */
static __always_inline void note_speaker(struct pinhole *hole, const struct packet *pkt) {
    __u64 me = latch_word(latch_identity(pkt), 0, LATCH_FIRST);
    __u64 latch = READ_ONCE(hole->latch);
    if (latch != me) exchange_latch(hole, latch, me);
}

static __always_inline int is_latched(const struct pinhole *hole, const struct packet *pkt) {
    __u64 latch = READ_ONCE(hole->latch);
    if ((latch & LATCH_IDENTITY) == 0 || (latch & LATCH_IDENTITY) != latch_identity(pkt)) return 0;
    return !(latch & LATCH_STAND_IN) || LATCH_COUNT(latch) >= PROBATION_PACKETS;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What pays nothing at a SIP port (docs/adr/0019):
 *
 *  a copy, byte for byte, of a request that passed     ten in 32 s, not before its time: UDP sends a request again until
 *                                                      it is answered, after 0.5 s, 1, 2, and then 4 s each
 *  the REGISTER after the inside's 401 or 407          one in 32 s for each source address and port
 *
 * A copy is told by its UDP checksum and length first, and only then by a keyed hash of all of it. Each such look uses up
 * one of the ten, so that nobody makes us hash more than what has passed. What passes because it is excused earns nothing:
 * a guesser has twice his limit at most, never more.
 */
#pragma once

#include "bpf/load.bpf.h"
#include "bpf/sip_limit.bpf.h"

#define EXCUSE_PORT_STEP 0x9e3779b1U /* odd: each port of an address has a set of its own */

/* Of an address and class: what excuses and `spent` go by. Whose zone it is need not be known for it. */
static __always_inline __u64 source_hash(const struct address *address, __u32 class) {
    return hash_address(HASH_SOURCE, address, class);
}

static __always_inline __u32 excuse_index(__u64 hash, __u32 port) {
    return (__u32)(hash + (__u64)port * EXCUSE_PORT_STEP) & (EXCUSE_SETS - 1);
}
static __always_inline struct excuse_set *excuse_set_of(__u64 hash, __u32 port) {
    __u32 index = excuse_index(hash, port);
    return bpf_map_lookup_elem(&excuses, &index);
}

static __always_inline __u32 excuse_clock(__u64 now) { return now >> EXCUSE_TICK & 0xfff; }
static __always_inline __u64 excuse_way(__u32 digest, __u32 mark, __u32 used, __u64 now) {
    return (__u64)digest << 32 | (mark & 0xffff) << 16 | used << 12 | ((excuse_clock(now) + EXCUSE_LIFE) & 0xfff);
}
static __always_inline __u32 used_in(__u64 way) { return way >> 12 & 15; }
/* The mark of a challenge: the clock's bits above `until`. Without them it would come to life again nine minutes later, when
 * the same phone may register anew. */
static __always_inline __u32 challenge_mark(__u64 until_ns) { return until_ns >> (EXCUSE_TICK + 12); }
static __always_inline int is_fresh_excuse(__u64 way, __u64 now) {
    __u32 left = ((__u32)way - excuse_clock(now)) & 0xfff;
    if (way == 0 || left > EXCUSE_LIFE) return 0;
    if (used_in(way) < EXCUSE_CHALLENGE) return 1;
    return !((way >> 16 ^ challenge_mark(now + ((__u64)left << EXCUSE_TICK))) & 0xffff);
}
/* Two bytes of a way, read by themselves: what a flood does eight times a packet. */
static __always_inline __u32 mark_at(const __u64 *way) { return READ_ONCE(((const __u16 *)way)[1]); }
static __always_inline __u32 digest_at(const __u64 *way) { return READ_ONCE(((const __u32 *)way)[1]); }
#define EXCUSE_ONE_MORE (1ULL << 12)

/* Timer E of RFC 3261 section 17.1.2.2, a little faster: a copy comes after 0.4, 1.2, 2.8 s, and 3.75 s each then. */
static __always_inline int is_due(__u64 way, __u64 now) {
    __u32 used = used_in(way);
    __u32 due = used < 3 ? (6U << used) - 3 : 21 + 28 * (used - 2);
    __u32 left = ((__u32)way - excuse_clock(now)) & 0xfff;
    return used < EXCUSED_COPIES && EXCUSE_LIFE - left >= due;
}

/* A request, its UDP datagram all here, and no longer than what is hashed? */
static __always_inline int has_copies(const struct packet *pkt) {
    return pkt->sip_class < CLASS_RESPONSE && pkt->kind == PACKET_UDP && !is_fragment(pkt) &&
           pkt->payload_here - 1 < EXCUSE_BYTES;
}
/* With bits of the source's hash: where a set holds many sources' requests, as a flood of one request from spoofed addresses
 * makes it do, those of others look like no copies. */
static __always_inline __u32 copy_mark(const struct packet *pkt, __u64 hash) {
    return (pkt->udp_checksum ^ pkt->payload_length ^ hash >> 16) & 0xffff;
}

struct digestion {
    struct sip_hash hash;
    const struct request_words *words;
};

/* Behind the message stand zeros, as far as its last block goes. */
#define DIGEST_BLOCK 4 /* words */
static long absorb_nth(__u32 index, struct digestion *digestion) {
    const __u64 *word = &digestion->words->word[index * DIGEST_BLOCK & (EXCUSE_BYTES / 8 - DIGEST_BLOCK)];
    struct sip_hash hash = digestion->hash;
    for (int i = 0; i < DIGEST_BLOCK; i++) sip_absorb(&hash, word[i]);
    digestion->hash = hash;
    return 0;
}

/* Of the payload and who sent it, in 32 bits; 0 where it cannot be read. */
__noinline __u32 request_digest(struct context *ctx, const struct packet *pkt, __u64 hash) {
    __u32 zero = 0;
    struct request_words *words = bpf_map_lookup_elem(&request_words, &zero);
    if (!pkt || !words) return 0;
    __u32 length = pkt->payload_here;
    struct digestion digestion = {.hash = sip_start(), .words = words};
    if (load_up_to(ctx, pkt->payload_offset, words, length, EXCUSE_BYTES) != 0) return 0;
    __u64 *last = &words->word[length / 8 & (EXCUSE_BYTES / 4 - 1)];
    last[0] &= ~(~0ULL << length % 8 * 8);
    for (int i = 1; i < DIGEST_BLOCK; i++) last[i] = 0;
    sip_absorb(&digestion.hash, hash);
    sip_absorb(&digestion.hash, upper_half(&pkt->source.address));
    sip_absorb(&digestion.hash, lower_half(&pkt->source.address));
    sip_absorb(&digestion.hash, (__u64)length << 32 | port_of(&pkt->source));
    bpf_loop((length + 31) / (8 * DIGEST_BLOCK), absorb_nth, &digestion, 0);
    return (__u32)sip_finish(&digestion.hash) | 1;
}

/* The slot of what may be its first, EXCUSE_WAYS where there is none. */
static __always_inline __u32 find_first(const struct excuse_set *set, __u32 mark, __u64 now) {
#pragma unroll
    for (__u32 i = 0; i < EXCUSE_WAYS; i++) {
        if (mark_at(&set->way[i]) != mark) continue;
        __u64 way = READ_ONCE(set->way[i]);
        if (is_fresh_excuse(way, now) && is_due(way, now)) return i;
    }
    return EXCUSE_WAYS;
}

/* A copy of what has passed, and not yet the last of its ten. `hash`: source_hash(). */
__noinline int is_free_copy(struct context *ctx, const struct packet *pkt, __u64 hash) {
    if (!pkt) return 0;
    struct excuse_set *set = excuse_set_of(hash, port_of(&pkt->source));
    if (!set) return 0;
    __u32 slot = find_first(set, copy_mark(pkt, hash), pkt->now);
    if (slot >= EXCUSE_WAYS) return 0;
    __u64 *at = &set->way[slot & (EXCUSE_WAYS - 1)], way = READ_ONCE(*at);
    if (!is_due(way, pkt->now) || __sync_val_compare_and_swap(at, way, way + EXCUSE_ONE_MORE) != way) return 0;
    return request_digest(ctx, pkt, hash) == way >> 32;
}

static __always_inline int put_excuse(__u32 index, __u64 wanted, __u32 mark, __u64 now) {
    struct excuse_set *set = bpf_map_lookup_elem(&excuses, &index);
    struct excuse_marks *marks = bpf_map_lookup_elem(&excuse_marks, &index);
    if (!set || !marks) return 0;
    for (int i = 0; i < EXCUSE_WAYS; i++) {
        __u64 way = READ_ONCE(set->way[i]);
        if (is_fresh_excuse(way, now)) continue;
        if (__sync_val_compare_and_swap(&set->way[i], way, wanted) != way) continue;
        WRITE_ONCE(marks->mark[i], mark);
        return 1;
    }
    return 0;
}

/* A request that has paid: its copies need not. */
__noinline int excuse_copies(struct context *ctx, const struct packet *pkt, __u64 hash) {
    if (!pkt) return 0;
    __u32 digest = request_digest(ctx, pkt, hash), mark = copy_mark(pkt, hash);
    return digest && put_excuse(excuse_index(hash, port_of(&pkt->source)), excuse_way(digest, mark, 0, pkt->now), mark,
                                pkt->now);
}

/* Who was challenged, in 32 bits: `hash` knows the secret and the address, but not the port. */
static __always_inline __u32 challenge_digest(const struct pinhole_key *outside, __u64 hash) {
    __u64 host = lower_half(&outside->address);
    return (__u32)(hash >> 32) ^ (__u32)(host ^ host >> 32) ^ port_of(outside) * EXCUSE_PORT_STEP;
}

static __always_inline __u32 find_challenge(const struct excuse_set *set, __u32 digest, __u64 now) {
#pragma unroll
    for (__u32 i = 0; i < EXCUSE_WAYS; i++) {
        if (digest_at(&set->way[i]) != digest) continue;
        __u64 way = READ_ONCE(set->way[i]);
        if (used_in(way) >= EXCUSE_CHALLENGE && is_fresh_excuse(way, now)) return i;
    }
    return EXCUSE_WAYS;
}

static __always_inline int has_paid_request(const struct excuse_set *set, __u64 now) {
    for (__u32 i = 0; i < EXCUSE_WAYS; i++) {
        __u64 way = READ_ONCE(set->way[i]);
        if (used_in(way) <= EXCUSED_COPIES && is_fresh_excuse(way, now)) return 1;
    }
    return 0;
}

/* On the way out: the inside's 401 or 407, where a REGISTER from there has paid: not to a SUBSCRIBE. While an earlier
 * challenge of the same party is fresh, this is no new one. */
__noinline int note_challenge(const struct packet *pkt) {
    if (!pkt) return 0;
    __u32 number = pkt->destination_network.zone & (ZONES - 1);
    const struct zone *zone = zone_of(pkt, number);
    if (!zone || !zone->limits[CLASS_REGISTER].cost) return 0;
    __u64 hash = source_hash(&pkt->destination.address, CLASS_REGISTER);
    struct excuse_set *set = excuse_set_of(hash, port_of(&pkt->destination));
    if (!set) return 0;
    __u32 digest = challenge_digest(&pkt->destination, hash);
    if (!has_paid_request(set, pkt->now) || find_challenge(set, digest, pkt->now) < EXCUSE_WAYS) return 0;
    __u32 mark = challenge_mark(pkt->now + ((__u64)EXCUSE_LIFE << EXCUSE_TICK));
    return put_excuse(excuse_index(hash, port_of(&pkt->destination)),
                      excuse_way(digest, mark, EXCUSE_CHALLENGE, pkt->now), digest & 0xffff, pkt->now);
}

static __always_inline int is_challenge(const struct packet *pkt) {
    __u32 status = bpf_ntohl(pkt->head[2]); /* behind "SIP/2.0 " */
    return status == ('4' << 24 | '0' << 16 | '1' << 8 | ' ') || status == ('4' << 24 | '0' << 16 | '7' << 8 | ' ');
}

/* A REGISTER over its limit: does it answer a challenge that excused none yet? */
__noinline int answers_challenge(const struct packet *pkt, __u64 hash) {
    if (!pkt) return 0;
    struct excuse_set *set = excuse_set_of(hash, port_of(&pkt->source));
    if (!set) return 0;
    __u32 slot = find_challenge(set, challenge_digest(&pkt->source, hash), pkt->now);
    if (slot >= EXCUSE_WAYS) return 0;
    __u64 *way = &set->way[slot & (EXCUSE_WAYS - 1)], seen = READ_ONCE(*way);
    return used_in(seen) == EXCUSE_CHALLENGE &&
           __sync_val_compare_and_swap(way, seen, seen + EXCUSE_ONE_MORE) == seen;
}

static __always_inline int is_marked(__u64 hash, __u32 port, __u32 copy, __u32 challenge) {
    __u32 index = excuse_index(hash, port);
    const struct excuse_marks *marks = bpf_map_lookup_elem(&excuse_marks, &index);
    if (!marks) return 1;
    for (int i = 0; i < EXCUSE_WAYS; i++) {
        __u32 mark = READ_ONCE(marks->mark[i]);
        if (mark == copy || mark == (challenge & 0xffff)) return 1;
    }
    return 0;
}

/* Would is_free_copy() or answers_challenge() have more than one look at it? */
static __always_inline int may_be_excused(const struct packet *pkt, __u64 hash) {
    __u32 copy = copy_mark(pkt, hash), challenge = challenge_digest(&pkt->source, hash);
    if (!is_marked(hash, port_of(&pkt->source), copy, challenge)) return 0;
    const struct excuse_set *set = excuse_set_of(hash, port_of(&pkt->source));
    if (!set) return 1;
    if (has_copies(pkt) && find_first(set, copy, pkt->now) < EXCUSE_WAYS) return 1;
    if (pkt->sip_class != CLASS_REGISTER) return 0;
    __u32 slot = find_challenge(set, challenge, pkt->now);
    return slot < EXCUSE_WAYS && used_in(READ_ONCE(set->way[slot & (EXCUSE_WAYS - 1)])) == EXCUSE_CHALLENGE;
}

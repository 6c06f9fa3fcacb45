/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The keyed hash for every table that an outsider could otherwise aim at: SipHash-1-3 (Aumasson and Bernstein) under
 * meta.secret. Nothing linear or weaker: who finds two of his own sources in one bucket must learn nothing of others.
 *
 * A message is up to three words and a tail. The tail's top byte stands where SipHash has the length: what is hashed, and
 * of how many words, so that no two uses share values. An IPv4 source fits into the tail: four rounds instead of
 * nine.
 */
#pragma once

#include "bpf/packet.bpf.h"

enum hash_use { /* at most 63 */
    HASH_LIMIT = 1,
    HASH_LATCH,
    HASH_RETURN_NEAR,
    HASH_RETURN_PATH,
    HASH_RETURN_QUOTA,
    HASH_FRAGMENT_SOURCE,
    HASH_FRAGMENT,
    HASH_UNPAIRED,
    HASH_UNPAIRED_STRANGERS,
    HASH_ICE_QUOTA,
    HASH_ICE_CHECKS,
    HASH_OPAQUE_INSIDE,
    HASH_OPAQUE,
    HASH_OPAQUE_PEER,
    HASH_OPAQUE_SOURCE_QUOTA,
    HASH_OPAQUE_QUOTA,
    HASH_CONNECTION,
    HASH_LIMIT_OWN,
    HASH_LIMIT_PARTY,
    HASH_SOURCE,
};

#define HASH_TAIL_BITS 56

struct sip_hash {
    __u64 v0, v1, v2, v3;
};

static __always_inline __u64 rotate_left(__u64 x, int bits) { return x << bits | x >> (64 - bits); }

static __always_inline void sip_round(struct sip_hash *s) {
    s->v0 += s->v1, s->v1 = rotate_left(s->v1, 13) ^ s->v0, s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3, s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3, s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1, s->v1 = rotate_left(s->v1, 17) ^ s->v2, s->v2 = rotate_left(s->v2, 32);
}

static __always_inline void sip_absorb(struct sip_hash *s, __u64 word) {
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* Zeros where there is no secret to be read, which no loaded wall has. */
static __always_inline struct sip_hash sip_start(void) {
    __u32 zero = 0;
    const struct meta *own = bpf_map_lookup_elem(&meta, &zero);
    if (!own) return (struct sip_hash){};
    __u64 k0 = own->secret[0], k1 = own->secret[1];
    return (struct sip_hash){k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                             k1 ^ 0x7465646279746573ULL};
}
static __always_inline __u64 sip_finish(struct sip_hash *s) {
    s->v2 ^= 0xff;
    sip_round(s);
    sip_round(s);
    sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Of `words` words, 0 to 3, and of what `tail` says below its top byte: its first HASH_TAIL_BITS bits. */
static __always_inline __u64 keyed_hash_here(__u64 use_and_words, __u64 tail, __u64 a, __u64 b, __u64 c) {
    __u32 words = use_and_words & 3;
    struct sip_hash s = sip_start();
    if (words > 0) sip_absorb(&s, a);
    if (words > 1) sip_absorb(&s, b);
    if (words > 2) sip_absorb(&s, c);
    sip_absorb(&s, use_and_words << HASH_TAIL_BITS | tail);
    return sip_finish(&s);
}
__noinline __u64 keyed_hash(__u64 use_and_words, __u64 tail, __u64 a, __u64 b, __u64 c) {
    return keyed_hash_here(use_and_words, tail, a, b, c);
}

#define HASH_OF(use, words) ((use) << 2 | (words))

/* An address with 24 bits of something else. */
static __always_inline __u64 hash_address(__u32 use, const struct address *address, __u32 extra) {
    __u64 tail = (__u64)(extra & 0xffffff) << 32;
    if (is_v4_mapped(address)) return keyed_hash(HASH_OF(use, 0), tail | bpf_ntohl(address->word[3]), 0, 0, 0);
    return keyed_hash(HASH_OF(use, 2), tail, upper_half(address), lower_half(address), 0);
}

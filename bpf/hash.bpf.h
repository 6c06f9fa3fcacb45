/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The keyed hash for every table that an outsider could otherwise aim at: SipHash-1-3 (Aumasson and Bernstein) of five
 * words under meta.secret. The last word says what is hashed, so that no two uses share values.
 */
#pragma once

#include "bpf/packet.bpf.h"

enum hash_use {
    HASH_LIMIT = 1,
    HASH_LATCH,
    HASH_RETURN_PATH,
    HASH_RETURN_QUOTA,
    HASH_FRAGMENT,
    HASH_UNPAIRED,
    HASH_UNPAIRED_STRANGERS,
    HASH_ICE_QUOTA = 16,
    HASH_ICE_CHECKS,
    HASH_OPAQUE,
    HASH_OPAQUE_PEER,
    HASH_OPAQUE_QUOTA,
    HASH_CONNECTION,
};

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

__noinline __u64 keyed_hash(__u64 a, __u64 b, __u64 c, __u64 d, __u64 use) {
    __u32 zero = 0;
    const struct meta *own = bpf_map_lookup_elem(&meta, &zero);
    if (!own) return 0;
    __u64 k0 = own->secret[0], k1 = own->secret[1];
    struct sip_hash s = {k0 ^ 0x736f6d6570736575ULL, k1 ^ 0x646f72616e646f6dULL, k0 ^ 0x6c7967656e657261ULL,
                         k1 ^ 0x7465646279746573ULL};
    sip_absorb(&s, a);
    sip_absorb(&s, b);
    sip_absorb(&s, c);
    sip_absorb(&s, d);
    sip_absorb(&s, use);
    sip_absorb(&s, 40ULL << 56); /* the length, as SipHash ends */
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Datagrams that are on their way in IP fragments. Only what passed is remembered: a dropped first fragment leaves
 * nothing here, or whoever forges the trunk's address could shut out its later fragments by dropped firsts for all ids.
 */
#pragma once

#include "abi.h"

/* `fragments`: ARRAY of FRAGMENT_SETS, written by the programs only. The set and the tag come from a keyed hash of
 * source, destination, direction, identification and, for IPv4, protocol. A way is one word, changed by one
 * compare-and-swap; one that is past its deadline is free, and a live one is never evicted.
 *
 *  tag 20 | deadline 16 | first_end 13 | min_later 13 | flags 2
 *
 * deadline:  CLOCK_MONOTONIC in units of 2^26 ns (67 ms), modulo 2^16; live while at most FRAGMENT_LIFE ahead
 * first_end: where the first fragment ends, in eight bytes; 0 = it has not passed
 * min_later: the lowest offset of the later fragments that passed before it, in eight bytes; 0 = none did */
#define FRAGMENT_SETS (1 << 15)
#define FRAGMENT_WAYS 8
#define FRAGMENT_OPEN_WAYS 4 /* of them for anyone; the others are kept for those we know */
#define FRAGMENT_LIFE 74     /* 4.97 s */
#define FRAGMENT_UNIT_SHIFT 26
#define FRAGMENT_TAG_SHIFT 44
#define FRAGMENT_DEADLINE_SHIFT 28
#define FRAGMENT_FIRST_SHIFT 15
#define FRAGMENT_LATER_SHIFT 2
#define FRAGMENT_PLACE_MASK 0x1fffULL
#define FRAGMENT_DEADLINE_MASK 0xffffULL
enum fragment_flag {
    FRAGMENT_SIP = 1 << 0,   /* its first was mirrored: so are the others */
    FRAGMENT_KNOWN = 1 << 1, /* ... in `ring_known` */
};
struct fragment_set {
    __u64 way[FRAGMENT_WAYS];
};
MAP_ABI(struct fragment_set, 64);

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who was over his limit, and until when he stays so (docs/adr/0023, 0032). The programs' alone.
 */
#pragma once

#include "abi.h"

/* `spent`: ARRAY of SPENT_SETS, by a keyed hash of address and class. All ways of a set hold until the same time, which is in
 * its head and part of their tags: once it is over they match nobody, and need not be cleared. A tag is 24 bits, the last of
 * them SPENT_NO_ROOM; three bytes a source, as what counts under a flood is how much of the table the CPU's caches hold. */
#define SPENT_SETS (1 << 16)
#define SPENT_WAYS 20
#define SPENT_TICK 20         /* log2 of ns: 1 ms */
#define SPENT_LIFE (1U << 13) /* ticks, 8.6 s, and up to as many more by the hash, lest all sets end together */
#define SPENT_TAKEN 31U       /* of `head`: how many ways are taken. The bits above them: until when, in ticks, wrapping */
#define SPENT_NO_ROOM 1U      /* it has no bucket, and the strangers' shared one is spent */
struct spent_set {
    __u32 head;
    __u8 upper[SPENT_WAYS]; /* of the tag: 8 bits */
    __u16 lower[SPENT_WAYS];
};
MAP_ABI(struct spent_set, 64);

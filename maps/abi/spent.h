/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who was over his limit a moment ago, and until when (docs/adr/0023). The programs' alone.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

/* `spent`: PERCPU_ARRAY of SPENT_PAGES: strangers that were over their limit, by address. Read and written by the CPU that it
 * belongs to, in packets. A slot of the past is free. */
#define SPENT_PAGES 16
#define SPENT_SLOTS 256 /* of a page: 8 KiB, well below the 32 that a CPU's value may have */
#define SPENT_LIFE (1ULL << 26) /* ns, 67 ms: whatever is changed meanwhile is seen then */
#define SPENT_ABOUT 63ULL       /* of `until`: SIP class << 1 | generation of the configuration */
struct spent {
    struct address address;
    __u64 hash;  /* the bucket's */
    __u64 until; /* CLOCK_MONOTONIC ns, SPENT_ABOUT instead of its last bits */
};
MAP_ABI(struct spent, 32);
struct spent_page {
    struct spent slot[SPENT_SLOTS];
};
MAP_ABI(struct spent_page, SPENT_SLOTS * 32);

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who has as many calls begun outside as he may (docs/adr/0020). The agent counts; the programs refuse the next initial
 * INVITE over UDP, as long as the agent lives. Of one source it stands in `known` (KNOWN_CALLS_FULL); of zones, peers and
 * all together here.
 */
#pragma once

#include "abi.h"
#include "maps/abi/policy.h"

#define EMERGENCY_NUMBERS 16

/* `ceilings`: ARRAY of 1, mmapable, the worker's. */
enum ceiling_flag {
    CEILING_STRANGERS = 1 << 0, /* neither a peer nor registered: no more calls */
    CEILING_ALL = 1 << 1,       /* nobody outside */
};
struct call_ceilings {
    __u32 flags;
    __u32 zero;
    __u64 emergency[EMERGENCY_NUMBERS]; /* numbers in ASCII, the first digit lowest, up to eight, zero-padded */
    __u64 full_zones[ZONES]; /* by number, the identity of the zone or peer that is at its ceiling: a reload may give the
                                number to another; else 0 */
};
MAP_ABI(struct call_ceilings, 2184);

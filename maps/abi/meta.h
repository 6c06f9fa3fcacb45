/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the pinned maps say of themselves. `meta`: ARRAY of 1, written once by the parent that created the maps.
 */
#pragma once

#include "abi.h"

struct meta {
    __u32 abi_version;
    __u32 zero;
    __u64 netns_inode; /* interface indexes mean nothing in another network namespace */
    __u64 secret[2];   /* keys every hash that an outsider could otherwise aim at: limiter, return paths, leg ids */
    __u64 created_s;   /* CLOCK_REALTIME */
};
MAP_ABI(struct meta, 40);

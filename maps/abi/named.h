/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * `names`: HASH of NAMES, key FNV-1a 64 of a peer's name: what it stood for last. The parent writes and reads it, and no
 * program does: a restarted agent knows its peers before a name server has answered.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

#define NAMES 256
#define ADDRESSES_PER_NAME 128
struct named {
    char name[256]; /* NUL after it */
    __u32 count;
    __u32 zero;
    struct address address[ADDRESSES_PER_NAME];
};
MAP_ABI(struct named, 2312);

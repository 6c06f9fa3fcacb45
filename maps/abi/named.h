/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * `names`: HASH of NAMES, key FNV-1a 64 of a peer's name: what it stood for last. The parent writes and reads it, and no
 * program does: a restarted agent knows its peers before a name server has answered, or a phone has registered again.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

#define NAMES 256
#define ADDRESSES_PER_NAME 128
#define REGISTRARS_PER_NAME 32
struct named {
    char name[256];   /* NUL after it */
    __u32 count;      /* of `address`: what name servers said */
    __u32 registrars; /* of `registrar`: with whom the inside is registered under the name */
    struct address address[ADDRESSES_PER_NAME];
    struct address registrar[REGISTRARS_PER_NAME];
    __u64 until_ns[REGISTRARS_PER_NAME]; /* CLOCK_MONOTONIC */
};
MAP_ABI(struct named, 3080);

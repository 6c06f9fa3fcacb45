/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Opaque media: who has a live TLS or WebSocket connection with which inside address, and so may send media to it.
 * `opaque`: ARRAY of OPAQUE_SETS, written by the packet path only. Data that the inside sends over the connection makes
 * and renews a way: a spoofed source never gets so far. No deletion, no eviction: an expired way is free.
 */
#pragma once

#include "abi.h"

#define OPAQUE_SETS (1 << 13) /* 65,536 parties, 2 MiB */
#define OPAQUE_WAYS 8

struct opaque_way {
    __u64 fingerprint; /* keyed hash of the party (outside address, or declared peer) and the inside address */
    __u64 until_ns;    /* CLOCK_MONOTONIC */
    __u64 connections; /* the four that spoke last, 16 bits of keyed hash each, the latest lowest; 0 = all closed */
    __u64 tat_ns;      /* GCRA of the party's media */
};
MAP_ABI(struct opaque_way, 32);
struct opaque_set {
    struct opaque_way way[OPAQUE_WAYS];
};
MAP_ABI(struct opaque_set, 256);

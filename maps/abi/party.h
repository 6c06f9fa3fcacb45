/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who the agent has come to know by following the signalling: sources that are no strangers, and inside endpoints that
 * have become SIP ports. Written by the agent through `ringwall_apply`, read by the programs.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

/* `known`: HASH, key struct known_key. */
struct known_key {
    struct address address;
    __u32 port; /* host order; 0 = any port of that address */
};
MAP_ABI(struct known_key, 20);
enum known_flag {
    KNOWN_PARTY = 1 << 0,     /* exchanges SIP of a live call with the inside */
    KNOWN_REGISTRAR = 1 << 1, /* the inside registered with it (key with port 0) */
};
struct known {
    __u64 until_ns; /* CLOCK_MONOTONIC */
    __u32 flags;
    __u32 zero;
};
MAP_ABI(struct known, 16);

/* `learned`: HASH, key struct pinhole_key: an inside endpoint that left in a Contact or Via. Open to the parties that
 * the inside sent SIP to: by zone for declared peers, by address for up to four others, to any source where no peers
 * are declared or there are more. */
enum learned_flag { LEARNED_ANY_SOURCE = 1 << 0 };
#define LEARNED_PARTIES 4
struct learned_port {
    __u64 until_ns;
    __u64 zones[4]; /* bitmap of zone numbers */
    struct address party[LEARNED_PARTIES];
    __u32 flags;
    __u32 zero;
};
MAP_ABI(struct learned_port, 112);

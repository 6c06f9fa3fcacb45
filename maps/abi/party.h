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
    KNOWN_REGISTERED = 1 << 2, /* registered with the inside, by a password: exactly this address and port */
    KNOWN_REMEMBERED = 1 << 3, /* somebody there was, in the last 7 days (key with port 0) */
    KNOWN_PROVEN = 1 << 4,     /* has shown where he is; `excess` is counted: where on_excess says ban */
    KNOWN_CALLS_FULL = 1 << 5, /* has as many calls begun outside as he may (port 0, of IPv6 the /64; or who is registered) */
};
/* What gives a source limits beside those of its address. A live call does not: it lets its own dialog through. */
#define KNOWN_EARNS_LIMITS (KNOWN_REGISTRAR | KNOWN_REGISTERED | KNOWN_REMEMBERED)
#define KNOWN_NO_STRANGER (KNOWN_PARTY | KNOWN_EARNS_LIMITS)
struct known {
    __u64 until_ns; /* CLOCK_MONOTONIC */
    __u32 flags;
    __u32 excess; /* packets over a limit, while KNOWN_PROVEN; the programs' */
};
MAP_ABI(struct known, 16);

/* `known_hints`: ARRAY of KNOWN_HINTS, by a hash of the address alone: until when, in units of 2^KNOWN_HINT_TICK ns, some
 * address with it may stand in `known`. A flood of strangers costs one load instead of two lookups. Never too early, so nobody known is
 * overlooked; too late costs the lookups. */
#define KNOWN_HINTS (1 << 14)
#define KNOWN_HINT_TICK 30 /* log2 of ns */
#define KNOWN_HINT_OF(words) ((((words)[0] ^ (words)[1] ^ (words)[2] ^ (words)[3]) * 0x9e3779b1U) >> 18)

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

/* `externals`: HASH of EXTERNALS, key struct pinhole_key: an inside endpoint that has asked a STUN server where it is
 * seen. The agent's alone: here it outlives a restart. */
#define EXTERNALS 65536
struct external {
    struct peer seen; /* the server's answer: the endpoint before the NAT */
    __u32 zero;
    __u64 heard_ns; /* CLOCK_MONOTONIC of the answer */
};
MAP_ABI(struct external, 32);

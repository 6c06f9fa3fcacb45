/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sources that are shut out for a time (docs/adr/0018). Written by the worker through `ringwall_apply`, read by the
 * programs, which judge by themselves when a ban is over. The worker deletes what is over.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

/* `bans`: HASH, key struct ban_key. Not preallocated: nearly every wall has few. */
#define BANS (1 << 20)
#define BAN_ADDRESS 0       /* every port of the address */
#define BAN_NETWORK 0x10000 /* every address of the IPv6 /64, whose lower half is zero in the key */
struct ban_key {
    struct address address;
    __u32 port; /* host order, or one of the two above */
};
MAP_ABI(struct ban_key, 20);

/* BAN_CAUSE(label, sentence): why, for people; the agent's alone. */
#define RINGWALL_BAN_CAUSES(BAN_CAUSE)                                       \
    BAN_CAUSE(command, "by command")                                        \
    BAN_CAUSE(passwords, "wrong passwords")                                 \
    BAN_CAUSE(names, "names that the inside does not have, or refuses")     \
    BAN_CAUSE(user_agent, "the User-Agent of an attack tool")                \
    BAN_CAUSE(excess, "packets over the rate limit")
enum ban_cause {
#define RINGWALL_BAN_CAUSE_ENUM(label, sentence) BAN_CAUSE_##label,
    RINGWALL_BAN_CAUSES(RINGWALL_BAN_CAUSE_ENUM)
#undef RINGWALL_BAN_CAUSE_ENUM
    BAN_CAUSE_COUNT
};

enum ban_flag {
    /* What the wall itself concluded from signalling: shuts the ports of SIP that it reads, and never who is registered
     * or in a call from there. Without it: all that a denial shuts. */
    BAN_OF_OURS = 1 << 0,
};
#define BAN_NOTE_BYTES 32
struct ban {
    __u64 until_ns; /* CLOCK_MONOTONIC */
    __u64 since_ns; /* CLOCK_MONOTONIC */
    __u64 packets;  /* dropped by it; the programs' */
    __u32 cause;
    __u32 flags;
    __u32 count; /* of what caused it */
    __u32 zero;
    char note[BAN_NOTE_BYTES]; /* the operator's reason, zero-padded */
};
MAP_ABI(struct ban, 72);

/* `ban_hints`: ARRAY of HINT_PAGES, laid out as `network_hints`: where no bit is set there is no ban, and a packet pays one
 * load. Bits are set with a ban, before it stands, and cleared when there are no bans at all: one too many costs lookups. */

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How the worker changes what the packet path reads: it writes operations into the mmapable array `operations` and
 * runs `ringwall_apply` (SEC("syscall")) with struct apply_call. In-place changes are then single stores by a BPF
 * program, never a replaced element.
 */
#pragma once

#include "abi.h"
#include "ban.h"
#include "party.h"
#include "pinhole.h"

#define OPERATIONS 256

enum operation_code {
    OP_INSERT_PINHOLE = 1, /* BPF_NOEXIST; -EEXIST, -E2BIG (map full) */
    OP_CHANGE_PINHOLE = 2, /* in place, the fields named; -ENOENT */
    OP_DELETE_PINHOLE = 3, /* and its refusal; -EBUSY unless PHASE_CLOSED */
    OP_PUT_KNOWN = 4,      /* insert or change in place */
    OP_DELETE_KNOWN = 5,
    OP_PUT_LEARNED = 6,
    OP_DELETE_LEARNED = 7,
    OP_PUT_BAN = 8, /* insert or change in place; its counter of packets stays */
    OP_DELETE_BAN = 9,
    OP_CLEAR_BAN_HINTS = 10, /* the key's first word: the page */
    OP_PUT_EXTERNAL = 11,
    OP_DELETE_EXTERNAL = 12,
    OP_END_DIALOG = 13, /* in place, its state and when; nothing where there is none. The value's first word: ns */
    OP_CHANGE_DIALOG = 14, /* in place, as many bytes as the value has, from the word `fields` of it on; -ENOENT */
};
enum operation_field { /* of OP_CHANGE_PINHOLE; ctl is always exchanged, last */
    FIELD_DEADLINE = 1 << 0,
    FIELD_SOFT_DEADLINE = 1 << 1,
    FIELD_IDLE = 1 << 2,
    FIELD_PEER = 1 << 3, /* only while ctl names a slot */
    FIELD_PAYLOAD_TYPES = 1 << 4,
    FIELD_OWNER = 1 << 5,
    FIELD_RESET = 1 << 6, /* a new call takes over an ended one's hole: counters, latch and times start again */
    FIELD_RELATCH = 1 << 8, /* other peers may send now: nobody is latched, the named one has not spoken yet */
    FIELD_UFRAG = 1 << 10, /* of ICE */
    FIELD_WAKE = 1 << 7,  /* an in-dialog message: the hole is as if media had just passed */
    FIELD_PACKET_PERIOD = 1 << 12,
    FIELD_SSRC = 1 << 13, /* a new offer and answer: whatever SSRC comes next is the call's */
};
struct operation {
    __u32 code;
    __s32 result;    /* 0 or -errno */
    __u32 fields;
    __u32 zero;
    __u32 key[6];    /* struct pinhole_key, known_key or ban_key, or a leg id; zero-padded */
    __u64 value[20]; /* struct pinhole, known, learned_port, ban or external, zero-padded */
};
MAP_ABI(struct operation, 200);

struct apply_call {
    __u32 count;
    __u32 zero;
};
MAP_ABI(struct apply_call, 8);

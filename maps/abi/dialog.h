/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a restarted agent needs to go on with a call, and the commands print: one record a leg, beside its holes.
 * `dialogs`: HASH, key __u64 leg id (keyed hash of what began it). Written and read by the agent only, so here an update
 * may replace the element. A new one is put whole; `ringwall_apply` changes it in place (OP_CHANGE_DIALOG) and marks its
 * end (OP_END_DIALOG). What changes in mid-call stands in front, and what it has most often, the state and the claims of
 * a call with up to four ports, is what one operation holds.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

#define DIALOGS 262144 /* the map's room; a call on two crossings has two */
#define CALL_ID_BYTES 256 /* NUL-padded; the parser refuses longer ones (RFC 3261 sets no limit) */
#define TAG_BYTES 128
#define ADDRESS_OF_RECORD_BYTES 96 /* for display; left empty where longer */
#define CLAIMS_PER_LEG 16
#define OFFERED_PEERS_PER_LEG 12 /* a restart while it rings remembers so many */

struct dialog_claim {
    struct pinhole_key key;
    __u8 media; /* index of the m-line */
    __u8 component;
    __u8 phase;
    __u8 flags; /* enum claim_flag */
};
MAP_ABI(struct dialog_claim, 24);
enum claim_flag {
    CLAIM_MUX_OFFERED = 1 << 0,
    CLAIM_MOVING = 1 << 1, /* a re-INVITE moved away from it: it goes when media reaches its successor */
    CLAIM_SENDERS = 1 << 2, /* who may send is on record too: the constraint in bits 4-6, the peers in `offered` */
    CLAIM_ZONE_SUBSTITUTES = 1 << 3, /* of CLAIM_SENDERS: its zone is a declared peer, whose networks may stand in */
    CLAIM_OTHER_PARTY = 1 << 7, /* made with another party than `outside`, whom the inside has spoken to since */
};
#define CLAIM_CONSTRAINT_SHIFT 4
#define CLAIM_CONSTRAINT_MASK 7

/* An endpoint that an outside offer named and the inside has not answered yet (DIALOG_OUTSIDE_OFFER). While no offer
 * waits: one that may send to the claim whose index `media` is; `component` is 1 where he was named before a hold and
 * stays through it. (CLAIM_SENDERS says that these are all, or, beside an offer, that there are none.) Of an offer `::`
 * stands for an m-line that named the inside, whose media does not cross the wall, with port 1 for one that named a
 * host, and with port 2 for one with a=rtcp-mux that named nobody. */
struct offered_peer {
    struct address address;
    __be16 port;
    __u8 media;
    __u8 component;
};
MAP_ABI(struct offered_peer, 20);

enum dialog_flag {
    DIALOG_BEGUN_INSIDE = 1 << 0,
    DIALOG_BYE_FROM_INSIDE = 1 << 1, /* in state ending: who sent the BYE */
    DIALOG_OUTSIDE_OFFER = 1 << 2,   /* `offered` holds an offer that waits for the inside's answer */
    DIALOG_BY_HAND = 1 << 3,         /* no dialog: pinholes that somebody opened. `call_id` is the name, `from` the peer */
    DIALOG_MIDWAY = 1 << 4,          /* early: known by an offer in the dialog alone, until that is taken */
    DIALOG_INSIDE_OFFER = 1 << 5,    /* an offer that left waits for its final answer: what it kept is on record once */
    DIALOG_OFFER_TO_ACK = 1 << 6,    /* of either: it came in a response, and its ACK or PRACK answers it */
    DIALOG_AWAITS_ACK = 1 << 7,      /* a second 2xx to an INVITE of the inside: it claims nothing before the ACK */
};
enum dialog_state {
    DIALOG_EARLY = 1,
    DIALOG_CONFIRMED = 2,
    DIALOG_ENDING = 3,
    DIALOG_ENDED = 4, /* kept while a draining hole or a tombstone names it: "call ... ended 3 s ago" */
};

struct dialog_record {
    __u64 started_ns;      /* CLOCK_MONOTONIC */
    __u64 started_s;       /* CLOCK_REALTIME, for people */
    __u64 deadline_ns;     /* max_call, absolute, or sooner where it waits for its end; in state ended: when it did */
    __u32 soft_deadline_s; /* CLOCK_MONOTONIC seconds: early or Session-Expires; 0 = none */
    __u32 inside_cseq;     /* highest CSeq seen from inside, and from outside */
    __u32 outside_cseq;
    __u8 state; /* enum dialog_state */
    __u8 flags;
    __u8 claim_count;
    __u8 offered_count;
    struct peer outside; /* where its signalling comes from and goes to */
    __u32 group; /* the same in the legs of one forked INVITE */
    struct dialog_claim claims[CLAIMS_PER_LEG];
    struct offered_peer offered[OFFERED_PEERS_PER_LEG];
    char outside_tag[TAG_BYTES];
    char inside_tag[TAG_BYTES];
    char call_id[CALL_ID_BYTES];
    char from[ADDRESS_OF_RECORD_BYTES];
    char to[ADDRESS_OF_RECORD_BYTES];
};
MAP_ABI(struct dialog_record, 1392);

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A pinhole: one local media address:port, who may send into it, and until when. One HASH lookup per media packet.
 *
 * Who writes what: the agent inserts with BPF_NOEXIST and afterwards changes `ctl`, `deadline_ns`, `soft_deadline_s`,
 * `idle_s`, `peer`, `payload_types` and `owner` in place, through the `ringwall_apply` program; the packet path writes
 * the rest. User space never replaces a live element: the kernel recycles the old one at once, and a packet-path
 * write in flight would land in another call's hole (docs/adr/0002).
 */
#pragma once

#include "abi.h"

/* Addresses are four big-endian words; IPv4 stands as v4-mapped ::ffff:a.b.c.d. Built with 32-bit stores only:
 * narrower stores into a hash key cost a store-forwarding stall of 160 ns (clang 14, measured). */
struct address {
    __be32 word[4];
};
MAP_ABI(struct address, 16);

/* A local endpoint: `port_proto` is host order, port << 16 | IPPROTO_*. */
struct pinhole_key {
    struct address address;
    __u32 port_proto;
};
MAP_ABI(struct pinhole_key, 20);

/* A remote endpoint that may send; port 0 means any port of that address (a peer behind NAT). */
struct peer {
    struct address address;
    __be16 port;
    __u8 zero[2];
};
MAP_ABI(struct peer, 20);

/* `ctl`: everything a verdict branches on, changed by one exchange.
 *  bits 0-3 phase | 4-7 constraint | 8-11 component | 12-19 zone | 20-27 media index | 28-35 flags
 *  | 36-55 peer slot (index into `peer_sets`, 0 = the inline peer) | 56-63 generation */
enum pinhole_phase {
    PHASE_OFFERED = 1,  /* SDP left; nobody answered yet */
    PHASE_ANSWERED = 2, /* both sides known */
    PHASE_HELD = 3,     /* as answered, with the idle limit of `timers.held` */
    PHASE_DRAINING = 4, /* let go; passes as before until deadline_ns, then counts as closed */
    PHASE_CLOSED = 5,   /* tombstone: refuses, and explains, until deadline_ns */
};
enum pinhole_constraint {
    CONSTRAINT_ANY = 1,       /* any source */
    CONSTRAINT_NETWORKS = 2,  /* sources whose zone is `zone` */
    CONSTRAINT_PEERS = 3,     /* the peers named; another port of theirs, or for a declared peer (`zone` != 0 and
                                 PINHOLE_ZONE_SUBSTITUTES) another address of its networks, after probation */
    CONSTRAINT_ADDRESSES = 4, /* the addresses of the peers named, any port, at once (strict: the signalling address) */
    CONSTRAINT_ANY_LATCHED = 5, /* more peers than could be named: any source, and the first one has it (`latch: 3`) */
};
enum pinhole_component {
    COMPONENT_RTP = 1,
    COMPONENT_RTCP = 2,
    COMPONENT_RTP_RTCP = 3, /* muxed */
    COMPONENT_UDPTL = 4,
    COMPONENT_OTHER = 5,
    COMPONENT_RTP_UDPTL = 6, /* audio and fax on one port, while a re-INVITE between them is not answered */
};
enum pinhole_flag {
    PINHOLE_ZONE_SUBSTITUTES = 1 << 0, /* the peer is a declared one: its networks may stand in */
    PINHOLE_CHECK_MEDIA = 1 << 1,      /* RFC 7983 first byte must be RTP, RTCP, STUN, DTLS or ZRTP */
    PINHOLE_EARLY_RATE = 1 << 2,       /* at most 200 packets/s (offered) */
    PINHOLE_OUTLIVED = 1 << 2,         /* of a closed one: no BYE ended its call, but max_call */
    PINHOLE_ICE = 1 << 3,              /* checks with our ufrag pass from anywhere, and pairs that the inside uses */
    PINHOLE_CONFORM_COUNT = 1 << 4,    /* what does not conform passes as pinhole_nonconformant (bpf/conformance.bpf.h) */
    PINHOLE_CONFORM_ENFORCE = 1 << 5,  /* it drops */
    PINHOLE_ONE_SOURCE = 1 << 6,       /* one SSRC at a time */
    PINHOLE_SRTP = 1 << 7,             /* DTLS may come too, and padding cannot be read */
};
#define CTL_PHASE_SHIFT 0
#define CTL_CONSTRAINT_SHIFT 4
#define CTL_COMPONENT_SHIFT 8
#define CTL_ZONE_SHIFT 12
#define CTL_MEDIA_SHIFT 20
#define CTL_FLAGS_SHIFT 28
#define CTL_SLOT_SHIFT 36
#define CTL_SLOT_MASK 0xfffffULL
#define CTL_GENERATION_SHIFT 56
#define IDLE_AFTER_SOFT_DEADLINE_S 30 /* instead of a longer idle_s */

struct pinhole {
    /* the agent's, and what a hit reads */
    __u64 ctl;
    __u64 deadline_ns;        /* CLOCK_MONOTONIC, as bpf_ktime_get_ns(): end of max_call, drain or tombstone */
    __u64 last_in_ns;         /* kernel: last packet that passed inwards, within 250 ms */
    struct peer peer;         /* in use while the slot in ctl is 0 */
    __u32 idle_s;             /* seconds without media either way before the hole sleeps */
    __u64 payload_types[2];   /* bitmap of the RTP payload types negotiated, 0 in the lowest bit; all ones = any */
    /* written by the packet path */
    __u64 last_peer_ns;       /* last packet from a peer named, exactly; what "the negotiated one is silent" means */
    __u64 last_out_ns;        /* last outbound packet from this endpoint, within 250 ms */
    __u64 packets;            /* passed inwards */
    __u64 bytes;              /* of them: UDP payload */
    __u64 latch;              /* stand-in source: keyed hash of address and port (40 bits) << 24 | packets seen << 16 | flags */
    __u64 rate_tat_ns;        /* GCRA of the rate cap */
    __u32 ssrc;               /* host order, 0 = none seen */
    /* the agent's */
    __u32 packet_period_ns;   /* agent: rate cap, one packet each on average; 0 = none */
    __u64 ssrc_candidate;     /* another SSRC on probation: SSRC << 32 | packets of it in a row << 24 | ms of the first */
    __u64 ufrag_hash;         /* agent: of our ICE username fragment (maps/abi/ice.h), 0 = no ICE */
    /* the agent's, and seldom read */
    __u64 owner;              /* leg id of the owner that refusals and tombstones name: key of `dialogs` */
    __u32 soft_deadline_s;    /* CLOCK_MONOTONIC seconds, 0 = none: from here it sleeps sooner, while the agent lives */
    __u32 zero;
};
MAP_ABI(struct pinhole, 152);

/* More peers than one, or a second set while the inline one is in use. Index 0 is unused. mmapable: the agent fills a
 * slot that no ctl names, then exchanges ctl; a slot is reused a second or more after it was let go. */
#define PEERS_PER_SET 6
struct peer_set {
    __u32 count;
    __u32 zero;
    struct peer peer[PEERS_PER_SET];
};
MAP_ABI(struct peer_set, 128);

/* What was refused on a live or ended hole, by local endpoint (struct pinhole_key): for the operator's eyes. HASH,
 * written by the packet path only; deleted by the agent with its hole. */
struct refusal {
    __u64 count;
    __u64 last_ns;
    struct peer last_source;
    __u16 last_reason;
    __u16 last_passed;    /* it passed, and was only counted (PINHOLE_CONFORM_COUNT) */
    __u64 owner;
    __u64 nonconformant;  /* of `count`: passed */
};
MAP_ABI(struct refusal, 56);

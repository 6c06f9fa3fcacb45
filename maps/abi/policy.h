/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The compiled configuration, as the programs read it. Everything exists twice: the parent fills the generation that
 * is not in use, then writes its number into `active`: one word, so a reload is all or nothing.
 */
#pragma once

#include "abi.h"
#include "limiter.h"
#include "pinhole.h"

#define GENERATIONS 2

/* SIP classes that are limited apart. Every packet to a SIP port pays one of them. SIP_CLASS(label). */
#define RINGWALL_SIP_CLASSES(SIP_CLASS)                                                                   \
    SIP_CLASS(INVITE) SIP_CLASS(ACK) SIP_CLASS(BYE) SIP_CLASS(CANCEL) SIP_CLASS(REGISTER) SIP_CLASS(OPTIONS) \
    SIP_CLASS(SUBSCRIBE) SIP_CLASS(NOTIFY) SIP_CLASS(PUBLISH) SIP_CLASS(INFO) SIP_CLASS(PRACK)            \
    SIP_CLASS(UPDATE) SIP_CLASS(MESSAGE) SIP_CLASS(REFER) SIP_CLASS(OTHER) SIP_CLASS(RESPONSE)            \
    SIP_CLASS(KEEPALIVE) SIP_CLASS(UNREADABLE) SIP_CLASS(SYN)
enum sip_class {
#define RINGWALL_CLASS_ENUM(label) CLASS_##label,
    RINGWALL_SIP_CLASSES(RINGWALL_CLASS_ENUM)
#undef RINGWALL_CLASS_ENUM
    CLASS_COUNT
};

/* `wall`: ARRAY of GENERATIONS. */
enum wall_flag {
    WALL_MONITOR = 1 << 0,       /* count drops, drop nothing */
    WALL_ALLOW_HAIRPIN = 1 << 1, /* inside sources may arrive from outside */
    WALL_ADMIT_ALL = 1 << 2,     /* no peers declared: every network may exchange SIP */
    WALL_OPAQUE = 1 << 4,        /* there are TLS or WebSocket ports */
    WALL_USER_AGENTS = 1 << 5,   /* there are names of attack tools */
    WALL_LEARNS_EXTERNAL = 1 << 6, /* protect.external: auto */
    WALL_OUTBOUND_ADMITTED = 1 << 7, /* sip.outbound: admitted */
    WALL_DENY_ALL = 1 << 20,     /* deny.scope all: denied sources reach nothing of a protected address */
    /* What guarded ports do while the agent is gone. None of the three: live holes go on, nothing new opens. */
    WALL_LOSS_PEERS = 1 << 21,   /* media of declared peers may reach them */
    WALL_LOSS_CLOSED = 1 << 22,  /* nothing reaches them, not even live calls */
    WALL_LOSS_OPEN = 1 << 23,    /* media of anyone may */
};
struct wall {
    __u32 flags;
    __u32 zero;
    __u64 agent_loss_ns;  /* heartbeat older than this = the agent is gone */
    __u64 tombstone_ns;   /* how long a way back stays shut after the inside's last packet to an ended call's peer */
    __u64 return_path_ns; /* how long a way back lives after the inside's last packet: of media */
    __u64 sip_return_path_ns;      /* of a SIP request */
    __u64 register_return_path_ns; /* of a REGISTER: the registrar speaks for as long as the binding lives */
};
MAP_ABI(struct wall, 48);

/* `ports`: ARRAY of GENERATIONS * 1024; index = generation * 1024 + (port >> 6), bit = port & 63. */
struct port_policy {
    __u64 sip_udp;
    __u64 sip_tcp;
    __u64 opaque;    /* TLS and WebSocket listeners */
    __u64 media_udp; /* guarded */
    __u64 media_tcp; /* guarded against new connections */
    __u64 rules_udp; /* some static rule names this port: the others pay nothing for rules */
    __u64 rules_tcp;
    __u64 zero;
};
MAP_ABI(struct port_policy, 64);

/* `networks`: one LPM_TRIE for all that an address can be, in both generations. Where prefixes overlap, the compiler
 * has resolved "first match wins": each prefix carries the answer for its addresses. */
#define NETWORKS (1 << 20) /* prefixes of one generation; the map has room for GENERATIONS of them */
struct network_key {
    __u32 prefix_length; /* bits after this field: 32 of generation + 0..128 */
    __u32 generation;    /* as stored by the host; always matched whole */
    struct address address;
};
MAP_ABI(struct network_key, 24);
enum network_flag {
    NETWORK_PROTECTED = 1 << 0,
    NETWORK_ALLOWED = 1 << 1,
    NETWORK_DENIED = 1 << 2,
    NETWORK_BYPASS = 1 << 3, /* with NETWORK_ALLOWED: even a guarded port refuses nothing */
    NETWORK_SHARED = 1 << 4, /* broadcast, multicast of the link, anycast of routers, 127.0.0.0/8: whoever listens at a
                                guarded port of any address hears these, too, and no call comes to them */
};
struct network {
    __u32 zone;  /* 0 = none */
    __u32 flags;
    __u64 rules_from; /* bit n: these addresses may send by rule n */
    __u64 rules_to;   /* bit n: rule n lets packets through to these */
};
MAP_ABI(struct network, 24);

/* `rules`: ARRAY of GENERATIONS * RULES; index = generation * RULES + rule. Addresses stand in `networks`. */
#define RULES 64
#define PORTS_PER_RULE 8
struct port_range {
    __u16 first, last; /* host order, inclusive */
};
MAP_ABI(struct port_range, 4);
struct rule {
    __u64 until_tai_ns; /* CLOCK_TAI, 0 = for good: a date must follow the steps of the machine's clock */
    __u32 protocol;     /* IPPROTO_UDP or IPPROTO_TCP; 0 = no rule here */
    __u32 port_count;
    struct port_range ports[PORTS_PER_RULE];
};
MAP_ABI(struct rule, 48);

/* `network_hints`: ARRAY of GENERATIONS * HINT_PAGES, bits. Which addresses need not be asked of `networks`: those that no
 * prefix holds but one that holds their whole family; for them `elsewhere` has the answer (ARRAY of GENERATIONS * 2, index
 * = generation * 2 + 1 for IPv4, 0 for IPv6). First two bits for each leading 16 bits of an address (16 KiB a family: they
 * stay in the nearest cache while a flood spoofs its sources), then one bit for each IPv4 /24, and one for each hash of an
 * IPv6 /32. A bit too many costs a lookup, one too few would be a wrong answer. */
#define HINT_PAGE_WORDS 512
#define HINT_PAGE_BITS (HINT_PAGE_WORDS * 64)
struct hint_page {
    __u64 word[HINT_PAGE_WORDS];
};
MAP_ABI(struct hint_page, 4096);
enum hint {
    HINT_FINER = 1 << 0, /* a prefix lies in here: see the finer bits */
    HINT_ASK = 1 << 1,   /* one holds all of this: ask `networks` */
};
/* `leading`: the first 32 bits of the address, of an IPv4 one all of it */
#define HINT_COARSE_BIT(is_v4, leading) (((is_v4) ? 1U << 17 : 0U) + ((leading) >> 16) * 2)
#define HINT_FINE_V4_BIT(leading) ((1U << 18) + ((leading) >> 8))
#define HINT_FINE_V6_BIT(leading) ((1U << 18) + (1U << 24) + ((leading) * 0x9e3779b1U >> 12))
#define HINT_PAGES (((1U << 18) + (1U << 24) + (1U << 20)) / HINT_PAGE_BITS)

/* `zones`: ARRAY of GENERATIONS * ZONES; index = generation * ZONES + zone. Zone 0 is every source that none matched. */
#define ZONES 256
enum zone_flag {
    ZONE_SIP = 1 << 0,      /* may talk SIP to us */
    ZONE_PEER = 1 << 1,     /* a declared peer: known, its networks may stand in */
    ZONE_STRICT = 1 << 2,   /* INVITE only from addresses that the inside registered with */
    ZONE_NO_OPAQUE = 1 << 3, /* a TLS or WebSocket connection lets no media in */
    ZONE_COUNTS_EXCESS = 1 << 4, /* on_excess: ban */
};
struct zone {
    __u32 flags;
    __u8 prefix_v4; /* sources are limited together by this prefix length: 32 */
    __u8 prefix_v6; /* 64 */
    __u8 latch;     /* packets before a stand-in is locked; 0 = off */
    __u8 zero;
    __u64 identity; /* FNV-1a 64 of its name: a reload may give the number to another */
    struct limit limits[CLASS_COUNT]; /* of each source */
    struct limit totals[CLASS_COUNT]; /* of all together */
};
MAP_ABI(struct zone, 624);

/* `active`: ARRAY of 1. */
struct active {
    __u32 generation; /* each reload counts it on; which of the GENERATIONS it is: modulo them */
};
MAP_ABI(struct active, 4);

/* `return_paths`: ARRAY of RETURN_SETS. The reverse of a UDP flow that the inside started: keyed 64-bit hash of
 * (inside endpoint, outside endpoint), and until when. No deletion, no eviction: an expired way is free. */
#define RETURN_SETS (1 << 15)
#define RETURN_WAYS 4
enum return_flag { RETURN_SIP = 1 << 0 };
struct return_way {
    __u64 fingerprint;
    __u64 until; /* CLOCK_MONOTONIC ns with bit 0 replaced by RETURN_SIP */
};
MAP_ABI(struct return_way, 16);
struct return_set {
    struct return_way way[RETURN_WAYS];
};
MAP_ABI(struct return_set, 64);

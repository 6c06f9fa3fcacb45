/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * SIP as the programs mirror it: records in three ring buffers, so that a flood of strangers cannot crowd out the
 * calls of those we know. `ring_inside`: what leaves the protected side; `ring_known`: from peers, registrars and
 * parties of live calls; `ring_strangers`: everyone else.
 *
 * A datagram is one record, or several where it is longer than RECORD_BYTES: `offset` says where its bytes stand,
 * RECORD_MORE that others follow at once in the same ring. Reserved in one of three sizes, so the consumer goes by
 * `captured`, never by the record's size.
 *
 * With protect.external: auto, STUN is mirrored beside SIP: Binding requests that the inside sends from where no live
 * pinhole is, and the success response to each, the first that passes, in `ring_known`.
 *
 * An IP fragment (RECORD_FRAGMENT) is mirrored as it came, and the datagram is the agent's to put together: by source
 * and destination address, protocol, RECORD_OUTBOUND and `sequence`. The record's bytes are those of the IP payload
 * from `fragment_offset` on: the first fragment (offset 0) begins with the UDP header, 40 bytes of it are there at
 * least, and its endpoints have their ports; a later one's ports are 0. The one with RECORD_LAST_FRAGMENT ends the
 * datagram. What is mirrored: the first fragments of SIP that pass; the later ones of these, in the same ring; and
 * those of UDP that came before their first (`fragment_unpaired`, and outbound ones alike), in the ring of their source
 * address: most of these belong to SIP that is still to come, some to no SIP at all, and then no first ever comes. So
 * one datagram's fragments may stand in two rings, and in any order. While the wall enforces, a passed first overlaps no
 * other fragment that passed within 5 s; later ones may overlap each other, and outbound ones anything. Where copies of
 * a byte differ, hosts differ in which they take: such a datagram is not known. All wake the agent.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

#define RECORD_BYTES 4096
#define RECORD_SMALL 704   /* most requests */
#define RECORD_MEDIUM 1536 /* one Ethernet MTU */

enum record_flag {
    RECORD_OUTBOUND = 1 << 0,       /* left the protected side */
    RECORD_MORE = 1 << 1,           /* the next record continues this datagram */
    RECORD_FRAGMENT = 1 << 3,       /* bytes of an IP payload: of the first fragment with its UDP header */
    RECORD_LAST_FRAGMENT = 1 << 4,  /* no more fragments behind this one */
    RECORD_TCP_SYN = 1 << 5,
    RECORD_TCP_FIN = 1 << 6,
    RECORD_TCP_RST = 1 << 7,
    RECORD_TCP_ACK = 1 << 8, /* `acknowledgement` means something */
};
struct mirror_record {
    __u64 time_ns;  /* CLOCK_MONOTONIC at the hook */
    __u32 length;   /* of the UDP payload, TCP payload or IP fragment, whole */
    __u32 offset;   /* of this record's first byte within it */
    __u32 captured; /* bytes that follow this header */
    __u32 ifindex;
    struct peer source; /* .zero = 0 */
    struct peer destination;
    __u16 flags;
    __u8 protocol;  /* IPPROTO_UDP or IPPROTO_TCP */
    __u8 zone;      /* of the outside party */
    __u32 sequence;        /* TCP: of the first byte (or of the SYN); a fragment: its IP identification, host order */
    __u32 fragment_offset; /* in bytes of the IP payload, of the fragment's first byte; a chunk's own is + offset */
    __u32 acknowledgement; /* of a TCP segment, with RECORD_TCP_ACK; else 0 */
};
MAP_ABI(struct mirror_record, 80);

/* `liveness`: ARRAY of 1, mmapable, the worker's. `asleep` is 1 while it waits: an urgent record then wakes it. */
struct liveness {
    __u64 heartbeat_ns;
    __u32 asleep;
    __u32 zero;
};
MAP_ABI(struct liveness, 16);

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * One packet, as far as it has been understood. Filled by parse_frame(), read by every judge. It holds scalars only, so
 * that it can be handed to global functions, which the verifier checks once and not on every path to them.
 */
#pragma once

#include <linux/in.h>

#include <bpf/bpf_endian.h>

#include "bpf/maps.bpf.h"

enum packet_kind {
    PACKET_NOT_IP,
    PACKET_UNREADABLE,     /* claims to be IP, but there are no two addresses to read */
    PACKET_CUT,            /* addresses read; what follows is truncated or contradictory: it ends at the host, too */
    PACKET_DEEP,           /* addresses read; the ports stand where we do not look, and the host may */
    PACKET_LATER_FRAGMENT, /* no ports here, whatever the bytes look like */
    PACKET_BAD_FRAGMENT,   /* UDP or TCP, perhaps: a first one that hides its ports, or a length that no fragment has */
    PACKET_OTHER,          /* neither UDP nor TCP */
    PACKET_TCP,
    PACKET_UDP,
};

enum tcp_flag { TCP_FIN = 1 << 0, TCP_SYN = 1 << 1, TCP_RST = 1 << 2, TCP_ACK = 1 << 4 }; /* RFC 9293 section 3.1 */
/* Of struct network, what is asked of every address; two whole ones would cost the stack. */
struct standing {
    __u32 zone;
    __u32 flags;
};

#define HEAD_WORDS 3 /* of payload: the RTP header */

struct packet {
    __u64 now; /* one clock reading a packet, at most 4 ms stale (HZ 250) */
    __u64 mirrored_ns; /* exact: the agent puts the rings' records in order by it, and a coarse tick is 4 ms */
    struct pinhole_key source;
    struct pinhole_key destination;
    struct standing source_network; /* zero until look_up_networks() */
    struct standing destination_network;
    __u64 rules; /* bit n: source and destination are those of static rule n */
    union {
        __be32 head[HEAD_WORDS]; /* first bytes of the UDP payload: eight or twelve, zero where it has fewer */
        struct {
            __be32 none[HEAD_WORDS - 1];
            __u32 tcp_acknowledgement; /* host order */
        };
    };
    __u32 frame_length;
    __u32 kind;
    __u32 ip_end;         /* offset of the byte after the IP packet: Ethernet pads */
    __u32 payload_offset; /* UDP, TCP */
    __u32 payload_length; /* of the whole datagram, by its UDP header; of the segment */
    __u32 payload_here;   /* of it, in this frame: less in a first fragment */
    __u32 generation;     /* of the configuration, for this whole packet */
    __u32 wall_flags;
    __u32 sip_class;
    __u32 fragment_id;     /* IP identification, host order */
    __u16 fragment_begin;  /* offset of a fragment's first byte behind the IP headers; 0: no fragment */
    __u16 fragment_offset; /* where that byte stands in the datagram; 0: a first fragment */
    __be16 udp_checksum; /* 0: IPv4, and its sender made none */
    __u8 is_classified;  /* sip_class is that of the payload */
    __u8 ban_width;      /* enum ban_width, where the source is banned */
    __u32 tcp_sequence; /* host order */
    __u8 is_first_fragment;
    __u8 has_more_fragments;
    __u8 may_have_ports; /* of a fragment: is of UDP or TCP, or of IPv6, whose first alone says what it is */
    __u8 may_be_udp;     /* of PACKET_CUT */
    __u8 is_mirrored;
    __u8 is_of_known; /* a later fragment: its first was of a known party */
    __u8 is_outbound;
    __u8 tcp_flags; /* as on the wire: TCP_FIN and its like */
};
_Static_assert(sizeof(struct packet) <= 152, "Linux 6.1 adds up 512 bytes of stack for ringwall_tc_in: it has no room for more");

/* What a first fragment must bring of UDP or TCP: the ports and the 32 bytes that a SIP start is told by (START_BYTES).
 * IPv4 networks carry 48 bytes at least (RFC 791: 68 with the longest header's 20), IPv6 ones 1232. */
#define FIRST_FRAGMENT_BYTES 40

static __always_inline int is_fragment(const struct packet *pkt) { return pkt->fragment_begin != 0; }

static __always_inline __u32 port_of(const struct pinhole_key *endpoint) { return endpoint->port_proto >> 16; }

static __always_inline int same_address(const struct address *a, const struct address *b) {
    return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
             (a->word[3] ^ b->word[3]));
}

static __always_inline int is_v4_mapped(const struct address *a) {
    return !(a->word[0] | a->word[1]) && a->word[2] == bpf_htonl(0xffff);
}

/* Is the address one host's, and not one of its /64's? An IPv4 one, also as NAT64 shows it: 64:ff9b::/96 (RFC 6052 section
 * 2.1), whose one /64 is all of IPv4. Everywhere as household_of() in maps/net/address.hpp. */
static __always_inline int is_one_host(const struct address *a) {
    return is_v4_mapped(a) || !((a->word[0] ^ bpf_htonl(0x64ff9b)) | a->word[1] | a->word[2]);
}

/* What hints go by (maps/abi/policy.h): the first 32 bits of an address, of an IPv4 one all of it. */
static __always_inline __u32 leading_word(const struct address *a) {
    return bpf_ntohl(is_v4_mapped(a) ? a->word[3] : a->word[0]);
}

/* The address as two numbers, most significant bits first. */
static __always_inline __u64 upper_half(const struct address *a) {
    return (__u64)bpf_ntohl(a->word[0]) << 32 | bpf_ntohl(a->word[1]);
}
static __always_inline __u64 lower_half(const struct address *a) {
    return (__u64)bpf_ntohl(a->word[2]) << 32 | bpf_ntohl(a->word[3]);
}

/* Words of a map that other CPUs write: read and written once each (clang 14 has no 64-bit __atomic loads for BPF). */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))

#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

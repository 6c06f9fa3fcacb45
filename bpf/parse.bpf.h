/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * From a frame to struct packet: Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with extension headers, UDP, TCP.
 * Lengths are held against each other and against the frame's; what contradicts itself is PACKET_CUT, PACKET_DEEP or
 * PACKET_UNREADABLE, never guessed at. The verdict on those is the judges'.
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "bpf/packet.bpf.h"

#define VLAN_TAGS 2
#define EXTENSION_HEADERS 6
#define EXTENSION_UNIT 8
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 0x0001
#define IP_PAYLOAD_MAX 65535

struct vlan_tag {
    __be16 control;
    __be16 type;
};
struct extension_header { /* RFC 8200 section 4: hop-by-hop, routing and destination options begin alike; AH nearly */
    __u8 next;
    __u8 length;
};
struct fragment_header {
    __u8 next;
    __u8 reserved;
    __be16 offset;
    __be32 identification;
};

/* Where we stand: a pointer for direct access, and the same place as an offset for lengths. */
struct cursor {
    void *at;
    void *end;
    __u32 offset;
};

static __always_inline void set_ports(struct packet *pkt, __be16 source, __be16 destination, __u32 protocol) {
    pkt->source.port_proto = (__u32)bpf_ntohs(source) << 16 | protocol;
    pkt->destination.port_proto = (__u32)bpf_ntohs(destination) << 16 | protocol;
}

static __always_inline void read_head(struct packet *pkt, const struct cursor *cursor) {
    const __be32 *word = cursor->at;
    if ((void *)(word + 2) > cursor->end || pkt->payload_here < 8) return;
    pkt->head[0] = word[0];
    pkt->head[1] = word[1];
    if ((void *)(word + 3) > cursor->end || pkt->payload_here < 12) return;
    pkt->head[2] = word[2];
}

/* `size` bytes that cannot be read here: is it we who cannot? Direct access ends with a frame's first buffer. */
static __always_inline int unread(const struct packet *pkt, const struct cursor *cursor, __u32 size) {
    return cursor->offset + size <= pkt->ip_end ? PACKET_DEEP : PACKET_CUT;
}

static __always_inline int parse_udp(struct packet *pkt, struct cursor *cursor) {
    const struct udphdr *udp = cursor->at;
    pkt->may_be_udp = 1;
    if ((void *)(udp + 1) > cursor->end) return unread(pkt, cursor, sizeof(*udp));
    __u32 here = pkt->ip_end - cursor->offset; /* may wrap: then it is not below the header's size either */
    __u32 length = bpf_ntohs(udp->len);
    if (length == 0) return PACKET_DEEP; /* RFC 2675 section 4: to an IPv6 host it means all that is left */
    if (cursor->offset + sizeof(*udp) > pkt->ip_end || length < sizeof(*udp)) return PACKET_CUT;
    /* A whole datagram must be here; of a fragmented one, only a part may be. */
    if (pkt->is_first_fragment ? length <= here : length > here) return PACKET_CUT;
    set_ports(pkt, udp->source, udp->dest, IPPROTO_UDP);
    pkt->udp_checksum = udp->check;
    pkt->payload_offset = cursor->offset + sizeof(*udp);
    pkt->payload_length = length - sizeof(*udp);
    pkt->payload_here = (pkt->is_first_fragment ? here : length) - sizeof(*udp);
    cursor->at += sizeof(*udp);
    read_head(pkt, cursor);
    return PACKET_UDP;
}

static __always_inline int parse_tcp(struct packet *pkt, struct cursor *cursor) {
    const struct tcphdr *tcp = cursor->at;
    if ((void *)(tcp + 1) > cursor->end) return unread(pkt, cursor, sizeof(*tcp));
    /* Data offset and flags in one load: two more than doubled what the verifier walks (clang 14). */
    __u32 word = bpf_ntohl(((const __be32 *)tcp)[3]);
    __u32 header = word >> 28 << 2;
    if (header < sizeof(*tcp) || cursor->offset + header > pkt->ip_end) return PACKET_CUT;
    set_ports(pkt, tcp->source, tcp->dest, IPPROTO_TCP);
    pkt->tcp_flags = word >> 16;
    pkt->tcp_sequence = bpf_ntohl(tcp->seq);
    pkt->tcp_acknowledgement = bpf_ntohl(tcp->ack_seq);
    pkt->payload_offset = cursor->offset + header;
    pkt->payload_length = pkt->payload_here = pkt->ip_end - pkt->payload_offset;
    return PACKET_TCP;
}

static __always_inline int has_ports(__u32 protocol) { return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP; }

/* A fragment that begins at the frame's byte `begin`: PACKET_OTHER for a first one that is to be read on. */
__noinline int parse_fragment(struct packet *pkt, __u32 begin, __u32 offset, __u32 more, __u32 protocol) {
    if (!pkt) return PACKET_CUT;
    __u32 length = pkt->ip_end - begin;
    set_ports(pkt, 0, 0, protocol);
    pkt->fragment_begin = begin;
    pkt->fragment_offset = offset;
    pkt->has_more_fragments = more != 0;
    pkt->is_first_fragment = offset == 0;
    if (!pkt->may_have_ports) return offset ? PACKET_LATER_FRAGMENT : PACKET_OTHER;
    /* Linux trims an IPv4 fragment of an odd length, and refuses an IPv6 one (RFC 8200 section 4.5). */
    if (length == 0 || offset + length > IP_PAYLOAD_MAX || (more && length % 8)) return PACKET_BAD_FRAGMENT;
    if (offset == 0 && has_ports(protocol) && length < FIRST_FRAGMENT_BYTES) return PACKET_BAD_FRAGMENT;
    return offset ? PACKET_LATER_FRAGMENT : PACKET_OTHER;
}

static __always_inline int parse_transport(struct packet *pkt, struct cursor *cursor, __u32 protocol) {
    set_ports(pkt, 0, 0, protocol);
    if (protocol == IPPROTO_UDP) return parse_udp(pkt, cursor);
    if (protocol == IPPROTO_TCP) return parse_tcp(pkt, cursor);
    return PACKET_OTHER;
}

static __always_inline int parse_ipv4(struct packet *pkt, struct cursor *cursor) {
    const struct iphdr *ip = cursor->at;
    if ((void *)(ip + 1) > cursor->end || ip->version != 4) return PACKET_UNREADABLE;
    pkt->source.address.word[2] = pkt->destination.address.word[2] = bpf_htonl(0xffff);
    pkt->source.address.word[3] = ip->saddr;
    pkt->destination.address.word[3] = ip->daddr;
    pkt->may_be_udp = ip->protocol == IPPROTO_UDP;

    __u32 header = ip->ihl * 4;
    __u32 total = bpf_ntohs(ip->tot_len);
    __u32 fragment = bpf_ntohs(ip->frag_off);
    __u32 protocol = ip->protocol;
    if (header < sizeof(*ip) || total < header || cursor->offset + total > pkt->frame_length) return PACKET_CUT;
    pkt->ip_end = cursor->offset + total;
    if (fragment & (IPV4_FRAGMENT_OFFSET | IPV4_MORE_FRAGMENTS)) {
        pkt->may_have_ports = has_ports(protocol);
        pkt->fragment_id = bpf_ntohs(ip->id);
        int kind = parse_fragment(pkt, cursor->offset + header, (fragment & IPV4_FRAGMENT_OFFSET) * 8,
                                  fragment & IPV4_MORE_FRAGMENTS, protocol);
        if (kind != PACKET_OTHER) return kind;
    }
    cursor->at += header;
    cursor->offset += header;
    return parse_transport(pkt, cursor, protocol);
}

/* The length of the extension header at the cursor, 0 where it is none that is stepped over, -1 where it cannot be
 * read. */
static __always_inline int extension_length(const struct cursor *cursor, __u32 next) {
    const struct extension_header *header = cursor->at;
    if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS && next != IPPROTO_AH)
        return 0;
    if (cursor->at + EXTENSION_UNIT > cursor->end) return -1; /* the smallest of them */
    if (next == IPPROTO_AH) return (header->length + 2) * 4; /* RFC 4302 section 2.2 */
    return (header->length + 1) * EXTENSION_UNIT;
}

/* At a fragment header: as parse_fragment(). RFC 6946: with offset 0 and none behind it, it heads a whole packet. */
static __always_inline int parse_fragment_header(struct packet *pkt, const struct cursor *cursor) {
    const struct fragment_header *fragment = cursor->at;
    __u32 begin = cursor->offset + sizeof(*fragment);
    if ((void *)(fragment + 1) > cursor->end) return unread(pkt, cursor, sizeof(*fragment));
    if (begin > pkt->ip_end) return PACKET_CUT;
    __u32 where = bpf_ntohs(fragment->offset);
    if (!(where & (IPV6_FRAGMENT_OFFSET | IPV6_MORE_FRAGMENTS))) return PACKET_OTHER;
    pkt->may_have_ports = 1;
    pkt->fragment_id = bpf_ntohl(fragment->identification);
    return parse_fragment(pkt, begin, where & IPV6_FRAGMENT_OFFSET, where & IPV6_MORE_FRAGMENTS, fragment->next);
}

static __always_inline int parse_ipv6(struct packet *pkt, struct cursor *cursor) {
    const struct ipv6hdr *ip = cursor->at;
    if ((void *)(ip + 1) > cursor->end || ip->version != 6) return PACKET_UNREADABLE;
    __builtin_memcpy(&pkt->source.address, &ip->saddr, sizeof(struct address));
    __builtin_memcpy(&pkt->destination.address, &ip->daddr, sizeof(struct address));
    /* On the wire such an address would pass for the IPv4 one that our maps hold. */
    if (is_v4_mapped(&pkt->source.address) || is_v4_mapped(&pkt->destination.address)) return PACKET_UNREADABLE;

    __u32 next = ip->nexthdr;
    cursor->offset += sizeof(*ip);
    pkt->ip_end = cursor->offset + bpf_ntohs(ip->payload_len);
    pkt->may_be_udp = 1; /* until a last header says otherwise */
    /* Length 0 before a hop-by-hop header says "jumbogram" (RFC 2675), and Linux takes what there is without asking for the
     * option. One that is longer than 65,535 bytes is BIG TCP, at TC. */
    if (ip->payload_len == 0 && next == IPPROTO_HOPOPTS && pkt->frame_length - cursor->offset <= 65535) return PACKET_DEEP;
    if (pkt->ip_end > pkt->frame_length) {
        pkt->may_be_udp = next != IPPROTO_TCP && next != IPPROTO_ICMPV6;
        return PACKET_CUT;
    }
    cursor->at += sizeof(*ip);
    for (int i = 0; i < EXTENSION_HEADERS; i++) {
        int length = extension_length(cursor, next);
        if (length == 0) break;
        if (length < 0) return unread(pkt, cursor, EXTENSION_UNIT);
        if (cursor->offset + length > pkt->ip_end) return PACKET_CUT;
        next = ((const struct extension_header *)cursor->at)->next;
        cursor->at += length;
        cursor->offset += length;
    }
    if (next == IPPROTO_FRAGMENT) {
        int kind = parse_fragment_header(pkt, cursor);
        if (kind != PACKET_OTHER) return kind;
        next = ((const struct extension_header *)cursor->at)->next;
        cursor->at += sizeof(struct fragment_header);
        cursor->offset += sizeof(struct fragment_header);
    }
    /* Behind a fragment header nothing but ports is followed: a chain that went on there could be rewritten by a later
     * fragment, and nobody builds one. Nor does anybody build one of more headers than six. */
    if (extension_length(cursor, next) != 0 || next == IPPROTO_FRAGMENT)
        return is_fragment(pkt) ? PACKET_BAD_FRAGMENT : PACKET_DEEP;
    pkt->may_be_udp = next == IPPROTO_UDP;
    return parse_transport(pkt, cursor, next);
}

static __always_inline int parse_network(struct packet *pkt, struct cursor *cursor, __be16 type) {
    if (type == bpf_htons(ETH_P_IP)) return parse_ipv4(pkt, cursor);
    if (type == bpf_htons(ETH_P_IPV6)) return parse_ipv6(pkt, cursor);
    /* A third tag may hide anything, and the stack would strip it. */
    if (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)) return PACKET_UNREADABLE;
    return PACKET_NOT_IP;
}

static __always_inline int parse_ethernet(struct packet *pkt, struct cursor *cursor, int tags) {
    const struct ethhdr *eth = cursor->at;
    if ((void *)(eth + 1) > cursor->end) return PACKET_NOT_IP;
    __be16 type = eth->h_proto;
    cursor->at += sizeof(*eth);
    cursor->offset += sizeof(*eth);
    for (int i = 0; i < VLAN_TAGS; i++) {
        const struct vlan_tag *tag = cursor->at;
        if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD)) break;
        if (i + tags >= VLAN_TAGS) break;
        if ((void *)(tag + 1) > cursor->end) return PACKET_UNREADABLE;
        type = tag->type;
        cursor->at += sizeof(*tag);
        cursor->offset += sizeof(*tag);
    }
    return parse_network(pkt, cursor, type);
}

/* Fills all of `pkt` that the frame says; returns its kind. A global function: verified once. */
__noinline int parse_frame(struct context *ctx, struct packet *pkt) {
    if (!pkt) return PACKET_NOT_IP;
    struct cursor cursor = {.at = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end};
    __u32 bare = bare_protocol(ctx);
    pkt->kind = bare ? parse_network(pkt, &cursor, bare) : parse_ethernet(pkt, &cursor, tags_taken(ctx));
    return pkt->kind;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A frame as the benches send and read it: UDP in IPv4 without options, or in IPv6 without extension headers. */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

struct frame4 {
    struct ethhdr eth;
    struct iphdr ip;
    struct udphdr udp;
} __attribute__((packed));
struct frame6 {
    struct ethhdr eth;
    struct ipv6hdr ip;
    struct udphdr udp;
} __attribute__((packed));

/* RFC 1071, of a header without options. A pass up the stack would fail without it. */
static __attribute__((always_inline)) inline void write_checksum(struct iphdr *ip) {
    __u16 word[sizeof(*ip) / 2];
    __u32 sum = 0;
    ip->check = 0;
    __builtin_memcpy(word, ip, sizeof(word)); /* read through a __u16 pointer, it could be read before it is written */
    for (int i = 0; i < (int)(sizeof(word) / 2); i++) sum += word[i];
    sum = (sum & 0xffff) + (sum >> 16);
    ip->check = ~((sum & 0xffff) + (sum >> 16));
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What stands beside the wall's figures: the least that any program could do, and what moves a packet's addresses from
 * run to run, so that lookups meet other memory each time.
 *
 *  bare_drop     nothing
 *  bare_clock    one coarse clock reading
 *  bare_lookup   one clock reading, one lookup of the destination in `pinholes`, one counter
 *  bare_turned   the same, and what it finds drops: live, the stack behind a pass would cost more than all of this
 *  vary_*        writes the next destination or source into the packet, then runs the program in `next`
 */
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps/abi/pinhole.h"
#include "tests/bench/frames.bpf.h"
#include "tests/bench/varied.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct { /* the wall's own: reused by descriptor */
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __type(key, struct pinhole_key);
    __type(value, struct pinhole);
} pinholes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} counter SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct varied);
} varied SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} next SEC(".maps");

static __always_inline void *frame_of(struct xdp_md *ctx, __u32 size) {
    void *data = (void *)(long)ctx->data;
    return data + size <= (void *)(long)ctx->data_end ? data : 0;
}

static __always_inline void count(void) {
    __u32 zero = 0;
    __u64 *total = bpf_map_lookup_elem(&counter, &zero);
    if (total) *total += 1;
}

SEC("xdp.frags")
int bare_drop(struct xdp_md *ctx __attribute__((unused))) { return XDP_DROP; }

SEC("xdp.frags")
int bare_clock(struct xdp_md *ctx __attribute__((unused))) { return bpf_ktime_get_coarse_ns() ? XDP_DROP : XDP_ABORTED; }

SEC("xdp.frags")
int bare_count(struct xdp_md *ctx __attribute__((unused))) {
    count();
    return XDP_DROP;
}

static __always_inline int look_up(const struct pinhole_key *key) {
    __u64 now = bpf_ktime_get_coarse_ns();
    const struct pinhole *hole = bpf_map_lookup_elem(&pinholes, key);
    if (!hole || hole->deadline_ns < now) return XDP_DROP;
    count();
    return XDP_PASS;
}

static __always_inline int find(struct xdp_md *ctx) {
    const struct frame4 *v4 = frame_of(ctx, sizeof(*v4));
    if (!v4) return XDP_DROP;
    struct pinhole_key key = {};
    if (v4->eth.h_proto == bpf_htons(ETH_P_IP)) {
        key.address.word[2] = bpf_htonl(0xffff);
        key.address.word[3] = v4->ip.daddr;
        key.port_proto = (__u32)bpf_ntohs(v4->udp.dest) << 16 | IPPROTO_UDP;
        return look_up(&key);
    }
    const struct frame6 *v6 = frame_of(ctx, sizeof(*v6));
    if (!v6) return XDP_DROP;
    __builtin_memcpy(&key.address, &v6->ip.daddr, sizeof(key.address));
    key.port_proto = (__u32)bpf_ntohs(v6->udp.dest) << 16 | IPPROTO_UDP;
    return look_up(&key);
}

SEC("xdp.frags")
int bare_lookup(struct xdp_md *ctx) { return find(ctx); }

SEC("xdp.frags")
int bare_turned(struct xdp_md *ctx) { return find(ctx) == XDP_PASS ? XDP_DROP : XDP_PASS; }

/* A number below `limit`, which is a power of two, in an order that no prefetcher follows. */
static __always_inline __u32 next_number(struct varied *all) {
    all->state = all->state * 1664525 + 1013904223;
    return (all->state ^ all->state >> 15) & (all->limit - 1);
}

static __always_inline struct varied *variation(void) {
    __u32 zero = 0;
    return bpf_map_lookup_elem(&varied, &zero);
}

static __always_inline int vary_source(struct xdp_md *ctx, struct varied *all) {
    struct frame4 *v4 = frame_of(ctx, sizeof(*v4));
    struct frame6 *v6 = frame_of(ctx, sizeof(*v6));
    if (!v4) return 0;
    __u32 number = next_number(all);
    if (v4->eth.h_proto == bpf_htons(ETH_P_IP)) v4->ip.saddr = bpf_htonl(VARIED_V4 + number);
    else if (v6) v6->ip.saddr.in6_u.u6_addr32[1] = bpf_htonl(number);
    return 1;
}

SEC("xdp.frags")
int vary_sources(struct xdp_md *ctx) {
    struct varied *all = variation();
    if (!all || !vary_source(ctx, all)) return XDP_ABORTED;
    bpf_tail_call_static(ctx, &next, 0);
    return XDP_ABORTED;
}

SEC("xdp.frags")
int vary_destinations(struct xdp_md *ctx) {
    struct varied *all = variation();
    struct frame4 *v4 = frame_of(ctx, sizeof(*v4));
    struct frame6 *v6 = frame_of(ctx, sizeof(*v6));
    if (!all || !v4) return XDP_ABORTED;
    __u32 number = next_number(all);
    __be16 port = bpf_htons(VARIED_PORT(number));
    if (v4->eth.h_proto == bpf_htons(ETH_P_IP)) {
        v4->ip.daddr = bpf_htonl(VARIED_HOST4(number));
        v4->udp.dest = port;
    } else if (v6) {
        v6->ip.daddr.in6_u.u6_addr32[3] = bpf_htonl(VARIED_HOST6(number));
        v6->udp.dest = port;
    }
    bpf_tail_call_static(ctx, &next, 0);
    return XDP_ABORTED;
}

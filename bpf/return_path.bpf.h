/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The way back of a UDP flow that the inside started: a keyed hash of both endpoints, and until when. Only outbound
 * packets make or renew one, so that what comes in can never keep its own door open. Nothing is evicted: a full set
 * refuses, and one inside address makes at most 1024 a minute.
 *
 * What answers to what the operator lets in (a static rule, a bypass) has an entry, too, by which nothing comes in: the
 * same flow is no way back when that permission has ended, as long as it goes on.
 */
#pragma once

#include "bpf/limiter.bpf.h"
#include "bpf/policy.bpf.h"

#define RETURN_QUOTA_BURST 1024
#define RETURN_QUOTA_PERIOD (60 * NSEC_PER_SEC / RETURN_QUOTA_BURST)

/* Never that of an empty way. IPv6 takes two calls, the second keyed by the first. */
static __always_inline __u64 flow_hash(const struct pinhole_key *inside, const struct pinhole_key *outside) {
    const struct address *here = &inside->address, *there = &outside->address;
    __u64 protocol = inside->port_proto & 0xff;
    __u64 both_ports = protocol << 32 | (__u64)port_of(inside) << 16 | port_of(outside);
    if (is_v4_mapped(here) && is_v4_mapped(there)) {
        __u64 both = (__u64)bpf_ntohl(here->word[3]) << 32 | bpf_ntohl(there->word[3]);
        return keyed_hash(HASH_OF(HASH_RETURN_PATH, 1), both_ports, both, 0, 0) | 1;
    }
    __u64 near = keyed_hash(HASH_OF(HASH_RETURN_NEAR, 2), 0, upper_half(here), lower_half(here), 0);
    return keyed_hash(HASH_OF(HASH_RETURN_PATH, 3), both_ports, upper_half(there), lower_half(there), near) | 1;
}

static __always_inline struct return_set *return_set_of(__u64 flow) {
    __u32 index = flow >> 32 & (RETURN_SETS - 1);
    return bpf_map_lookup_elem(&return_paths, &index);
}

/* The flow's own way while it is fresh, or null. */
static __always_inline struct return_way *fresh_way(struct return_set *set, __u64 flow, __u64 now) {
    for (int i = 0; i < RETURN_WAYS; i++)
        if (READ_ONCE(set->way[i].fingerprint) == flow && READ_ONCE(set->way[i].until) > now) return &set->way[i];
    return 0;
}

/* A way of the set's first `ways` that nobody needs any more, for this flow; 0 where all are fresh. Whoever exchanges the
 * fingerprint owns the way; until it stores the time, the way reads as expired. */
static __always_inline int take_way(struct return_set *set, __u32 ways, __u64 flow, __u64 now, __u64 until) {
    for (__u32 i = 0; i < RETURN_WAYS && i < ways; i++) {
        struct return_way *way = &set->way[i];
        __u64 fingerprint = READ_ONCE(way->fingerprint);
        if (READ_ONCE(way->until) > now) continue;
        if (__sync_val_compare_and_swap(&way->fingerprint, fingerprint, flow) != fingerprint) continue;
        WRITE_ONCE(way->until, until);
        return 1;
    }
    return 0;
}

#define RETURN_FRESH (1 << 1) /* beside RETURN_SIP, in what the two functions below return */

/* On the way in: RETURN_FRESH, with RETURN_SIP where a request made it; 0 where there is none. */
__noinline int find_return_path(const struct packet *pkt) {
    if (!pkt) return 0;
    __u64 flow = flow_hash(&pkt->destination, &pkt->source);
    struct return_set *set = return_set_of(flow);
    if (!set) return 0;
    const struct return_way *way = fresh_way(set, flow, pkt->now);
    return way ? RETURN_FRESH | (READ_ONCE(way->until) & RETURN_SIP) : 0;
}

/* Of a flow that answers: flow_hash() is odd. */
#define ANSWER_OF(flow) ((flow) & ~1ULL)
#define FLOW_ANSWERS 2 /* what remember_return_path() returns of one */

enum return_order {
    RETURN_RENEW,    /* only one that is still fresh */
    RETURN_STREAM,   /* renew that of a TCP connection, which may be silent for hours */
    RETURN_ALIVE,    /* the same, unless it has but a short one: it has said nothing yet, or has ended */
    RETURN_CLOSE,    /* a connection that ends: what it leaves is short, whatever it had */
    RETURN_ANSWER,   /* renew, or note that the flow answers */
    RETURN_LEARN,    /* renew, or make one unless the flow answers */
    RETURN_REQUEST,  /* or make one, and mark it SIP */
    RETURN_REGISTER, /* the same, for as long as a binding lives */
};
#define STREAM_LIFE (124 * 60 * NSEC_PER_SEC) /* as NATs keep an established one: RFC 5382 REQ-5 */

/* How long after this packet: a keepalive keeps the way of the SIP that it serves, and no flow's. */
static __always_inline __u64 return_life(const struct wall *config, __u32 order) {
    if (order == RETURN_LEARN || order == RETURN_ANSWER) return config->return_path_ns;
    if (order == RETURN_STREAM || order == RETURN_ALIVE) return STREAM_LIFE;
    return order == RETURN_REGISTER ? config->register_return_path_ns : config->sip_return_path_ns;
}

/* Of each set half is the protected side's: who else is behind us may use any number of addresses, each with its quota. */
static __always_inline __u32 ways_for(const struct packet *pkt) {
    return pkt->source_network.flags & NETWORK_PROTECTED ? RETURN_WAYS : RETURN_WAYS / 2;
}

static __always_inline int quota_allows(const struct packet *pkt) {
    __u64 hash = hash_address(HASH_RETURN_QUOTA, &pkt->source.address, 0);
    if (quota_charge(hash, pkt->now, RETURN_QUOTA_PERIOD, RETURN_QUOTA_BURST) == CHARGE_PASS) return 1;
    count_event(EVENT_return_path_quota);
    return 0;
}

/* On the way out: makes or renews the flow's way back. 0 where there is none afterwards: no room, or over the quota;
 * 1; FLOW_ANSWERS, of a flow that answers and has none. */
__noinline int remember_return_path(const struct packet *pkt, __u32 order) {
    if (!pkt) return 0;
    const struct wall *config = wall_of(pkt);
    __u64 flow = flow_hash(&pkt->source, &pkt->destination);
    struct return_set *set = return_set_of(flow);
    if (!set || !config) return 0;
    __u64 until = (pkt->now + return_life(config, order)) & ~(__u64)RETURN_SIP;
    if (order >= RETURN_REQUEST) until |= RETURN_SIP;

    struct return_way *way = fresh_way(set, flow, pkt->now);
    if (!way && (order == RETURN_ANSWER || order == RETURN_LEARN)) {
        way = fresh_way(set, ANSWER_OF(flow), pkt->now);
        if (way || order == RETURN_ANSWER) flow = ANSWER_OF(flow);
    }
    int remembered = flow & 1 ? 1 : FLOW_ANSWERS;
    if (way) {
        __u64 before = READ_ONCE(way->until);
        if (order == RETURN_ALIVE && before <= ((pkt->now + config->sip_return_path_ns) | RETURN_SIP)) return remembered;
        __u64 mark = (before | until) & RETURN_SIP;
        if (before > until && order != RETURN_CLOSE) until = before; /* an OPTIONS does not shorten a REGISTER's */
        WRITE_ONCE(way->until, until | mark);
        return remembered;
    }
    if (order < RETURN_ANSWER || !quota_allows(pkt)) return 0;
    if (take_way(set, ways_for(pkt), flow, pkt->now, until)) return remembered;
    count_event(EVENT_return_paths_full);
    return 0;
}

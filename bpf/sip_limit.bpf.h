/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5c: what a packet to a SIP port pays. The bucket of its source's prefix, zone and class; where that is spent, a
 * known source has one of its own, by address and port, so that no neighbour behind the same NAT can use it up. What
 * that lets through, or an excuse (excuse.bpf.h), pays its zone's or peer's total besides.
 *
 * Who finds no room in the table pays a bucket that all such sources of the zone share. Each set keeps a way for the
 * known and for declared peers, which a flood from other addresses cannot take; where it is taken, the known share a bucket
 * of their own.
 */
#pragma once

#include "bpf/limiter.bpf.h"

/* At the table's end: one way each a (zone, class). */
enum fixed_bucket { FIXED_STRANGERS, FIXED_KNOWN, FIXED_TOTAL, FIXED_BUCKETS };
_Static_assert(LIMITER_SHARED_SETS *LIMITER_WAYS >= FIXED_BUCKETS * (ZONES)*CLASS_COUNT, "each has its way");

static __always_inline __u64 leading_bits(__u64 word, __u32 bits) {
    if (bits == 0) return 0;
    return bits >= 64 ? word : word & ~(~0ULL >> bits);
}

/* The bucket of an address in its zone and class, together with its neighbours in the zone's prefix. */
static __always_inline __u64 limit_hash(const struct address *address, const struct zone *zone, __u32 number,
                                        __u32 class) {
    __u64 bucket = (__u64)(class << 8 | number) << 32;
    __u64 lower = lower_half(address);
    if (is_v4_mapped(address))
        return keyed_hash(HASH_OF(HASH_LIMIT, 0), bucket | (__u32)leading_bits(lower, 32 + zone->prefix_v4), 0, 0, 0);
    __u32 prefix = is_one_host(address) ? 128 : zone->prefix_v6;
    return keyed_hash(HASH_OF(HASH_LIMIT, prefix > 64 ? 2 : 1), bucket, leading_bits(upper_half(address), prefix),
                      prefix > 64 ? leading_bits(lower, prefix - 64) : 0, 0);
}

static __always_inline __u32 fixed_bucket_of(__u32 kind, __u32 number, __u32 class) {
    return (kind * (ZONES) + number) * CLASS_COUNT + class;
}

static __always_inline int charge_fixed(const struct packet *pkt, __u32 number, __u32 kind, const struct limit *limit) {
    __u32 bucket = fixed_bucket_of(kind, number, pkt->sip_class);
    return limiter_charge_fixed(bucket, pkt->now, limit->cost, limit->tolerance, limit->exponent);
}

/* `port` 0: known whatever its port. */
static __always_inline int charge_own(const struct packet *pkt, __u32 number, __u32 port, const struct limit *limit) {
    __u64 bucket = (__u64)(pkt->sip_class << 8 | number) << 32 | port;
    __u64 hash = keyed_hash(HASH_OF(HASH_LIMIT_OWN, 2), bucket, upper_half(&pkt->source.address),
                            lower_half(&pkt->source.address), 0);
    return limiter_charge(hash, pkt->now, limit->cost, limit->tolerance, limit->exponent | LIMITER_KNOWN);
}

/* Its prefix's bucket is spent (CHARGE_OVER), or there is none (CHARGE_FULL). */
static __noinline int charge_otherwise(const struct packet *pkt, const struct limit *limit, int charge) {
    __u32 number = pkt->source_network.zone & (ZONES - 1);
    if (charge == CHARGE_FULL) {
        count_event(EVENT_limiter_full);
        if (charge_fixed(pkt, number, FIXED_STRANGERS, limit) == CHARGE_PASS) return CHARGE_PASS;
    }
    if (!may_be_known(pkt)) return charge;
    __u32 port = known_flags(pkt, port_of(&pkt->source)) & KNOWN_EARNS_LIMITS ? port_of(&pkt->source) : 0;
    if (port == 0 && !(known_flags(pkt, 0) & KNOWN_EARNS_LIMITS)) return charge;
    int own = charge_own(pkt, number, port, limit);
    if (own == CHARGE_FULL && charge_fixed(pkt, number, FIXED_KNOWN, limit) == CHARGE_PASS) return CHARGE_PASS;
    return own;
}

/* The total of a zone is not its known sources' to suffer from; that of a peer is all of the peer. A frame of its own: with
 * it, clang 19 makes judge_sip's so large that Linux 6.1 refuses TC's judge. */
static __noinline int charge_total(const struct packet *pkt, const struct zone *zone) {
    if (pkt->sip_class >= CLASS_COUNT) return CHARGE_PASS;
    const struct limit *total = &zone->totals[pkt->sip_class];
    if (!total->cost) return CHARGE_PASS;
    if (charge_fixed(pkt, pkt->source_network.zone & (ZONES - 1), FIXED_TOTAL, total) == CHARGE_PASS) return CHARGE_PASS;
    return !(zone->flags & ZONE_PEER) && source_known_flags(pkt) & KNOWN_EARNS_LIMITS ? CHARGE_PASS : CHARGE_TOTAL;
}

/* CHARGE_OVER: its own bucket is spent. CHARGE_FULL: it has none, and the shared one is spent. `hash` is its limit_hash(). */
static __always_inline int charge_source(const struct packet *pkt, const struct zone *zone, __u64 hash) {
    if (pkt->sip_class >= CLASS_COUNT) return CHARGE_PASS;
    const struct limit *limit = &zone->limits[pkt->sip_class];
    if (!limit->cost) return CHARGE_PASS;
    __u32 whose = zone->flags & ZONE_PEER ? LIMITER_KNOWN : 0;
    int charge = limiter_charge(hash, pkt->now, limit->cost, limit->tolerance, limit->exponent | whose);
    return charge == CHARGE_PASS ? CHARGE_PASS : charge_otherwise(pkt, limit, charge);
}

static __always_inline __u64 source_limit_hash(const struct packet *pkt, const struct zone *zone) {
    return limit_hash(&pkt->source.address, zone, pkt->source_network.zone & (ZONES - 1), pkt->sip_class);
}

/* The source's bucket, and then the total. CHARGE_TOTAL: its zone's or peer's is spent. */
static __always_inline int charge_both(const struct packet *pkt, const struct zone *zone) {
    int charge = charge_source(pkt, zone, source_limit_hash(pkt, zone));
    return charge == CHARGE_PASS ? charge_total(pkt, zone) : charge;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Opaque media: calls signalled over TLS and WebSocket name their ports where we cannot read. Instead, whoever has a live
 * connection to such a port of an inside address, or from it to such a port outside, may send media to that address.
 *
 * Only data that the inside sends makes an entry: it sends none before the handshake is through, so a spoofer gets none
 * (but for TCP Fast Open, whose cookie proves the address as well). Data of the inside, and its media while a connection
 * is open, renew the entry; when the inside has closed the last connection it ends soon. Nothing that comes in does.
 */
#pragma once

#include "bpf/count.bpf.h"
#include "bpf/limiter.bpf.h"
#include "bpf/media.bpf.h"

#define OPAQUE_LIFE (3600 * NSEC_PER_SEC)      /* since the inside last sent: a call may be silent both ways for long */
#define OPAQUE_LIFE_CLOSED (32 * NSEC_PER_SEC) /* a telephone's new connection, and the rest of a transaction */
#define OPAQUE_STEP NSEC_PER_SEC               /* until_ns moves in these steps: fewer writes */
#define OPAQUE_PERIOD (NSEC_PER_SEC / 2000)    /* media of one party: forty calls with sound, or four with pictures */
#define OPAQUE_BURST 2000
#define OPAQUE_PEER_FACTOR 64 /* a declared peer has the calls of many */
#define OPAQUE_QUOTA 1024     /* new parties a minute of one inside address, declared peers apart; */
#define OPAQUE_SOURCE_QUOTA 16 /* of them, of one outside IPv4 address or IPv6 /64 */
#define CONNECTION_SLOTS 4
#define CONNECTION_CLOSED 1ULL

/* A declared peer is one party: its media servers are seldom its proxies. A strict one's media comes from where its
 * signalling does. By its name, as a reload may give its number to another. */
static __always_inline int is_one_party(const struct zone *zone) {
    return (zone->flags & (ZONE_PEER | ZONE_STRICT)) == ZONE_PEER;
}

static __always_inline __u64 opaque_party(const struct zone *zone, const struct address *outside,
                                          const struct address *inside) {
    __u64 here = hash_address(HASH_OPAQUE_INSIDE, inside, 0);
    __u64 party = is_one_party(zone)
                      ? keyed_hash(HASH_OF(HASH_OPAQUE_PEER, 2), 0, zone->identity, here, 0)
                      : keyed_hash(HASH_OF(HASH_OPAQUE, 3), 0, upper_half(outside), lower_half(outside), here);
    return party | 1; /* never that of an empty way */
}

static __always_inline struct opaque_set *opaque_set_of(__u64 party) {
    __u32 index = party >> 32 & (OPAQUE_SETS - 1);
    return bpf_map_lookup_elem(&opaque, &index);
}

static __always_inline struct opaque_way *find_opaque(__u64 party, __u64 now) {
    struct opaque_set *set = opaque_set_of(party);
    if (!set) return 0;
    for (int i = 0; i < OPAQUE_WAYS; i++)
        if (READ_ONCE(set->way[i].fingerprint) == party && READ_ONCE(set->way[i].until_ns) > now) return &set->way[i];
    return 0;
}

/* The connections of a way, as one word: a slot is 15 bits of hash, and whether the inside has closed it. Closed ones
 * stay, so that a retransmission behind the FIN opens nothing again. Global functions: verified once, and not for each
 * way that a set may have. */

/* With this one at the front, and without the one that has been quiet for longest; unchanged where it is closed. */
__noinline __u64 with_connection(__u64 slots, __u64 id) {
    __u64 above = 0, below = slots & 0x0000ffffffffffffULL;
    for (int i = CONNECTION_SLOTS - 1; i >= 0; i--) {
        __u64 slot = slots >> (16 * i) & 0xffff;
        if (slot == (id | CONNECTION_CLOSED)) return slots;
        if (slot != id) continue;
        below = slots & ((1ULL << (16 * i)) - 1);
        above = i == CONNECTION_SLOTS - 1 ? 0 : slots >> (16 * i) >> 16 << 16 << (16 * i);
    }
    return above | below << 16 | id;
}

__noinline __u64 with_closed(__u64 slots, __u64 id) {
    for (int i = 0; i < CONNECTION_SLOTS; i++)
        if ((slots >> (16 * i) & 0xffff) == id) slots |= CONNECTION_CLOSED << (16 * i);
    return slots;
}

/* A new handshake: its ports may be those of a connection that was closed. */
__noinline __u64 without_closed(__u64 slots, __u64 id) {
    for (int i = 0; i < CONNECTION_SLOTS; i++)
        if ((slots >> (16 * i) & 0xffff) == (id | CONNECTION_CLOSED)) slots &= ~(0xffffULL << (16 * i));
    return slots;
}

__noinline int has_open_connection(__u64 slots) {
    for (int i = 0; i < CONNECTION_SLOTS; i++) {
        __u64 slot = slots >> (16 * i) & 0xffff;
        if (slot != 0 && !(slot & CONNECTION_CLOSED)) return 1;
    }
    return 0;
}

static __always_inline __u64 connection_of(const struct packet *pkt) {
    __u64 hash = keyed_hash(HASH_OF(HASH_CONNECTION, 3), (__u64)port_of(&pkt->source) << 16 | port_of(&pkt->destination),
                            upper_half(&pkt->destination.address), lower_half(&pkt->destination.address),
                            lower_half(&pkt->source.address));
    return (hash & 0xfffe) != 0 ? hash & 0xfffe : 2;
}

static __always_inline void renew_opaque(struct opaque_way *way, __u64 now) {
    if (READ_ONCE(way->until_ns) + OPAQUE_STEP < now + OPAQUE_LIFE) WRITE_ONCE(way->until_ns, now + OPAQUE_LIFE);
}

static __always_inline int opaque_quota_allows(const struct packet *pkt) {
    const struct address *outside = &pkt->destination.address;
    __u64 lower = is_one_host(outside) ? lower_half(outside) : 0;
    __u64 of_source = keyed_hash(HASH_OF(HASH_OPAQUE_SOURCE_QUOTA, 3), 0, lower_half(&pkt->source.address),
                                 upper_half(outside), lower);
    __u64 of_inside = hash_address(HASH_OPAQUE_QUOTA, &pkt->source.address, 0);
    return quota_charge(of_source, pkt->now, 60 * NSEC_PER_SEC / OPAQUE_SOURCE_QUOTA, OPAQUE_SOURCE_QUOTA) ==
               CHARGE_PASS &&
           quota_charge(of_inside, pkt->now, 60 * NSEC_PER_SEC / OPAQUE_QUOTA, OPAQUE_QUOTA) == CHARGE_PASS;
}

/* A free way for a party that has none. Nothing is evicted: a full set refuses. */
static __always_inline struct opaque_way *take_opaque(__u64 party, __u64 now) {
    struct opaque_set *set = opaque_set_of(party);
    if (!set) return 0;
    for (int i = 0; i < OPAQUE_WAYS; i++) {
        struct opaque_way *way = &set->way[i];
        __u64 fingerprint = READ_ONCE(way->fingerprint);
        if (READ_ONCE(way->until_ns) > now) continue;
        /* Whoever exchanges the fingerprint owns the way; until it stores the time, the way reads as expired. */
        if (__sync_val_compare_and_swap(&way->fingerprint, fingerprint, party) != fingerprint) continue;
        WRITE_ONCE(way->connections, 0);
        WRITE_ONCE(way->tat_ns, 0);
        return way;
    }
    return 0;
}

static __always_inline __u32 note_data(struct packet *pkt, const struct zone *zone, __u64 party, __u64 connection) {
    struct opaque_way *way = find_opaque(party, pkt->now);
    if (!way && (is_one_party(zone) || opaque_quota_allows(pkt))) way = take_opaque(party, pkt->now);
    if (!way) {
        count_event(EVENT_opaque_full);
        return REASON_out_no_room;
    }
    __u64 seen = READ_ONCE(way->connections);
    __u64 next = with_connection(seen, connection);
    if ((next & 0xffff) != connection) return REASON_out_other; /* closed: data that is sent once more */
    if (next != seen) __sync_val_compare_and_swap(&way->connections, seen, next);
    renew_opaque(way, pkt->now);
    return REASON_out_opaque;
}

static __always_inline void note_handshake(const struct packet *pkt, __u64 party, __u64 connection) {
    struct opaque_way *way = find_opaque(party, pkt->now);
    if (!way) return;
    __u64 seen = READ_ONCE(way->connections);
    __u64 next = without_closed(seen, connection);
    if (next != seen) __sync_val_compare_and_swap(&way->connections, seen, next);
}

static __always_inline void note_close(const struct packet *pkt, __u64 party, __u64 connection) {
    struct opaque_way *way = find_opaque(party, pkt->now);
    if (!way) return;
    for (int attempt = 0; attempt < 4; attempt++) {
        __u64 seen = READ_ONCE(way->connections);
        __u64 next = with_closed(seen, connection);
        if (next == seen) return; /* none of ours: an answer to some stray segment */
        if (__sync_val_compare_and_swap(&way->connections, seen, next) != seen) continue;
        if (has_open_connection(next)) return;
        if (READ_ONCE(way->until_ns) > pkt->now + OPAQUE_LIFE_CLOSED)
            WRITE_ONCE(way->until_ns, pkt->now + OPAQUE_LIFE_CLOSED);
        return;
    }
}

/* Which outside parties a connection admits: those who may talk SIP to us, and those whom the inside has called. */
static __always_inline int may_be_opaque(const struct packet *pkt, const struct zone *zone, int is_server) {
    const struct standing *outside = &pkt->destination_network;
    if (zone->flags & ZONE_NO_OPAQUE || outside->flags & NETWORK_PROTECTED) return 0;
    if ((outside->flags & (NETWORK_DENIED | NETWORK_ALLOWED)) == NETWORK_DENIED) return 0;
    return !is_server || may_talk_sip(pkt, outside);
}

/* A TCP segment that leaves. A global function: verified once. */
__noinline int judge_opaque_out(struct packet *pkt) {
    if (!pkt || !(pkt->wall_flags & WALL_OPAQUE)) return REASON_out_other;
    __u32 sport = port_of(&pkt->source), dport = port_of(&pkt->destination);
    const struct port_policy *here = ports_of(pkt, sport), *there = ports_of(pkt, dport);
    int is_server = here && has_port(here->opaque, sport);
    if (!is_server && !(there && has_port(there->opaque, dport))) return REASON_out_other;
    if (pkt->payload_length == 0 && !(pkt->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))) return REASON_out_other;

    look_up_networks(pkt);
    const struct zone *zone = zone_of(pkt, pkt->destination_network.zone);
    if (!zone || !(pkt->source_network.flags & NETWORK_PROTECTED)) return REASON_out_other;
    if (!is_server && pkt->tcp_flags & TCP_SYN && !is_admitted_out(pkt)) return REASON_out_not_a_peer;
    if (!may_be_opaque(pkt, zone, is_server)) return REASON_out_other;
    __u64 party = opaque_party(zone, &pkt->destination.address, &pkt->source.address);
    __u64 connection = connection_of(pkt);
    if (pkt->tcp_flags & TCP_SYN) note_handshake(pkt, party, connection);
    else if (pkt->tcp_flags & (TCP_FIN | TCP_RST)) note_close(pkt, party, connection);
    else return note_data(pkt, zone, party, connection);
    return REASON_out_other;
}

/* Media that leaves for a party: it goes on for as long as the inside sends, while a connection is open. */
__noinline int is_opaque_out(const struct packet *pkt) {
    if (!pkt || !(pkt->wall_flags & WALL_OPAQUE)) return 0;
    const struct zone *zone = zone_of(pkt, pkt->destination_network.zone);
    if (!zone || zone->flags & ZONE_NO_OPAQUE) return 0;
    struct opaque_way *way = find_opaque(opaque_party(zone, &pkt->destination.address, &pkt->source.address), pkt->now);
    if (!way) return 0;
    if (has_open_connection(READ_ONCE(way->connections))) renew_opaque(way, pkt->now);
    return 1;
}

static __always_inline int is_over_opaque_rate(struct opaque_way *way, const struct zone *zone, __u64 now) {
    __u64 period = is_one_party(zone) ? OPAQUE_PERIOD / OPAQUE_PEER_FACTOR : OPAQUE_PERIOD;
    __u64 tolerance = (OPAQUE_BURST - 1) * OPAQUE_PERIOD;
    __u64 tat = READ_ONCE(way->tat_ns);
    __u64 base = tat > now ? tat : now;
    if (base - now > tolerance) return 1;
    __sync_val_compare_and_swap(&way->tat_ns, tat, base + period);
    return 0;
}

/* Step 8, for a guarded port that no live pinhole speaks for: REASON_NONE where it is no opaque media. */
__noinline int judge_opaque(const struct packet *pkt) {
    if (!pkt || !(pkt->wall_flags & WALL_OPAQUE) || !is_media(pkt)) return REASON_NONE;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (!zone || zone->flags & ZONE_NO_OPAQUE) return REASON_NONE;
    struct opaque_way *way = find_opaque(opaque_party(zone, &pkt->source.address, &pkt->destination.address), pkt->now);
    if (!way) return REASON_NONE;
    return is_over_opaque_rate(way, zone, pkt->now) ? REASON_opaque_rate : REASON_opaque_media;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a pinhole is at this moment, whom it names, and what a packet leaves behind in it. Both directions ask; the
 * verdict on a packet that comes in is in media_verdict.bpf.h. Field meanings: maps/abi/pinhole.h.
 */
#pragma once

#include <linux/errno.h>

#include "bpf/count.bpf.h"
#include "bpf/latch.bpf.h"
#include "bpf/media.bpf.h"

static __always_inline struct pinhole *pinhole_at(const struct pinhole_key *inside) {
    return bpf_map_lookup_elem(&pinholes, inside);
}

static __always_inline __u32 phase_of(__u64 ctl) { return ctl >> CTL_PHASE_SHIFT & 15; }
static __always_inline __u32 constraint_of(__u64 ctl) { return ctl >> CTL_CONSTRAINT_SHIFT & 15; }
static __always_inline __u32 component_of(__u64 ctl) { return ctl >> CTL_COMPONENT_SHIFT & 15; }
static __always_inline __u32 zone_in(__u64 ctl) { return ctl >> CTL_ZONE_SHIFT & 0xff; }
static __always_inline __u32 flags_in(__u64 ctl) { return ctl >> CTL_FLAGS_SHIFT & 0xff; }
static __always_inline __u32 slot_in(__u64 ctl) { return ctl >> CTL_SLOT_SHIFT & CTL_SLOT_MASK; }

static __always_inline int is_live(const struct pinhole *hole, __u64 ctl, __u64 now) {
    return phase_of(ctl) != PHASE_CLOSED && now < READ_ONCE(hole->deadline_ns);
}

/* Why a closed one refuses. */
static __always_inline __u32 ended_as(__u64 ctl) {
    return flags_in(ctl) & PINHOLE_OUTLIVED ? REASON_pinhole_expired : REASON_call_ended;
}

/* How well an endpoint fits a peer; the best of all peers counts. */
enum fit { FIT_NONE, FIT_ADDRESS, FIT_ANY_PORT, FIT_EXACT };

static __always_inline __u32 fit(const struct peer *peer, const struct pinhole_key *remote) {
    if (!same_address(&peer->address, &remote->address)) return FIT_NONE;
    if (peer->port == 0) return FIT_ANY_PORT;
    return peer->port == bpf_htons(port_of(remote)) ? FIT_EXACT : FIT_ADDRESS;
}

/* A set may be refilled under our eyes only after no ctl has named it for a second. */
static __noinline __u32 fit_set(__u32 slot, const struct pinhole_key *remote) {
    const struct peer_set *set = bpf_map_lookup_elem(&peer_sets, &slot);
    __u32 best = FIT_NONE;
    if (!set) return FIT_NONE;
    for (__u32 i = 0; i < PEERS_PER_SET; i++) {
        if (i >= set->count) break;
        __u32 one = fit(&set->peer[i], remote);
        if (one > best) best = one;
    }
    return best;
}

static __always_inline __u32 fit_peers(const struct pinhole *hole, __u64 ctl, const struct pinhole_key *remote) {
    __u32 slot = slot_in(ctl);
    return slot ? fit_set(slot, remote) : fit(&hole->peer, remote);
}

/* Is the outside endpoint one that an ended call spoke to? A port more or less does not matter here: what it knows is
 * the inside endpoint. */
static __always_inline int was_peer(const struct pinhole *hole, __u64 ctl, const struct pinhole_key *outside,
                                    __u32 outside_zone) {
    __u32 constraint = constraint_of(ctl);
    if (constraint != CONSTRAINT_PEERS && constraint != CONSTRAINT_ADDRESSES) return 1;
    if (flags_in(ctl) & PINHOLE_ZONE_SUBSTITUTES && outside_zone && outside_zone == zone_in(ctl)) return 1;
    return fit_peers(hole, ctl, outside) != FIT_NONE;
}

/* A tombstone keeps ways back shut until its deadline, and on while the inside still sends to the call's peer. */
static __always_inline int is_tombstone(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    const struct wall *config = wall_of(pkt);
    if (phase_of(ctl) != PHASE_CLOSED || !config) return 0;
    if (pkt->now < READ_ONCE(hole->deadline_ns)) return 1;
    __u64 last_out = READ_ONCE(hole->last_out_ns);
    return last_out != 0 && pkt->now < last_out + config->tombstone_ns;
}

static __always_inline void note_outbound(struct pinhole *hole, __u64 now) {
    if (now >= READ_ONCE(hole->last_out_ns) + SEEN_STEP) WRITE_ONCE(hole->last_out_ns, now);
}

/* Plain additions: a flow is steered to one receive queue, and a count lost to a second one harms nobody. */
static __always_inline void note_inbound(struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    if (pkt->now >= READ_ONCE(hole->last_in_ns) + SEEN_STEP) WRITE_ONCE(hole->last_in_ns, pkt->now);
    hole->packets += 1;
    hole->bytes += pkt->payload_length;
    __u32 ssrc = bpf_ntohl(pkt->head[2]);
    if (!is_rtp(pkt) || hole->ssrc == ssrc) return;
    /* Of one source the first is noted; a change is conformance's to accept. */
    if (!(flags_in(ctl) & PINHOLE_ONE_SOURCE) || hole->ssrc == 0) WRITE_ONCE(hole->ssrc, ssrc);
}

/* For the operator's eyes: what was refused here, or would have been (`passed`), and who it was. */
static __noinline void note_unwanted(const struct pinhole *hole, const struct packet *pkt, __u32 reason,
                                     __u32 passed) {
    struct refusal *found = bpf_map_lookup_elem(&refusals, &pkt->destination);
    if (found) {
        __sync_fetch_and_add(&found->count, 1);
        WRITE_ONCE(found->last_ns, pkt->now);
        found->last_source.address = pkt->source.address;
        found->last_source.port = bpf_htons(port_of(&pkt->source));
        WRITE_ONCE(found->last_reason, reason);
        WRITE_ONCE(found->last_passed, passed);
        if (passed) __sync_fetch_and_add(&found->nonconformant, 1);
        return;
    }
    struct refusal first = {
        .count = 1,
        .last_ns = pkt->now,
        .last_source = {.address = pkt->source.address, .port = bpf_htons(port_of(&pkt->source))},
        .last_reason = reason,
        .last_passed = passed,
        .owner = hole->owner,
        .nonconformant = passed,
    };
    /* As an int: before 6.4 the call is inlined to one that returns an int, and the upper half of the register is 0. */
    int error = (int)bpf_map_update_elem(&refusals, &pkt->destination, &first, BPF_NOEXIST);
    if (error != 0 && error != -EEXIST) count_event(EVENT_refusals_full);
}

static __always_inline void note_refusal(const struct pinhole *hole, const struct packet *pkt, __u32 reason) {
    note_unwanted(hole, pkt, reason, 0);
}

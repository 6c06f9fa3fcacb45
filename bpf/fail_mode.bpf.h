/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What guarded ports do while the agent is gone: nobody opens them for new calls, and nobody closes those of calls that
 * end. `on_agent_loss.do` says which way to err.
 *
 *  peers   what would be refused passes from declared peers, as far as it is media at all (what a
 *          pinhole negotiated may be of a call that has ended since)                               pass agent_lost
 *  open    so it does from anyone; a pinhole with media in it stays its call's and the peers'      pass agent_lost
 *  closed  everything to a guarded port is refused, live calls too                                drop agent_lost_closed
 *  keep    no change: live pinholes go on, nothing new opens
 *
 * In all of them the negotiated peer of a live pinhole passes (but for `closed`), a pinhole past its hard deadline or
 * within its tombstone's time refuses, and soft deadlines rest (is_asleep). A tombstone keeps a guarded port from modes
 * that open only until its deadline: without the agent it cannot be renewed for the right call, and the port belongs to
 * the next one.
 */
#pragma once

#include "bpf/media_verdict.bpf.h"

#define WALL_LOSS_OPENS (WALL_LOSS_PEERS | WALL_LOSS_OPEN)

/* A wall that no agent has ever beaten for is being built: the parent's own beat begins its time. Global functions here
 * and below: verified once, not on every path to them. */
__noinline int is_agent_lost(const struct packet *pkt) {
    __u32 zero = 0;
    if (!pkt) return 0;
    const struct liveness *agent = bpf_map_lookup_elem(&liveness, &zero);
    return agent && READ_ONCE(agent->heartbeat_ns) != 0 && !agent_is_alive(pkt);
}

static __always_inline int is_closed_by_loss(const struct packet *pkt) {
    return pkt->wall_flags & WALL_LOSS_CLOSED && is_agent_lost(pkt);
}

/* Ended in the kernel's eyes, not longer ago than a tombstone lasts: what its call left on the way stays out. */
static __always_inline int has_just_ended(const struct pinhole *hole, const struct packet *pkt) {
    const struct wall *config = wall_of(pkt);
    __u64 end = READ_ONCE(hole->deadline_ns);
    if (phase_of(READ_ONCE(hole->ctl)) == PHASE_CLOSED) return pkt->now < end;
    return config && pkt->now >= end && pkt->now < end + config->tombstone_ns;
}

static __always_inline int is_from_declared_peer(const struct packet *pkt) {
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    return zone && zone->flags & ZONE_PEER;
}

/* May media that was refused under `refused` pass after all, in a mode that opens? `hole` is that of the destination, or
 * null. */
__noinline int passes_by_loss(const struct pinhole *hole, const struct packet *pkt, __u32 refused) {
    if (!pkt || !is_agent_lost(pkt)) return 0;
    if (hole && has_just_ended(hole, pkt)) return 0;
    if (is_from_declared_peer(pkt)) return 1;
    if (!(pkt->wall_flags & WALL_LOSS_OPEN)) return 0;
    return !hole || !is_live(hole, READ_ONCE(hole->ctl), pkt->now) || refused == REASON_pinhole_idle;
}

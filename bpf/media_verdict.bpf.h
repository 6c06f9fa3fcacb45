/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 7: a packet to a local endpoint that has a pinhole. In order:
 *
 *  closed until its deadline           call_ended, pinhole_expired where max_call ended it (afterwards as if there were
 *                                      no hole)
 *  past the deadline                   call_ended where it was draining, else pinhole_expired
 *  asleep                              pinhole_idle, unless from the negotiated peer or the last one
 *  not one of those who may send       wrong_source; RTP of who is not of the call's declared peer either, while the
 *                                      named one speaks rtp_injection, while it is silent rtp_bleed
 *  not media, where that is asked      not_media
 *  not yet trusted                     probation
 *  more than 200/s before the answer   early_rate
 *  not as negotiated                   mode enforce: not_media, wrong_payload_type, wrong_ssrc, over_rate
 *                                      (conformance.bpf.h); mode count: passes as pinhole_nonconformant
 *  else                                passes, by phase and component
 *
 * The exact negotiated peer of a live hole is settled first and needs no list: denied networks have been taken out of
 * who may send when the hole was planned.
 */
#pragma once

#include "bpf/conformance.bpf.h"
#include "bpf/ice.bpf.h"
#include "bpf/pinhole.bpf.h"

#define EARLY_PERIOD (NSEC_PER_SEC / 200)
#define EARLY_BURST 200

static __always_inline __u32 passed_as(__u64 ctl, const struct packet *pkt) {
    if (phase_of(ctl) == PHASE_OFFERED) return REASON_pinhole_early;
    if (phase_of(ctl) == PHASE_DRAINING) return REASON_pinhole_draining;
    if (component_of(ctl) == COMPONENT_RTCP) return REASON_pinhole_rtcp;
    if (component_of(ctl) == COMPONENT_RTP_RTCP && is_rtcp(pkt)) return REASON_pinhole_rtcp;
    return REASON_pinhole_rtp;
}

static __always_inline int fails_media_check(__u64 ctl, const struct packet *pkt) {
    return flags_in(ctl) & PINHOLE_CHECK_MEDIA && !is_media(pkt);
}

static __always_inline void note_named_peer(struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    WRITE_ONCE(hole->last_peer_ns, pkt->now);
    note_inbound(hole, ctl, pkt);
}

/* What does not conform, by the hole's mode: counted, or refused. */
static __noinline __u32 settle_fault(const struct pinhole *hole, __u64 ctl, const struct packet *pkt, __u32 fault) {
    if (flags_in(ctl) & PINHOLE_CONFORM_ENFORCE) {
        note_refusal(hole, pkt, fault);
        return fault;
    }
    note_unwanted(hole, pkt, fault, 1);
    return REASON_pinhole_nonconformant;
}

/* The fast path: REASON_NONE where the whole table must be asked. */
static __always_inline __u32 judge_negotiated(struct context *ctx, struct pinhole *hole, const struct packet *pkt) {
    __u32 fault = REASON_NONE, reason = REASON_NONE;
    __u64 ctl = READ_ONCE(hole->ctl);
    if (!is_live(hole, ctl, pkt->now) || constraint_of(ctl) != CONSTRAINT_PEERS) return REASON_NONE;
    if (phase_of(ctl) == PHASE_OFFERED || fails_media_check(ctl, pkt)) return REASON_NONE;
    if (fit_peers(hole, ctl, &pkt->source) != FIT_EXACT) return REASON_NONE;
    if (READ_ONCE(hole->latch) != 0) { /* whoever stood in falls out, and its SSRC with it */
        WRITE_ONCE(hole->latch, 0);
        WRITE_ONCE(hole->ssrc, 0);
    }
    fault = find_fault(ctx, hole, ctl, pkt);
    if (fault != REASON_NONE) {
        reason = settle_fault(hole, ctl, pkt, fault);
        if (is_drop(reason)) return reason;
    }
    note_named_peer(hole, ctl, pkt);
    return reason != REASON_NONE ? reason : passed_as(ctl, pkt);
}

static __always_inline int is_asleep(const struct pinhole *hole, const struct packet *pkt) {
    __u64 last = READ_ONCE(hole->last_in_ns);
    __u64 last_out = READ_ONCE(hole->last_out_ns);
    __u64 limit = READ_ONCE(hole->idle_s) * NSEC_PER_SEC;
    __u64 soft_ns = READ_ONCE(hole->soft_deadline_s) * NSEC_PER_SEC;
    /* A session refresh that a dead agent missed must not end a call: the soft deadline rests while it is away. */
    if (soft_ns && pkt->now >= soft_ns && limit > IDLE_AFTER_SOFT_DEADLINE_S * NSEC_PER_SEC && agent_is_alive(pkt))
        limit = IDLE_AFTER_SOFT_DEADLINE_S * NSEC_PER_SEC;
    if (last_out > last) last = last_out;
    return pkt->now > last + limit;
}

/* Who it is to the hole, by its constraint: the best fit of peers; FIT_NONE may not send at all. */
static __always_inline __u32 fit_constraint(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    __u32 zone = pkt->source_network.zone;
    __u32 best = FIT_NONE;
    if (flags_in(ctl) & PINHOLE_ICE && is_ice_pair(pkt)) return FIT_EXACT;
    switch (constraint_of(ctl)) {
        case CONSTRAINT_ANY:
        case CONSTRAINT_ANY_LATCHED: return FIT_ANY_PORT;
        case CONSTRAINT_NETWORKS: return zone == zone_in(ctl) ? FIT_ANY_PORT : FIT_NONE;
        case CONSTRAINT_ADDRESSES: return fit_peers(hole, ctl, &pkt->source) ? FIT_ANY_PORT : FIT_NONE;
        case CONSTRAINT_PEERS:
            best = fit_peers(hole, ctl, &pkt->source);
            if (best == FIT_NONE && flags_in(ctl) & PINHOLE_ZONE_SUBSTITUTES && zone && zone == zone_in(ctl))
                return FIT_ADDRESS;
            return best;
        default: return FIT_NONE;
    }
}

static __always_inline int is_for_anybody(__u64 ctl) {
    return constraint_of(ctl) == CONSTRAINT_ANY || constraint_of(ctl) == CONSTRAINT_ANY_LATCHED;
}

/* Whom a hole that sleeps still knows beside the exact peer: who is named by address or networks, and who spoke last. */
static __always_inline int may_wake(const struct pinhole *hole, __u64 ctl, const struct packet *pkt, __u32 best) {
    return (best == FIT_ANY_PORT && !is_for_anybody(ctl)) || is_latched(hole, pkt);
}

/* Probation and latching: REASON_NONE and pinhole_other_source pass. */
static __always_inline __u32 admit_sender(struct pinhole *hole, __u64 ctl, const struct packet *pkt, __u32 best) {
    if (constraint_of(ctl) != CONSTRAINT_PEERS) {
        const struct zone *zone = zone_of(pkt, zone_in(ctl));
        __u32 packets = zone ? zone->latch : 0;
        if (packets == 0 && constraint_of(ctl) == CONSTRAINT_ANY_LATCHED) packets = PROBATION_PACKETS;
        if (phase_of(ctl) == PHASE_OFFERED) return REASON_NONE;
        if (packets != 0) return admit_first(hole, pkt, packets);
        if (is_for_anybody(ctl)) note_speaker(hole, pkt);
        return REASON_NONE;
    }
    if (best == FIT_ADDRESS) return admit_stand_in(hole, pkt);
    if (best == FIT_ANY_PORT) return admit_any_port(hole, pkt);
    return REASON_NONE;
}

static __always_inline int is_over_early_rate(struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    if (!(flags_in(ctl) & PINHOLE_EARLY_RATE) || phase_of(ctl) != PHASE_OFFERED) return 0;
    __u64 tat = READ_ONCE(hole->rate_tat_ns);
    __u64 base = tat > pkt->now ? tat : pkt->now;
    if (base - pkt->now > (EARLY_BURST - 1) * EARLY_PERIOD) return 1;
    __sync_val_compare_and_swap(&hole->rate_tat_ns, tat, base + EARLY_PERIOD);
    return 0;
}

/* Is anyone who may send heard on this hole just now? Where no peers are named, or another stands in for them, the last
 * packet that passed says so, to a step of its clock. */
static __always_inline int is_spoken(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    if (!is_silent(READ_ONCE(hole->last_peer_ns), pkt->now, SILENCE)) return 1;
    if (constraint_of(ctl) == CONSTRAINT_PEERS && READ_ONCE(hole->latch) == 0) return 0;
    return hole->packets != 0 && !is_silent(READ_ONCE(hole->last_in_ns), pkt->now, SILENCE + SEEN_STEP);
}

/* Another address of the declared peer whose call it is. */
static __always_inline int is_of_its_peer(__u64 ctl, const struct packet *pkt) {
    const struct zone *zone = zone_of(pkt, zone_in(ctl));
    return zone_in(ctl) == pkt->source_network.zone && zone && zone->flags & ZONE_PEER;
}

/* Who may not send, by what it tries: to be heard in the call, or (a relay that latches would send there) to hear it. */
static __always_inline __u32 refuse_source(const struct pinhole *hole, __u64 ctl, const struct packet *pkt) {
    __u32 component = component_of(ctl);
    if (is_of_its_peer(ctl, pkt)) return REASON_wrong_source;
    if (!is_rtp(pkt) || component == COMPONENT_UDPTL || component == COMPONENT_OTHER) return REASON_wrong_source;
    return is_spoken(hole, ctl, pkt) ? REASON_rtp_injection : REASON_rtp_bleed;
}

/* The whole table, for a hole that is not a closed one. Networks must have been looked up. */
static __noinline __u32 judge_live_pinhole(struct context *ctx, struct pinhole *hole, const struct packet *pkt) {
    __u64 ctl = READ_ONCE(hole->ctl);
    if (!is_live(hole, ctl, pkt->now))
        return phase_of(ctl) == PHASE_DRAINING ? REASON_call_ended : REASON_pinhole_expired;
    __u32 best = fit_constraint(hole, ctl, pkt);
    if (best != FIT_EXACT && is_asleep(hole, pkt) && !may_wake(hole, ctl, pkt, best)) return REASON_pinhole_idle;
    if (best == FIT_NONE) return refuse_source(hole, ctl, pkt);
    if (fails_media_check(ctl, pkt)) return REASON_not_media;
    __u32 admitted = admit_sender(hole, ctl, pkt, best);
    if (admitted == REASON_wrong_source) return refuse_source(hole, ctl, pkt);
    if (is_drop(admitted)) return admitted;
    if (is_over_early_rate(hole, ctl, pkt)) return REASON_early_rate;
    __u32 fault = find_fault(ctx, hole, ctl, pkt);
    if (fault != REASON_NONE && flags_in(ctl) & PINHOLE_CONFORM_ENFORCE) return fault;

    if (constraint_of(ctl) == CONSTRAINT_PEERS && best >= FIT_ANY_PORT) note_named_peer(hole, ctl, pkt);
    else note_inbound(hole, ctl, pkt);
    if (fault != REASON_NONE) return settle_fault(hole, ctl, pkt, fault);
    int is_settled = phase_of(ctl) == PHASE_ANSWERED || phase_of(ctl) == PHASE_HELD;
    return admitted == REASON_pinhole_other_source && is_settled ? admitted : passed_as(ctl, pkt);
}

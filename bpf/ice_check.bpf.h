/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 7 for a pinhole with ICE, before its table is asked (media_verdict.bpf.h):
 *
 *  a check from a pair, or from the negotiated peer       the table
 *  with our ufrag, from anywhere                          pinhole_stun, or stun_rate
 *  without it, from one who may send what else he likes   the table
 *  without it                                             no_ufrag
 *
 * A check leaves nothing behind in the pinhole: it comes from anyone, and keeps nothing awake.
 */
#pragma once

#include "bpf/ice.bpf.h"
#include "bpf/media_verdict.bpf.h"

/* REASON_NONE: for the table. A global function: verified once. */
__noinline int judge_ice_check(struct context *ctx, struct packet *pkt, const struct pinhole *hole) {
    if (!pkt || !hole) return REASON_NONE;
    __u64 ctl = READ_ONCE(hole->ctl);
    if (!(flags_in(ctl) & PINHOLE_ICE) || !is_live(hole, ctl, pkt->now)) return REASON_NONE;
    if (!is_stun_type(pkt, STUN_BINDING_REQUEST)) return REASON_NONE;
    __u32 best = fit_constraint(hole, ctl, pkt);
    if (best == FIT_EXACT) return REASON_NONE;
    __u64 ufrag = stun_ufrag(ctx, pkt);
    if (ufrag != 0 && ufrag == READ_ONCE(hole->ufrag_hash))
        return is_over_check_rate(pkt) ? REASON_stun_rate : REASON_pinhole_stun;
    return best >= FIT_ANY_PORT && phase_of(ctl) != PHASE_OFFERED ? REASON_NONE : REASON_no_ufrag;
}

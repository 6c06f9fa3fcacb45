/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Steps 7 and 10 for a guarded TCP port (MSRP, BFCP: protect.tcp_media_ports). In order:
 *
 *  a new connection, and no pinhole                       drop no_pinhole
 *  no pinhole                                             pass tcp_established
 *  closed: a new connection, or a party of the call       drop call_ended, pinhole_expired where max_call ended it
 *                                                         (others as if there were no pinhole)
 *  past the deadline                                      drop call_ended where it was draining, else pinhole_expired
 *  not one of those who may send                          drop wrong_source
 *  a new connection to a pinhole asleep, nobody named     drop pinhole_idle
 *  else                                                   pass pinhole_tcp
 *
 * What continues a connection that no pinhole knows passes: the inside may have begun it, or the wall came later, and the
 * stack refuses what belongs to none. The port of a TCP client is chosen by its machine, so parties are known by their
 * address; the handshake has shown that it is theirs, so that there is no probation and no latch.
 */
#pragma once

#include "bpf/media_verdict.bpf.h"
#include "bpf/stream_verdict.bpf.h"

static __always_inline __u32 judge_connection(struct pinhole *hole, const struct packet *pkt) {
    __u64 ctl = READ_ONCE(hole->ctl);
    int opens = opens_connection(pkt);
    if (phase_of(ctl) == PHASE_CLOSED) {
        int is_refused = opens || was_peer(hole, ctl, &pkt->source, pkt->source_network.zone);
        if (is_refused && is_tombstone(hole, ctl, pkt)) return ended_as(ctl); /* 7 */
        return opens ? REASON_no_pinhole : REASON_tcp_established;                /* 10 */
    }
    if (!is_live(hole, ctl, pkt->now))
        return phase_of(ctl) == PHASE_DRAINING ? REASON_call_ended : REASON_pinhole_expired;
    if (fit_constraint(hole, ctl, pkt) == FIT_NONE) return REASON_wrong_source;
    if (opens && is_for_anybody(ctl) && is_asleep(hole, pkt)) return REASON_pinhole_idle;
    if (constraint_of(ctl) == CONSTRAINT_PEERS) note_named_peer(hole, ctl, pkt);
    else note_inbound(hole, ctl, pkt);
    return REASON_pinhole_tcp;
}

/* Not a global function: Linux 6.1 takes no key from the argument of one. */
static __noinline __u32 judge_tcp_media(const struct packet *pkt) {
    struct pinhole *hole = pinhole_at(&pkt->destination);
    if (!hole) return opens_connection(pkt) ? REASON_no_pinhole : REASON_tcp_established; /* 10 */
    __u32 reason = judge_connection(hole, pkt);                                           /* 7 */
    if (is_drop(reason)) note_refusal(hole, pkt, reason);
    return reason;
}

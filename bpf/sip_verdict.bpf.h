/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5: a packet to a SIP port. (a) admission by peer and zone, and of a strict peer's INVITE; (c) the rate limit of
 * its zone, source and class, and the ceilings on calls; then (b), the names of attack tools. What passes is mirrored, keepalives apart.
 */
#pragma once

#include "bpf/ban.bpf.h"
#include "bpf/ceiling.bpf.h"
#include "bpf/excuse.bpf.h"
#include "bpf/mirror.bpf.h"
#include "bpf/spent.bpf.h"
#include "bpf/user_agent.bpf.h"

static __always_inline int is_allowed(const struct packet *pkt) {
    return (pkt->source_network.flags & NETWORK_ALLOWED) != 0;
}
static __always_inline int is_denied(const struct packet *pkt) {
    return (pkt->source_network.flags & (NETWORK_DENIED | NETWORK_BANNED)) != 0 && !is_allowed(pkt);
}
/* From SIP: bans that the wall has concluded itself count, too. */
static __always_inline int is_silenced(const struct packet *pkt) {
    return is_denied(pkt) || pkt->source_network.flags & NETWORK_SILENCED;
}
/* Of either. */
static __always_inline __u32 denial_of(const struct packet *pkt) {
    return pkt->source_network.flags & NETWORK_DENIED ? REASON_denied : REASON_banned;
}

static __always_inline int is_bypassing(const struct packet *pkt) {
    return (pkt->source_network.flags & NETWORK_BYPASS) != 0;
}
/* deny.scope all: nothing of a protected address is for them. */
static __always_inline int is_denied_everything(const struct packet *pkt) {
    return pkt->wall_flags & WALL_DENY_ALL && is_denied(pkt) && pkt->destination_network.flags & NETWORK_PROTECTED;
}

/* 5a, to a configured port. */
static __always_inline int is_admitted(const struct packet *pkt) { return may_talk_sip(pkt, &pkt->source_network); }

/* New calls of others than registrars, and what cannot be read: who knows what a server makes of that. */
static __always_inline int is_refused_by_strict(struct context *ctx, const struct packet *pkt, const struct zone *zone) {
    int may_begin_call = pkt->sip_class == CLASS_INVITE || pkt->sip_class == CLASS_UNREADABLE;
    if (!(zone->flags & ZONE_STRICT) || !may_begin_call || known_flags(pkt, 0) & KNOWN_REGISTRAR) return 0;
    return pkt->sip_class == CLASS_UNREADABLE || !is_reinvite(ctx, pkt);
}
/* Behind line ends: more than we skip, or in a fragment. A server may skip them, and find a request that we have not judged. */
static __always_inline int is_hidden_by_line_ends(const struct packet *pkt) {
    return pkt->sip_class == CLASS_UNREADABLE && begins_with_line_end(pkt);
}

static __always_inline void mark_for_mirror(struct packet *pkt) {
    pkt->is_mirrored = pkt->sip_class != CLASS_KEEPALIVE;
}

static __always_inline int refused_by(int charge) {
    if (charge == CHARGE_TOTAL) return REASON_total_limited;
    return charge == CHARGE_FULL ? REASON_rate_limit_full : REASON_rate_limited;
}

/* The bucket of the source, or what excuses from it (excuse.bpf.h). */
static __always_inline int charge_or_excuse(struct context *ctx, const struct packet *pkt, const struct zone *zone,
                                            __u64 bucket, __u64 source) {
    if (has_copies(pkt) && is_free_copy(ctx, pkt, source)) {
        count_event(EVENT_free_copies);
        return CHARGE_EXCUSED;
    }
    int charge = charge_source(pkt, zone, bucket);
    if (charge == CHARGE_PASS || pkt->sip_class != CLASS_REGISTER || !answers_challenge(pkt, source)) return charge;
    count_event(EVENT_free_registers);
    return CHARGE_EXCUSED;
}

/* 5c. Classes without any limit pay nothing, and nothing is remembered of them. */
static __always_inline int judge_limit(struct context *ctx, struct packet *pkt, const struct zone *zone, int pass) {
    __u32 class = pkt->sip_class;
    int is_call = class == CLASS_INVITE;
    if (class >= CLASS_COUNT || !(zone->limits[class].cost | zone->totals[class].cost))
        return is_call ? judge_call(ctx, pkt, pass) : pass;
    __u64 bucket = source_limit_hash(pkt, zone), source = source_hash(&pkt->source.address, class);
    int own = charge_or_excuse(ctx, pkt, zone, bucket, source);
    int charge = own == CHARGE_EXCUSED ? CHARGE_PASS : own;
    if (charge == CHARGE_PASS) charge = charge_total(pkt, zone);
    if (charge == CHARGE_PASS) {
        if (own == CHARGE_PASS && is_call && judge_call(ctx, pkt, pass) != pass) return REASON_calls_full;
        if (own == CHARGE_PASS && has_copies(pkt)) excuse_copies(ctx, pkt, source);
        return pass;
    }
    if (is_of_live_call(ctx, pkt)) return pass;
    note_excess(pkt, zone);
    if (charge != CHARGE_TOTAL) remember_spent(pkt, bucket, source, charge == CHARGE_FULL);
    return refused_by(charge);
}

/* For an admitted packet: `pass`, or why not. A global function: verified once. */
__noinline int judge_sip(struct context *ctx, struct packet *pkt, int pass) {
    if (!pkt) return REASON_malformed;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    classify_arrival(ctx, pkt);
    mark_for_mirror(pkt);
    if (!zone || is_allowed(pkt)) return pass;
    if (is_hidden_by_line_ends(pkt)) return REASON_malformed;
    if (is_refused_by_strict(ctx, pkt, zone)) return REASON_not_registrar;
    int verdict = judge_limit(ctx, pkt, zone, pass);
    if (verdict == pass && pkt->wall_flags & WALL_USER_AGENTS && is_attack_tool(ctx, pkt)) return REASON_attack_tool;
    return verdict;
}

/* Step 6, and SIP that is mirrored without a limit: the inside asked for it. */
__noinline int take_sip(struct context *ctx, struct packet *pkt, int pass) {
    if (!pkt) return REASON_malformed;
    classify_arrival(ctx, pkt);
    mark_for_mirror(pkt);
    return pass;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5: a packet to a SIP port. (a) admission by peer and zone, and of a strict peer's INVITE; (c) the rate limit of
 * its zone, source and class. What passes is mirrored, keepalives apart.
 */
#pragma once

#include "bpf/limiter.bpf.h"
#include "bpf/mirror.bpf.h"

static __always_inline int is_allowed(const struct packet *pkt) {
    return (pkt->source_network.flags & NETWORK_ALLOWED) != 0;
}
static __always_inline int is_denied(const struct packet *pkt) {
    return (pkt->source_network.flags & NETWORK_DENIED) != 0 && !is_allowed(pkt);
}

static __always_inline int is_bypassing(const struct packet *pkt) {
    return (pkt->source_network.flags & NETWORK_BYPASS) != 0;
}
/* deny.scope all: nothing of a protected address is for them. */
static __always_inline int is_denied_everything(const struct packet *pkt) {
    return pkt->wall_flags & WALL_DENY_ALL && is_denied(pkt) && pkt->destination_network.flags & NETWORK_PROTECTED;
}

/* 5a: may this source talk SIP to a configured port at all? Where no peers are declared, everyone may. */
static __always_inline int is_admitted(const struct packet *pkt) {
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (pkt->wall_flags & WALL_ADMIT_ALL || is_allowed(pkt)) return 1;
    return zone && zone->flags & (ZONE_SIP | ZONE_PEER);
}

static __always_inline int is_refused_by_strict(const struct packet *pkt, const struct zone *zone) {
    return zone->flags & ZONE_STRICT && pkt->sip_class == CLASS_INVITE && !(known_flags(pkt, 0) & KNOWN_REGISTRAR);
}

static __always_inline int is_known_party(const struct packet *pkt, const struct zone *zone) {
    return zone->flags & ZONE_PEER || source_known_flags(pkt) & KNOWN_PARTY;
}

static __always_inline void mark_for_mirror(struct packet *pkt) {
    pkt->is_mirrored = pkt->sip_class != CLASS_KEEPALIVE;
}

/* For an admitted packet: `pass`, or why not. A global function: verified once. */
__noinline int judge_sip(struct context *ctx, struct packet *pkt, int pass) {
    if (!pkt) return REASON_malformed;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    classify_arrival(ctx, pkt);
    mark_for_mirror(pkt);
    if (!zone || is_allowed(pkt)) return pass;
    if (is_refused_by_strict(pkt, zone)) return REASON_not_registrar;
    int charge = charge_source(pkt, zone);
    if (charge == CHARGE_PASS || (is_in_dialog(pkt->sip_class) && is_known_party(pkt, zone))) return pass;
    return charge == CHARGE_FULL ? REASON_rate_limit_full : REASON_rate_limited;
}

/* Step 6, and SIP that is mirrored without a limit: the inside asked for it. */
__noinline int take_sip(struct context *ctx, struct packet *pkt, int pass) {
    if (!pkt) return REASON_malformed;
    classify_arrival(ctx, pkt);
    mark_for_mirror(pkt);
    return pass;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * protect.external: auto. What the inside asks STUN servers and what they answer is mirrored, and so the agent learns
 * where the inside is seen from beyond a NAT (RFC 8489 section 2). Of what comes in only answers to a question that has
 * just left, one to each: nobody outside can fill the rings with them. A live pinhole's STUN is that of ICE, and of its
 * call; nothing is learned by it.
 */
#pragma once

#include "bpf/ice.bpf.h"

#define QUESTION_LIFE (40 * NSEC_PER_SEC) /* RFC 8489 section 6.2.1: 39.5 s, all retransmissions and the last wait */

/* Beside the pairs of ICE, under a hash with the transaction in it: its 32 bits here, the rest is the agent's to compare. */
static __always_inline __u64 question_hash(const struct packet *pkt, const struct pinhole_key *inside,
                                           const struct pinhole_key *outside) {
    return flow_hash(inside, outside) ^ pkt->head[2] * 0x9e3779b97f4a7c15ULL;
}

/* It wakes nobody: what names the endpoint comes later, and the agent reads in the order of time. */
static __always_inline int mirror_binding(struct packet *pkt) {
    pkt->sip_class = CLASS_KEEPALIVE;
    return pkt->is_mirrored = 1;
}

static __always_inline int is_question(const struct packet *pkt, __u32 reason) {
    return pkt->wall_flags & WALL_LEARNS_EXTERNAL && pkt->kind == PACKET_UDP && !is_fragment(pkt) &&
           reason != REASON_out_media && is_stun_type(pkt, STUN_BINDING_REQUEST);
}

__noinline int note_question(struct packet *pkt) {
    if (!pkt || !(pkt->source_network.flags & NETWORK_PROTECTED)) return 0;
    __u64 question = question_hash(pkt, &pkt->source, &pkt->destination), until = pkt->now + QUESTION_LIFE;
    struct return_set *set = ice_set_of(question);
    if (!set) return 0;
    struct return_way *way = fresh_way(set, question, pkt->now);
    if (way) WRITE_ONCE(way->until, until);
    else if (!ice_quota_allows(pkt) || !take_way(set, question, pkt->now, until)) {
        count_event(EVENT_ice_pairs_full);
        return 0;
    }
    return mirror_binding(pkt);
}

static __always_inline int is_answer(const struct packet *pkt) {
    return pkt->wall_flags & WALL_LEARNS_EXTERNAL && pkt->kind == PACKET_UDP && !is_fragment(pkt) &&
           is_stun_type(pkt, STUN_BINDING_SUCCESS);
}

/* In the ring of the known: the inside has asked for it. */
__noinline int note_answer(struct packet *pkt) {
    if (!pkt) return 0;
    __u64 question = question_hash(pkt, &pkt->destination, &pkt->source);
    struct return_set *set = ice_set_of(question);
    if (!set) return 0;
    struct return_way *way = fresh_way(set, question, pkt->now);
    if (!way) return 0;
    WRITE_ONCE(way->until, 0);
    pkt->is_of_known = 1;
    return mirror_binding(pkt);
}

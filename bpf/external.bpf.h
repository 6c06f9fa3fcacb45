/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the inside asks STUN servers (RFC 8489 section 2), and their one answer to each question: nobody outside has more of it.
 *
 *  protect.external: auto   both are mirrored, and so the agent learns where the inside is seen from beyond a NAT. A live
 *                           pinhole's STUN is that of ICE, and of its call; nothing is learned by it
 *  from a SIP port          the answer passes there, success or error, though the server may not talk SIP to it. A way back
 *                           would let it do so
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

static __always_inline int learns_external(const struct packet *pkt) {
    return (pkt->wall_flags & WALL_LEARNS_EXTERNAL) != 0;
}

static __always_inline int is_binding(const struct packet *pkt, __u32 type) {
    return pkt->kind == PACKET_UDP && !is_fragment(pkt) && is_stun_type(pkt, type);
}
static __always_inline int is_answer(const struct packet *pkt) {
    return is_binding(pkt, STUN_BINDING_SUCCESS) || is_binding(pkt, STUN_BINDING_ERROR);
}

static __always_inline int is_question(const struct packet *pkt, __u32 reason) {
    if (reason == REASON_out_media || !is_binding(pkt, STUN_BINDING_REQUEST)) return 0;
    return learns_external(pkt) || (reason == REASON_out_sip && !is_heard_anyway(pkt));
}

__noinline int note_question(struct packet *pkt) {
    if (!pkt || !(pkt->source_network.flags & NETWORK_PROTECTED)) return 0;
    __u64 question = question_hash(pkt, &pkt->source, &pkt->destination), until = pkt->now + QUESTION_LIFE;
    struct return_set *set = ice_set_of(question);
    if (!set) return 0;
    struct return_way *way = fresh_way(set, question, pkt->now);
    if (way) WRITE_ONCE(way->until, until);
    else if (!ice_quota_allows(pkt) || !take_way(set, RETURN_WAYS, question, pkt->now, until)) {
        count_event(EVENT_ice_pairs_full);
        return 0;
    }
    return learns_external(pkt) ? mirror_binding(pkt) : 1;
}

/* Does it answer a question? Of copies only the first. What is mirrored goes to the ring of the known: the inside has asked
 * for it. */
__noinline int note_answer(struct packet *pkt) {
    if (!pkt) return 0;
    __u64 question = question_hash(pkt, &pkt->destination, &pkt->source);
    struct return_set *set = ice_set_of(question);
    if (!set) return 0;
    struct return_way *way = fresh_way(set, question, pkt->now);
    if (!way) return 0;
    __u64 until = READ_ONCE(way->until);
    if (__sync_val_compare_and_swap(&way->until, until, 0) != until) return 0;
    if (!learns_external(pkt) || !is_stun_type(pkt, STUN_BINDING_SUCCESS)) return 1;
    pkt->is_of_known = 1;
    return mirror_binding(pkt);
}

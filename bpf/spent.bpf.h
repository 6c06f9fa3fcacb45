/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5c, in short: a source that was over its limit a moment ago, and has no room in its bucket yet (docs/adr/0023).
 *
 * What such a packet meets is known without asking who its source is, hashing it and finding its bucket: the limiter has
 * said until when it stays over, and nothing but time gives it room. What could excuse it is asked each time. So the
 * answer is the one that judge_sip() would give, but for bans and reloads: theirs comes SPENT_LIFE later at most.
 *
 * A memory of each CPU's own, by exact address: there is nothing to aim at. Who takes a slot keeps it until it is over;
 * whoever else would have it goes the long way.
 */
#pragma once

#include "bpf/excuse.bpf.h"

_Static_assert(CLASS_COUNT <= 32 && GENERATIONS == 2, "what a slot is about stands in SPENT_ABOUT");

static __always_inline struct spent *spent_slot(const struct address *address) {
    __u32 hash = (address->word[0] ^ address->word[1] ^ address->word[2] ^ address->word[3]) * 0x9e3779b1U;
    __u32 page = hash >> 28;
    struct spent_page *found = bpf_map_lookup_elem(&spent, &page);
    return found ? &found->slot[hash >> 20 & (SPENT_SLOTS - 1)] : 0;
}
_Static_assert(SPENT_PAGES == 16 && SPENT_SLOTS == 256, "the bits of a slot's hash");

static __always_inline __u64 spent_about(const struct packet *pkt) { return pkt->sip_class << 1 | pkt->generation; }

/* A packet to a configured SIP port; classifies it. */
__noinline int is_spent(struct context *ctx, struct packet *pkt) {
    if (!pkt || is_replay || is_fragment(pkt)) return 0; /* a replay's verdicts hang on no CPU */
    classify_arrival(ctx, pkt);
    const struct spent *slot = spent_slot(&pkt->source.address);
    if (!slot || slot->until <= pkt->now) return 0;
    if ((slot->until & SPENT_ABOUT) != spent_about(pkt) || !same_address(&slot->address, &pkt->source.address)) return 0;
    return !may_be_known(pkt) && !may_be_excused(pkt, slot->hash);
}

/* A stranger's packet that was over `limit`, in the bucket `hash`. */
__noinline int remember_spent(const struct packet *pkt, const struct limit *limit, __u64 hash) {
    if (!pkt || !limit || pkt->wall_flags & WALL_MONITOR || may_be_known(pkt)) return 0;
    struct spent *slot = spent_slot(&pkt->source.address);
    if (!slot || slot->until > pkt->now) return 0;
    __u64 until = limiter_room_at(hash, pkt->now, limit->tolerance, limit->exponent);
    if (until > pkt->now + SPENT_LIFE) until = pkt->now + SPENT_LIFE;
    WRITE_ONCE(slot->until, 0);
    slot->address = pkt->source.address;
    slot->hash = hash;
    WRITE_ONCE(slot->until, (until & ~SPENT_ABOUT) | spent_about(pkt));
    return 0;
}

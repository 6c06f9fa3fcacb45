/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 4: IP fragments. A first fragment is judged by its ports as a whole packet is; a later one has none, so what it
 * may do hangs on its place:
 *
 *  bad   first without the bytes it is judged by, or a length that none has   drop fragment_tiny
 *  later where the first 40 bytes belong                                      drop fragment_overlap
 *        below the end of the first                                           drop fragment_overlap
 *        its first has passed                                                 pass later_fragment    (SIP: mirrored)
 *        no first, and nothing of ours behind it                              pass later_fragment
 *        no first yet: more than the cap, or no room to remember it           drop fragment_cap
 *        no first yet                                                         pass fragment_unpaired (UDP: mirrored)
 *  first over another first, or over later ones that have passed              drop fragment_overlap
 *
 * That no fragment reaches a port past its verdict rests on the first two lines alone, which need no memory: the bytes
 * that a verdict reads always come, all of them, from one first fragment that passed, whichever copy of a byte the host
 * prefers and however long it waits. The table keeps the rest of a datagram from being rewritten, pairs later fragments
 * with their first, and sends those of SIP after it to the agent.
 */
#pragma once

#include "bpf/limiter.bpf.h"
#include "bpf/mirror.bpf.h"

#define FRAGMENT_TRIES 4
/* Later fragments that may come before their first. Fragments overtake each other seldom; a flood of them fills the
 * hosts' memory. Each source has its cap at each inside address, and strangers together have another. */
#define UNPAIRED_BURST 128
#define UNPAIRED_PERIOD (NSEC_PER_SEC / 128)
#define UNPAIRED_STRANGERS_BURST 512
#define UNPAIRED_STRANGERS_PERIOD (NSEC_PER_SEC / 512)

enum fragment_fate { FRAGMENT_STORED, FRAGMENT_OVERLAPS, FRAGMENT_NO_ROOM, FRAGMENT_RETRY };

/* What is asked of one set, or put there. */
struct fragment_look {
    __u32 set;
    __u32 tag;
    __u32 now; /* in the table's units */
    __u32 place;   /* of a later fragment: its offset; of a first: its end; in eight bytes */
    __u32 flags;
    __u32 ways;    /* how many of the set it may take */
    __u8 is_later;
    __u8 is_outbound;
    __u8 ends_datagram;
    __u8 zero;
};

static __always_inline __u32 first_end_of(__u64 way) { return way >> FRAGMENT_FIRST_SHIFT & FRAGMENT_PLACE_MASK; }
static __always_inline __u32 min_later_of(__u64 way) { return way >> FRAGMENT_LATER_SHIFT & FRAGMENT_PLACE_MASK; }

static __always_inline int is_live_way(__u64 way, __u32 now) {
    __u32 left = ((__u32)(way >> FRAGMENT_DEADLINE_SHIFT) - now) & FRAGMENT_DEADLINE_MASK;
    return way != 0 && left != 0 && left <= FRAGMENT_LIFE + 1; /* made on a CPU whose clock has ticked before ours */
}

/* Five words and the addresses' two halves each: two calls, the second keyed by the first. An IPv6 datagram is known
 * by its addresses and identification alone (RFC 8200 section 4.5): later fragments may claim any protocol. */
static __always_inline __u64 datagram_hash(const struct packet *pkt) {
    __u64 protocol = is_v4_mapped(&pkt->source.address) ? pkt->source.port_proto & 0xff : 256;
    __u64 far = keyed_hash(HASH_OF(HASH_FRAGMENT_SOURCE, 3), 0, upper_half(&pkt->source.address),
                           lower_half(&pkt->source.address),
                           (__u64)pkt->fragment_id << 32 | protocol << 1 | pkt->is_outbound);
    return keyed_hash(HASH_OF(HASH_FRAGMENT, 3), 0, upper_half(&pkt->destination.address),
                      lower_half(&pkt->destination.address), far);
}

static __always_inline struct fragment_look look_for(const struct packet *pkt) {
    __u64 hash = datagram_hash(pkt);
    __u32 end = pkt->fragment_offset + (pkt->ip_end - pkt->fragment_begin);
    return (struct fragment_look){
        .set = hash & (FRAGMENT_SETS - 1),
        .tag = hash >> FRAGMENT_TAG_SHIFT,
        .now = pkt->now >> FRAGMENT_UNIT_SHIFT,
        .place = (pkt->fragment_offset ? pkt->fragment_offset : end) / 8 & FRAGMENT_PLACE_MASK,
        .is_later = pkt->fragment_offset != 0,
        .is_outbound = pkt->is_outbound,
        .ends_datagram = !pkt->has_more_fragments,
    };
}

static __always_inline int is_way_of(const struct fragment_look *look, __u64 way) {
    return way >> FRAGMENT_TAG_SHIFT == look->tag && is_live_way(way, look->now);
}

/* The slot of the datagram's way, else of the lowest free one (so that two CPUs want the same), else FRAGMENT_WAYS. */
__noinline __u32 find_way(const struct fragment_look *look) {
    if (!look) return FRAGMENT_WAYS;
    __u32 index = look->set;
    const struct fragment_set *set = bpf_map_lookup_elem(&fragments, &index);
    if (!set) return FRAGMENT_WAYS;
    __u32 slot = FRAGMENT_WAYS;
    for (__u32 i = 0; i < FRAGMENT_WAYS; i++) {
        __u64 way = READ_ONCE(set->way[i]);
        if (is_way_of(look, way)) return i;
        if (slot == FRAGMENT_WAYS && i < look->ways && !is_live_way(way, look->now)) slot = i;
    }
    return slot;
}

static __always_inline __u64 *way_at(const struct fragment_look *look, __u32 slot) {
    __u32 index = look->set;
    struct fragment_set *set = bpf_map_lookup_elem(&fragments, &index);
    return set && slot < FRAGMENT_WAYS ? &set->way[slot & (FRAGMENT_WAYS - 1)] : 0;
}

/* The datagram's live way, 0 where it has none. The last fragment of what is no SIP frees it: such flows may be of many
 * thousand fragments a second, and nobody puts them together but the host. */
__noinline __u64 follow_fragment(const struct packet *pkt) {
    if (!pkt) return 0;
    struct fragment_look look = look_for(pkt); /* ways: 0, none is wanted but its own */
    __u64 *at = way_at(&look, find_way(&look));
    if (!at) return 0;
    __u64 way = READ_ONCE(*at);
    if (!is_way_of(&look, way)) return 0;
    if (look.ends_datagram && !(way & FRAGMENT_SIP) && first_end_of(way) && look.place >= first_end_of(way))
        __sync_val_compare_and_swap(at, way, 0);
    return way;
}

static __always_inline int overlaps(const struct fragment_look *look, __u64 way) {
    if (look->is_outbound) return 0; /* nothing outbound is refused: the newest first counts */
    if (look->is_later) return look->place < first_end_of(way);
    return first_end_of(way) != 0 || (min_later_of(way) != 0 && look->place > min_later_of(way));
}

static __always_inline __u64 changed_way(const struct fragment_look *look, __u64 way) {
    __u64 deadline = (look->now + FRAGMENT_LIFE) & FRAGMENT_DEADLINE_MASK;
    __u64 fresh = (__u64)look->tag << FRAGMENT_TAG_SHIFT | deadline << FRAGMENT_DEADLINE_SHIFT;
    __u64 later = min_later_of(way);
    if (!look->is_later)
        return fresh | (__u64)look->place << FRAGMENT_FIRST_SHIFT | later << FRAGMENT_LATER_SHIFT | look->flags;
    if (later != 0 && later <= look->place) return way;
    if (way == 0) return fresh | (__u64)look->place << FRAGMENT_LATER_SHIFT;
    return (way & ~(FRAGMENT_PLACE_MASK << FRAGMENT_LATER_SHIFT)) | (__u64)look->place << FRAGMENT_LATER_SHIFT;
}

/* One look at the set, and one change. FRAGMENT_RETRY: another CPU was faster. */
__noinline int try_to_store(const struct fragment_look *look) {
    if (!look) return FRAGMENT_NO_ROOM;
    __u64 *at = way_at(look, find_way(look));
    if (!at) return FRAGMENT_NO_ROOM;
    __u64 seen = READ_ONCE(*at), way = seen;
    if (!is_way_of(look, seen)) {
        if (is_live_way(seen, look->now)) return FRAGMENT_RETRY;
        way = 0;
    }
    if (overlaps(look, way)) return FRAGMENT_OVERLAPS;
    return __sync_val_compare_and_swap(at, seen, changed_way(look, way)) == seen ? FRAGMENT_STORED : FRAGMENT_RETRY;
}

/* Remembers a fragment that passes. A set without room is counted: the table is never a way to shut others out of it,
 * and whoever it is full for should be seen. */
__noinline int store_fragment(const struct packet *pkt, __u32 flags, __u32 is_known) {
    if (!pkt) return FRAGMENT_NO_ROOM;
    struct fragment_look look = look_for(pkt);
    look.flags = flags & (FRAGMENT_SIP | FRAGMENT_KNOWN);
    look.ways = is_known ? FRAGMENT_WAYS : FRAGMENT_OPEN_WAYS;
    for (int attempt = 0; attempt < FRAGMENT_TRIES; attempt++) {
        int fate = try_to_store(&look);
        if (fate == FRAGMENT_STORED || fate == FRAGMENT_OVERLAPS) return fate;
        if (fate == FRAGMENT_NO_ROOM) break;
    }
    count_event(EVENT_fragments_full);
    return FRAGMENT_NO_ROOM;
}

static __always_inline __u64 source_at_destination(const struct packet *pkt) {
    int is_host = is_one_host(&pkt->source.address);
    __u64 prefix = is_host ? lower_half(&pkt->source.address) : upper_half(&pkt->source.address); /* the /64 */
    return keyed_hash(HASH_OF(HASH_UNPAIRED, 3), is_host, prefix, upper_half(&pkt->destination.address),
                      lower_half(&pkt->destination.address));
}

/* Over the cap? Strangers pay their common bucket first, so that a flood of them makes no buckets of its own. */
__noinline int is_over_cap(const struct packet *pkt, __u32 is_known) {
    if (!pkt) return 1;
    if (!is_known) {
        __u64 all = hash_address(HASH_UNPAIRED_STRANGERS, &pkt->destination.address, 0);
        if (quota_charge(all, pkt->now, UNPAIRED_STRANGERS_PERIOD, UNPAIRED_STRANGERS_BURST) != CHARGE_PASS) return 1;
    }
    return quota_charge(source_at_destination(pkt), pkt->now, UNPAIRED_PERIOD, UNPAIRED_BURST) != CHARGE_PASS;
}

static __always_inline void mirror_after_first(struct packet *pkt, __u64 way) {
    pkt->is_mirrored = (way & FRAGMENT_SIP) != 0;
    pkt->is_of_known = (way & FRAGMENT_KNOWN) != 0;
}

/* Whose first it was is not known yet: any UDP may be SIP. */
static __always_inline void mirror_unpaired(struct packet *pkt) {
    pkt->is_mirrored = (pkt->source.port_proto & 0xff) == IPPROTO_UDP;
}

/* A later fragment on its way in, its networks looked up. */
__noinline int judge_later_fragment(struct packet *pkt) {
    if (!pkt) return REASON_fragment_cap;
    if (!pkt->may_have_ports) return REASON_later_fragment;
    if (pkt->fragment_offset < FIRST_FRAGMENT_BYTES) return REASON_fragment_overlap;
    __u64 way = follow_fragment(pkt);
    if (first_end_of(way)) {
        if (pkt->fragment_offset / 8 < first_end_of(way)) return REASON_fragment_overlap;
        mirror_after_first(pkt, way);
        return REASON_later_fragment;
    }
    if (!(pkt->destination_network.flags & NETWORK_PROTECTED)) return REASON_later_fragment;
    __u32 is_known = ring_for(pkt) == RING_KNOWN;
    if (is_over_cap(pkt, is_known)) return REASON_fragment_cap;
    int fate = store_fragment(pkt, 0, is_known);
    if (fate == FRAGMENT_OVERLAPS) return REASON_fragment_overlap; /* its first has come meanwhile, on another CPU */
    if (fate != FRAGMENT_STORED) return REASON_fragment_cap;
    mirror_unpaired(pkt);
    return REASON_fragment_unpaired;
}

/* Media and answers that the inside has asked for, beside the sources that the agent knows. */
static __always_inline int is_asked_for(int pass) { return pass >= REASON_pinhole_rtp && pass <= REASON_return_path; }

/* A first fragment that would pass as `pass`. What no address of ours and no SIP port gets is not remembered. */
__noinline int judge_first_fragment(struct packet *pkt, int pass) {
    if (!pkt) return pass;
    look_up_networks(pkt); /* a pinhole's exact peer came without */
    if (!pkt->is_mirrored && !(pkt->destination_network.flags & NETWORK_PROTECTED)) return pass;
    __u32 is_known = ring_for(pkt) == RING_KNOWN;
    __u32 flags = (pkt->is_mirrored ? FRAGMENT_SIP : 0) | (is_known ? FRAGMENT_KNOWN : 0);
    int fate = store_fragment(pkt, flags, is_known | is_asked_for(pass));
    return fate == FRAGMENT_OVERLAPS ? REASON_fragment_overlap : pass;
}

/* Where nothing is refused: what is SIP goes to the agent, and what may be. */
static __always_inline void mirror_later(struct packet *pkt) {
    __u64 way = follow_fragment(pkt);
    if (first_end_of(way)) mirror_after_first(pkt, way);
    else if (!is_over_cap(pkt, 1)) mirror_unpaired(pkt);
}

__noinline int note_first_out(struct packet *pkt) {
    if (!pkt) return 0;
    look_up_networks(pkt);
    if (!pkt->may_have_ports || !(pkt->source_network.flags & NETWORK_PROTECTED)) return 0;
    return store_fragment(pkt, pkt->is_mirrored ? FRAGMENT_SIP : 0, 1);
}

__noinline int judge_later_out(struct packet *pkt) {
    if (!pkt) return REASON_out_other;
    look_up_networks(pkt);
    if (!pkt->may_have_ports || !(pkt->source_network.flags & NETWORK_PROTECTED)) return REASON_out_other;
    mirror_later(pkt);
    return REASON_out_fragment;
}

/* A fragment on a watched interface, either way. Its memory is that of what goes out, even where it comes in: the same
 * datagram may be judged at an outside interface too, and its first must not count there as a second one. */
__noinline int watch_fragment(struct packet *pkt) {
    if (!pkt || !pkt->may_have_ports) return 0;
    __u8 is_outbound = pkt->is_outbound;
    pkt->is_outbound = 1;
    if (pkt->is_first_fragment) store_fragment(pkt, pkt->is_mirrored ? FRAGMENT_SIP : 0, 1);
    else mirror_later(pkt);
    pkt->is_outbound = is_outbound;
    return 0;
}

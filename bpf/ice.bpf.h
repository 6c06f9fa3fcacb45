/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * ICE (RFC 8445) as a filter can know it. A connectivity check is a STUN Binding request whose USERNAME begins with the
 * fragment that the inside gave out. What then makes a pair is the inside's own word: a check or a success response that
 * it sends from the port (its agent has verified the password, which we never see). Pairs live a little longer than
 * consent (RFC 7675: 30 s); whatever the inside sends over one renews it, as agents without consent send media only.
 */
#pragma once

#include "bpf/count.bpf.h"
#include "bpf/load.bpf.h"
#include "bpf/media.bpf.h"
#include "bpf/return_path.bpf.h"

#define ICE_PAIR_LIFE (40 * NSEC_PER_SEC)
#define ICE_PAIR_QUOTA 128 /* new ones a minute of one port: a checklist has 100 (RFC 8445 section 6.1.2.5) */
#define ICE_CHECK_PERIOD (NSEC_PER_SEC / 200) /* from no pair yet, to one port: Ta is 5 ms at least (section 14.2) */
#define ICE_CHECK_BURST 200
#define STUN_ATTRIBUTES 8 /* that a USERNAME may stand behind */
#define STUN_USERNAME 0x0006

enum stun_type { STUN_BINDING_REQUEST = 0x0001, STUN_BINDING_SUCCESS = 0x0101, STUN_BINDING_ERROR = 0x0111 };

static __always_inline int is_stun_type(const struct packet *pkt, __u32 type) {
    return bpf_ntohl(pkt->head[0]) >> 16 == type && is_stun(pkt->head[0], pkt->head[1], pkt->payload_here);
}

static __always_inline struct return_set *ice_set_of(__u64 pair) {
    __u32 index = pair >> 32 & (ICE_PAIR_SETS - 1);
    return bpf_map_lookup_elem(&ice_pairs, &index);
}

/* On the way in: has the inside used this pair within its life? */
__noinline int is_ice_pair(const struct packet *pkt) {
    if (!pkt) return 0;
    __u64 pair = flow_hash(&pkt->destination, &pkt->source);
    struct return_set *set = ice_set_of(pair);
    return set && fresh_way(set, pair, pkt->now);
}

/* Of each port its own: whoever makes the inside check many addresses on one port has used up no other's. */
static __always_inline int ice_quota_allows(const struct packet *pkt) {
    __u64 hash = hash_address(HASH_ICE_QUOTA, &pkt->source.address, port_of(&pkt->source));
    return quota_charge(hash, pkt->now, 60 * NSEC_PER_SEC / ICE_PAIR_QUOTA, ICE_PAIR_QUOTA) == CHARGE_PASS;
}

/* On the way out, from a pinhole with ICE: a check or a success response makes the pair, anything renews it. */
__noinline int note_ice_pair(const struct packet *pkt) {
    if (!pkt) return 0;
    __u64 pair = flow_hash(&pkt->source, &pkt->destination);
    struct return_set *set = ice_set_of(pair);
    if (!set) return 0;
    struct return_way *way = fresh_way(set, pair, pkt->now);
    if (way) {
        WRITE_ONCE(way->until, pkt->now + ICE_PAIR_LIFE);
        return 1;
    }
    if (!is_stun_type(pkt, STUN_BINDING_REQUEST) && !is_stun_type(pkt, STUN_BINDING_SUCCESS)) return 0;
    if (ice_quota_allows(pkt) && take_way(set, RETURN_WAYS, pair, pkt->now, pkt->now + ICE_PAIR_LIFE)) return 1;
    count_event(EVENT_ice_pairs_full);
    return 0;
}

struct stun_attribute { /* RFC 8489 section 14; the value follows, padded to four bytes */
    __be16 type;
    __be16 length;
};
struct ufrag {
    __u8 byte[UFRAG_BYTES];
};

/* FNV-1a of what stands before the colon, or of UFRAG_BYTES of it; 0 where there is neither. Behind what was loaded
 * stand zeros, which no fragment holds. */
__noinline __u64 ufrag_hash(const struct ufrag *ufrag) {
    if (!ufrag) return 0;
    __u64 hash = FNV_BASIS;
    for (int i = 0; i < UFRAG_BYTES; i++) {
        if (ufrag->byte[i] == ':') return hash;
        if (ufrag->byte[i] == 0) return 0;
        hash = (hash ^ ufrag->byte[i]) * FNV_PRIME;
    }
    return hash;
}

/* RFC 8445 section 7.2.2: USERNAME = fragment of the one who is asked ":" fragment of the one who asks. */
__noinline __u64 stun_ufrag(struct context *ctx, const struct packet *pkt) {
    if (!pkt) return 0;
    __u32 at = STUN_HEADER;
    for (int i = 0; i < STUN_ATTRIBUTES; i++) {
        struct stun_attribute attribute;
        if (at + sizeof(attribute) > pkt->payload_here) return 0;
        if (load_bytes(ctx, pkt->payload_offset + at, &attribute, sizeof(attribute)) != 0) return 0;
        __u32 length = bpf_ntohs(attribute.length);
        at += sizeof(attribute);
        if (at + length > pkt->payload_here) return 0;
        if (attribute.type == bpf_htons(STUN_USERNAME)) {
            struct ufrag ufrag = {};
            if (length > UFRAG_BYTES) length = UFRAG_BYTES;
            if (load_up_to(ctx, pkt->payload_offset + at, ufrag.byte, length, UFRAG_BYTES) != 0) return 0;
            return ufrag_hash(&ufrag);
        }
        at += (length + 3) & ~3U;
    }
    return 0;
}

/* Checks from where no pair is yet cost the inside an HMAC each. */
static __always_inline int is_over_check_rate(const struct packet *pkt) {
    __u64 hash = hash_address(HASH_ICE_CHECKS, &pkt->destination.address, port_of(&pkt->destination));
    return quota_charge(hash, pkt->now, ICE_CHECK_PERIOD, ICE_CHECK_BURST) != CHARGE_PASS;
}

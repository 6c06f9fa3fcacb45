/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 3: is the source banned just now? A ban is of an address and port, of an address, or of an IPv6 /64 (maps/abi/ban.h).
 *
 *  by command                  NETWORK_BANNED: as a denial, everywhere
 *  what the wall concluded     NETWORK_SILENCED: at the ports of SIP that the wall reads. Not for who is registered or in
 *                              a call from exactly there, unless it is that port that is banned
 *  allowed sources, peers      never
 */
#pragma once

#include "bpf/policy.bpf.h"

/* Beside those of maps/abi/policy.h, in a packet's standing only: no network has them. */
enum { NETWORK_BANNED = 1 << 16, NETWORK_SILENCED = 1 << 17 };

static __always_inline __u32 ban_hints_at(__u32 bit) {
    __u32 index = bit / HINT_PAGE_BITS;
    const struct hint_page *page = bpf_map_lookup_elem(&ban_hints, &index);
    return page ? page->word[bit / 64 % HINT_PAGE_WORDS] >> (bit & 63) : HINT_FINER;
}

/* As may_be_listed(), in two steps, as bans are of addresses: none holds all of a coarse one. */
static __always_inline int has_bans_near(const struct address *address) {
    int is_v4 = is_v4_mapped(address);
    __u32 leading = leading_word(address);
    return ban_hints_at(HINT_COARSE_BIT(is_v4, leading)) & HINT_FINER;
}
static __always_inline int may_be_banned(const struct address *address) {
    int is_v4 = is_v4_mapped(address);
    __u32 leading = leading_word(address);
    return ban_hints_at(is_v4 ? HINT_FINE_V4_BIT(leading) : HINT_FINE_V6_BIT(leading)) & 1;
}

/* What a ban is of; the key of one that may reach the packet. */
enum ban_width { BAN_IS_OF_ADDRESS, BAN_IS_OF_NETWORK, BAN_IS_OF_PORT };
static __always_inline struct ban_key ban_key_of(const struct packet *pkt, __u32 width) {
    struct ban_key key = {.address = pkt->source.address, .port = BAN_ADDRESS};
    if (width == BAN_IS_OF_PORT) key.port = port_of(&pkt->source);
    if (width != BAN_IS_OF_NETWORK) return key;
    key.address.word[2] = key.address.word[3] = 0;
    key.port = BAN_NETWORK;
    return key;
}

/* The standing that a ban gives, 0 where it is over. */
static __always_inline __u32 standing_by(const struct ban *ban, const struct packet *pkt) {
    if (!ban || READ_ONCE(ban->until_ns) <= pkt->now) return 0;
    return READ_ONCE(ban->flags) & BAN_OF_OURS ? NETWORK_SILENCED : NETWORK_BANNED;
}

static __always_inline __u32 standing_by_ban_of(struct packet *pkt, __u32 width) {
    struct ban_key key = ban_key_of(pkt, width);
    __u32 standing = standing_by(bpf_map_lookup_elem(&bans, &key), pkt);
    if (standing) pkt->ban_width = width;
    return standing;
}

/* The widest first: what an operator bans is banned whole. A frame of its own, as network_of(). */
static __noinline __u32 ban_of(struct packet *pkt) {
    __u32 port = port_of(&pkt->source);
    __u32 standing = standing_by_ban_of(pkt, BAN_IS_OF_ADDRESS);
    if (!standing && !is_v4_mapped(&pkt->source.address)) standing = standing_by_ban_of(pkt, BAN_IS_OF_NETWORK);
    if (standing == NETWORK_BANNED || !port) return standing;
    __u32 of_own = standing_by_ban_of(pkt, BAN_IS_OF_PORT);
    if (of_own) return of_own;
    return known_flags(pkt, port) & (KNOWN_REGISTERED | KNOWN_PARTY) ? 0 : standing;
}

/* A global function: verified once. */
__noinline int ask_for_ban(struct packet *pkt) {
    if (!pkt || !may_be_banned(&pkt->source.address) || pkt->source_network.flags & NETWORK_ALLOWED) return 0;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (zone && zone->flags & ZONE_PEER) return 0;
    pkt->source_network.flags |= ban_of(pkt);
    return 0;
}

/* For a source that has been looked up. Where there are no bans it costs one load. */
static __always_inline void note_ban(struct packet *pkt) {
    if (has_bans_near(&pkt->source.address)) ask_for_ban(pkt);
}

/* Of a packet that a ban has dropped: what it lets through is none of its doing. A global function: verified once. */
__noinline int count_banned(const struct packet *pkt) {
    if (!pkt) return 0;
    struct ban_key key = ban_key_of(pkt, pkt->ban_width);
    struct ban *ban = bpf_map_lookup_elem(&bans, &key);
    if (ban) __sync_fetch_and_add(&ban->packets, 1);
    return 0;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 5b: does a request bear the name of an attack tool? Asked last, of strangers' requests that their limits let
 * through: whoever floods is refused for less. Read are the first EXCUSE_BYTES of a UDP datagram that is here whole; what
 * is longer, in fragments or a stream the agent reads.
 *
 * The first "User-Agent" that begins a line is it. Eight bytes are looked at together: a line's first letter is a U in
 * few of them.
 */
#pragma once

#include "bpf/excuse.bpf.h"
#include "maps/abi/user_agent.h"

#define EACH_BYTE(c) ((c)*0x0101010101010101ULL)

/* 0x80 in each byte that equals `c`. */
static __always_inline __u64 bytes_equal(__u64 word, __u8 c) {
    const __u64 low = EACH_BYTE(0x7fULL);
    __u64 differs = word ^ EACH_BYTE((__u64)c);
    return ~(((differs & low) + low) | differs | low);
}

struct agent_search {
    const struct request_words *words;
    __u32 length;
    __u32 at;       /* behind the name of the header; 0: none found yet */
    __u64 line_end; /* bit 7: the word before ended a line */
};

static __always_inline const __u8 *byte_at(const struct request_words *words, __u32 at) {
    return (const __u8 *)words + (at & (EXCUSE_BYTES - 1));
}

/* "User-Agent", in any case. Unaligned: behind EXCUSE_BYTES there is room for more. */
static __always_inline int names_agent(const struct request_words *words, __u32 at) {
    const __u8 *name = byte_at(words, at);
    __u64 first = *(const __u64 *)name | EACH_BYTE(0x20ULL);
    __u16 last = *(const __u16 *)(name + 8) | 0x2020;
    return first == 0x6567612d72657375ULL && last == 0x746e; /* "user-age", "nt" */
}

static long search_word(__u32 index, struct agent_search *search) {
    __u64 word = search->words->word[index & (EXCUSE_BYTES / 8 - 1)];
    __u64 line_ends = bytes_equal(word, '\n');
    __u64 begins = bytes_equal(word | EACH_BYTE(0x20ULL), 'u') & (line_ends << 8 | search->line_end);
    search->line_end = line_ends >> 56;
    if (!begins) return 0;
    /* Which byte the lowest of its bits is in: the number that it shifts to the top. */
    __u64 lowest = (begins & -begins) >> 7;
    __u32 at = index * 8 + (__u32)(lowest * 0x0001020304050607ULL >> 56);
    if (!names_agent(search->words, at)) return 0;
    search->at = at + 10;
    return 1;
}

struct agent_product {
    const struct request_words *words;
    __u32 at, length;
    __u32 has_colon, taken; /* bytes of the product */
    __u64 hash;
};

static long take_byte(__u32 index, struct agent_product *product) {
    __u32 at = product->at + index;
    if (at >= product->length) return 1;
    __u8 c = lower_char(*byte_at(product->words, at));
    if (product->taken == 0 && (c == ' ' || c == '\t')) return 0;
    if (!product->has_colon) {
        product->has_colon = c == ':';
        return !product->has_colon;
    }
    if (!is_product_char(c)) return 1;
    product->hash = (product->hash ^ c) * FNV_PRIME;
    product->taken++;
    return 0;
}

/* FNV_BASIS where there is none, or too long a one. */
static __always_inline __u64 product_behind(const struct agent_search *search) {
    /* Linux 6.1 verifies a callback once, as it is called first, and takes out every branch that this one time leaves: what
     * the branches ask must be no constant. Nobody writes the last word. */
    __u32 zero = search->words->word[REQUEST_WORDS - 1];
    struct agent_product product = {.words = search->words,
                                    .at = search->at,
                                    .length = search->length,
                                    .has_colon = zero,
                                    .taken = zero,
                                    .hash = FNV_BASIS};
    bpf_loop(2 * PRODUCT_LONGEST, take_byte, &product, 0);
    return product.taken <= PRODUCT_LONGEST ? product.hash : FNV_BASIS;
}

struct bisection {
    const struct user_agents *listed;
    __u64 hash;
    __u32 at;
};
/* A callback, as of nine branches in a row the verifier would follow 512 ways. */
static long bisect(__u32 index, struct bisection *search) {
    __u32 upper = search->at + (USER_AGENTS / 2 >> (index & 15));
    if (search->listed->product[upper & (USER_AGENTS - 1)] <= search->hash) search->at = upper;
    return 0;
}
_Static_assert(USER_AGENTS == 1 << 9, "halved nine times");

static __always_inline int is_listed_product(const struct packet *pkt, __u64 hash) {
    __u32 generation = pkt->generation;
    struct bisection search = {.listed = bpf_map_lookup_elem(&user_agents, &generation), .hash = hash};
    if (!search.listed) return 0;
    bpf_loop(9, bisect, &search, 0);
    return search.listed->product[search.at & (USER_AGENTS - 1)] == hash;
}

static __always_inline int may_be_attack_tool(const struct packet *pkt) {
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (!zone || zone->flags & ZONE_PEER || !has_copies(pkt)) return 0;
    return !(source_known_flags(pkt) & KNOWN_NO_STRANGER);
}

/* A global function: verified once. */
__noinline int is_attack_tool(struct context *ctx, const struct packet *pkt) {
    __u32 zero = 0;
    if (!pkt || !may_be_attack_tool(pkt)) return 0;
    struct request_words *words = bpf_map_lookup_elem(&request_words, &zero);
    if (!words || load_up_to(ctx, pkt->payload_offset, words, pkt->payload_here, EXCUSE_BYTES) != 0) return 0;
    struct agent_search search = {.words = words, .length = pkt->payload_here};
    bpf_loop((search.length + 7) / 8, search_word, &search, 0);
    if (search.at == 0) return 0;
    __u64 hash = product_behind(&search);
    return hash != FNV_BASIS && is_listed_product(pkt, hash);
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What belongs to a call that stands: requests with a tag in To (RFC 3261 section 12.2), responses, and the methods that
 * are sent in calls only. Such packets of known parties are not dropped for their number (docs/adr/0020):
 *
 *  declared peers, who is registered   methods of calls, and responses
 *  the party of a live call, from      the same, and any request with a tag in To: from a bucket of its own for each
 *  exactly there                       class, by address and port. A call earns nothing else
 *
 * The tag is looked for byte by byte, and only where it decides: some microseconds, charged before.
 */
#pragma once

#include "bpf/load.bpf.h"
#include "bpf/sip_limit.bpf.h"

#define PARTY_PERIOD_NS (NSEC_PER_SEC / 200)
#define PARTY_BURST 400

/* RFC 3261 sections 7.3.1 and 25.1: header-name HCOLON value, folded lines, quoted strings, the URI in brackets. A table
 * of states and bytes, as branches would cost the verifier seven times as much. */
enum to_byte {
    BYTE_OTHER,
    BYTE_WHITE,
    BYTE_CR,
    BYTE_LF,
    BYTE_T,
    BYTE_O,
    BYTE_A,
    BYTE_G,
    BYTE_COLON,
    BYTE_SEMICOLON,
    BYTE_EQUALS,
    BYTE_QUOTE,
    BYTE_BACKSLASH,
    BYTE_LESS,
    BYTE_GREATER,
    TO_BYTES = 16,
};
static const __u8 to_byte[256] = {
    ['\t'] = BYTE_WHITE,      [' '] = BYTE_WHITE, ['\r'] = BYTE_CR, ['\n'] = BYTE_LF,   ['t'] = BYTE_T,
    ['T'] = BYTE_T,           ['o'] = BYTE_O,     ['O'] = BYTE_O,   ['a'] = BYTE_A,     ['A'] = BYTE_A,
    ['g'] = BYTE_G,           ['G'] = BYTE_G,     [':'] = BYTE_COLON, [';'] = BYTE_SEMICOLON, ['='] = BYTE_EQUALS,
    ['"'] = BYTE_QUOTE,       ['\\'] = BYTE_BACKSLASH, ['<'] = BYTE_LESS, ['>'] = BYTE_GREATER,
};
enum to_state {
    SK, /* skips a line: the start line, another header */
    LB, /* a line begins */
    TT, /* "t" */
    NA, /* "t" or "to", the colon follows */
    VA, /* the value */
    QU, /* a quoted string in it */
    ES, /* behind its backslash */
    BR, /* the URI in brackets */
    PA, /* a parameter begins */
    P1, /* "t" */
    P2, /* "ta" */
    P3, /* "tag" */
    TO_HAS_TAG,
    TO_HAS_NONE,
    TO_STATES = 16,
    TO_FOLDED = 16, /* beside a state: the line has ended, and white space continues the value */
};
#define NO TO_HAS_NONE
static const __u8 to_next[TO_STATES][TO_BYTES] = {
    /*     .   SP  CR  LF  t   o   a   g   :   ;   =   "   \   <   > */
    [SK] = {SK, SK, SK, LB, SK, SK, SK, SK, SK, SK, SK, SK, SK, SK, SK},
    [LB] = {SK, SK, NO, NO, TT, SK, SK, SK, SK, SK, SK, SK, SK, SK, SK},
    [TT] = {SK, NA, SK, LB, SK, NA, SK, SK, VA, SK, SK, SK, SK, SK, SK},
    [NA] = {SK, NA, SK, LB, SK, SK, SK, SK, VA, SK, SK, SK, SK, SK, SK},
    [VA] = {VA, VA, VA, VA, VA, VA, VA, VA, VA, PA, VA, QU, VA, BR, VA},
    [QU] = {QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, VA, ES, QU, QU},
    [ES] = {QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU, QU},
    [BR] = {BR, BR, BR, BR, BR, BR, BR, BR, BR, BR, BR, BR, BR, BR, VA},
    [PA] = {VA, PA, PA, PA, P1, VA, VA, VA, VA, PA, VA, QU, VA, BR, VA},
    [P1] = {VA, VA, VA, VA, VA, VA, P2, VA, VA, PA, VA, QU, VA, BR, VA},
    [P2] = {VA, VA, VA, VA, VA, VA, VA, P3, VA, PA, VA, QU, VA, BR, VA},
    [P3] = {VA, P3, P3, P3, VA, VA, VA, VA, VA, PA, TO_HAS_TAG, QU, VA, BR, VA},
    [TO_HAS_NONE] = {NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO},
};
#undef NO

struct to_search {
    const struct request_words *words;
    __u32 state;
    __u32 zero;
};
static long look_at_nth(__u32 index, struct to_search *search) {
    const __u8 *bytes = (const __u8 *)search->words->word;
    __u32 byte = to_byte[bytes[index & (EXCUSE_BYTES - 1)]] & (TO_BYTES - 1), state = search->state;
    if (state & TO_FOLDED && byte != BYTE_WHITE) state = TO_HAS_NONE;
    state = to_next[state & (TO_STATES - 1)][byte];
    if (byte == BYTE_LF && state >= VA) state |= TO_FOLDED;
    search->state = state;
    return (state & (TO_STATES - 1)) >= TO_HAS_TAG;
}

/* The request's first EXCUSE_BYTES in the scratch, `here` of them; null where there are none. */
static __always_inline struct request_words *load_request(struct context *ctx, const struct packet *pkt, __u32 *here) {
    __u32 zero = 0;
    struct request_words *words = bpf_map_lookup_elem(&request_words, &zero);
    *here = pkt->payload_here < EXCUSE_BYTES ? pkt->payload_here : EXCUSE_BYTES;
    if (!words || load_up_to(ctx, pkt->payload_offset, words, *here, EXCUSE_BYTES) != 0) return 0;
    return words;
}

/* A tag in To, as far as the first 2,048 bytes show. What has none there, or no To at all, begins something. */
__noinline int has_to_tag(struct context *ctx, const struct packet *pkt) {
    __u32 here;
    if (!pkt) return 0;
    struct request_words *words = load_request(ctx, pkt, &here);
    if (!words) return 0;
    struct to_search search = {.words = words, .state = SK};
    bpf_loop(here, look_at_nth, &search, 0);
    return search.state == TO_HAS_TAG;
}

__noinline int has_party_quota(const struct packet *pkt) {
    if (!pkt) return 0;
    __u64 who = (__u64)pkt->sip_class << 32 | port_of(&pkt->source);
    __u64 hash = keyed_hash(HASH_OF(HASH_LIMIT_PARTY, 2), who, upper_half(&pkt->source.address),
                            lower_half(&pkt->source.address), 0);
    return known_quota_charge(hash, pkt->now, PARTY_PERIOD_NS, PARTY_BURST) == CHARGE_PASS;
}

/* Of the methods of calls, and responses. A global function, as the next: verified once. */
__noinline int is_of_known_party(const struct packet *pkt) {
    if (!pkt) return 0;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    if (zone && zone->flags & ZONE_PEER) return 1;
    __u32 flags = source_known_flags(pkt);
    return flags & KNOWN_REGISTERED || (flags & KNOWN_PARTY && has_party_quota(pkt));
}

/* Over its limits: does it belong to a call that stands? */
__noinline int is_of_live_call(struct context *ctx, const struct packet *pkt) {
    if (!pkt) return 0;
    if (is_in_dialog(pkt->sip_class)) return is_of_known_party(pkt);
    if (pkt->sip_class >= CLASS_RESPONSE || !(known_flags(pkt, port_of(&pkt->source)) & KNOWN_PARTY)) return 0;
    return has_party_quota(pkt) && has_to_tag(ctx, pkt);
}

/* Of a source that nothing but its call admits: is it for that call? */
static __always_inline int is_for_its_call(struct context *ctx, const struct packet *pkt) {
    return pkt->sip_class == CLASS_KEEPALIVE || is_in_dialog(pkt->sip_class) || has_to_tag(ctx, pkt);
}

/* A re-INVITE of a live call's party. A global function: verified once. */
__noinline int is_reinvite(struct context *ctx, const struct packet *pkt) {
    return pkt && known_flags(pkt, port_of(&pkt->source)) & KNOWN_PARTY && has_to_tag(ctx, pkt);
}

/* What a source that has shown where it is sends over its limits is its own doing: the agent reads the count. */
__noinline int count_excess(const struct packet *pkt) {
    if (!pkt || !may_be_known(pkt)) return 0;
    struct known_key key = {.address = pkt->source.address, .port = port_of(&pkt->source)};
    struct known *found = bpf_map_lookup_elem(&known, &key);
    if (!found || !(READ_ONCE(found->flags) & KNOWN_PROVEN) || READ_ONCE(found->until_ns) <= pkt->now) return 0;
    __sync_fetch_and_add(&found->excess, 1);
    return 0;
}
static __always_inline void note_excess(const struct packet *pkt, const struct zone *zone) {
    if (zone->flags & ZONE_COUNTS_EXCESS) count_excess(pkt);
}

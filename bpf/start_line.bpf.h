/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What kind of SIP a datagram begins as: its limiter class, and whether it is a request. Only the first token counts;
 * everything behind it is the agent's to read.
 */
#pragma once

#include "bpf/load.bpf.h"

#define START_BYTES 32
#define STUN_COOKIE 0x2112a442 /* RFC 8489 section 5 */
#define STUN_HEADER 20

struct start {
    __u8 byte[START_BYTES];
    __u32 length;   /* of the datagram's payload */
    __u32 captured; /* in byte[] */
};

enum start_flag { START_IS_REQUEST = 1 << 8 }; /* beside the class: METHOD SP scheme ":" */

/* RFC 3261 section 25.1: token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~") */
static __always_inline int is_token_char(__u32 c) {
    const __u64 low = 0x03ff6ca200000000ULL;  /* ! % ' * + - . 0-9 */
    const __u64 high = 0x47ffffff87fffffeULL; /* A-Z _ ` a-z ~ */
    return c < 128 && (c < 64 ? low >> c : high >> (c - 64)) & 1;
}

/* RFC 3986 section 3.1, without the leading letter's own rule: which scheme it is does not matter here */
static __always_inline int is_scheme_char(__u32 c) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

#define KEEPALIVE_BYTES 8

static __always_inline int all_bytes(const struct start *start, __u8 a, __u8 b) {
    for (int i = 0; i < KEEPALIVE_BYTES; i++)
        if (i < (int)start->captured && start->byte[i] != a && start->byte[i] != b) return 0;
    return 1;
}

static __always_inline int is_stun(__be32 first, __be32 second, __u32 length) {
    return bpf_ntohl(first) >> 24 <= 3 && bpf_ntohl(second) == STUN_COOKIE && length >= STUN_HEADER;
}

/* RFC 5626 section 4.4.1 CRLFs, STUN, and the few zero bytes that many phones send */
static __always_inline int is_keepalive(const struct start *start) {
    const __be32 *word = (const __be32 *)start->byte;
    if (start->length <= 4 && all_bytes(start, 0, 0)) return 1;
    if (start->length <= KEEPALIVE_BYTES && all_bytes(start, '\r', '\n')) return 1;
    return is_stun(word[0], word[1], start->length);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the method constants below are written for little-endian machines"
#endif
#define WORD8(a, b, c, d, e, f, g, h)                                                                           \
    ((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 | \
     (__u64)(g) << 48 | (__u64)(h) << 56)
#define FIRST(n) (~0ULL >> (64 - 8 * (n)))

#define LOWER 0x2020202020202020ULL /* no other byte of a token becomes a letter, and none but NUL a space */

/* The method with the space behind it, in letters of any case: it counts by RFC 3261 section 7.1, and servers take
 * "invite" for INVITE all the same. The longest, SUBSCRIBE with its space, has ten bytes: eight in `w`, the others in
 * `behind`. */
static __always_inline int method_class(__u64 w, __u32 behind) {
    w |= LOWER;
    behind |= (__u32)LOWER;
    if ((w & FIRST(7)) == WORD8('i', 'n', 'v', 'i', 't', 'e', ' ', 0)) return CLASS_INVITE;
    if ((w & FIRST(4)) == WORD8('a', 'c', 'k', ' ', 0, 0, 0, 0)) return CLASS_ACK;
    if ((w & FIRST(4)) == WORD8('b', 'y', 'e', ' ', 0, 0, 0, 0)) return CLASS_BYE;
    if ((w & FIRST(7)) == WORD8('c', 'a', 'n', 'c', 'e', 'l', ' ', 0)) return CLASS_CANCEL;
    if (w == WORD8('r', 'e', 'g', 'i', 's', 't', 'e', 'r') && (behind & 0xff) == ' ') return CLASS_REGISTER;
    if (w == WORD8('o', 'p', 't', 'i', 'o', 'n', 's', ' ')) return CLASS_OPTIONS;
    if (w == WORD8('s', 'u', 'b', 's', 'c', 'r', 'i', 'b') && (behind & 0xffff) == ('e' | ' ' << 8))
        return CLASS_SUBSCRIBE;
    if ((w & FIRST(7)) == WORD8('n', 'o', 't', 'i', 'f', 'y', ' ', 0)) return CLASS_NOTIFY;
    if (w == WORD8('p', 'u', 'b', 'l', 'i', 's', 'h', ' ')) return CLASS_PUBLISH;
    if ((w & FIRST(5)) == WORD8('i', 'n', 'f', 'o', ' ', 0, 0, 0)) return CLASS_INFO;
    if ((w & FIRST(6)) == WORD8('p', 'r', 'a', 'c', 'k', ' ', 0, 0)) return CLASS_PRACK;
    if ((w & FIRST(7)) == WORD8('u', 'p', 'd', 'a', 't', 'e', ' ', 0)) return CLASS_UPDATE;
    if (w == WORD8('m', 'e', 's', 's', 'a', 'g', 'e', ' ')) return CLASS_MESSAGE;
    if ((w & FIRST(6)) == WORD8('r', 'e', 'f', 'e', 'r', ' ', 0, 0)) return CLASS_REFER;
    return CLASS_OTHER;
}

/* SIP-Version is any case, too. */
static __always_inline int is_status_line(__u64 w) {
    return (w | LOWER) == WORD8('s', 'i', 'p', '/', '2', '.', '0', ' ');
}

/* The length of the token that a space ends, 0 where the datagram does not begin with one. Bytes beyond what was
 * captured are zero: neither token nor scheme. A global function, as the next: the verifier then need not follow every
 * length of the one through all of the other. */
__noinline int token_length(const struct start *start) {
    if (!start) return 0;
    for (int i = 0; i < START_BYTES; i++) {
        if (start->byte[i] == ' ') return i;
        if (!is_token_char(start->byte[i])) return 0;
    }
    return 0;
}

/* Does a URI's scheme, with its colon, stand at `from`? */
__noinline int has_scheme(const struct start *start, int from) {
    if (!start) return 0;
    for (int i = 0; i < START_BYTES; i++) {
        if (i < from) continue;
        if (start->byte[i] == ':') return i > from;
        if (!is_scheme_char(start->byte[i])) return 0;
    }
    return 0;
}

/* The class, with START_IS_REQUEST where a URI's scheme follows the method. */
__noinline int classify_start(const struct start *start) {
    if (!start) return CLASS_UNREADABLE;
    if (is_status_line(*(const __u64 *)start->byte)) return CLASS_RESPONSE;
    if (is_keepalive(start)) return CLASS_KEEPALIVE;
    int token = token_length(start);
    if (token == 0) return CLASS_UNREADABLE;
    const __u64 *word = (const __u64 *)start->byte;
    return method_class(word[0], (__u32)word[1]) | (has_scheme(start, token + 1) ? START_IS_REQUEST : 0);
}

/* Classes that carry a call forward or end it: the agent is woken for them. */
static __always_inline int is_urgent(__u32 sip_class) {
    const __u32 urgent = 1u << CLASS_INVITE | 1u << CLASS_ACK | 1u << CLASS_PRACK | 1u << CLASS_UPDATE |
                         1u << CLASS_BYE | 1u << CLASS_CANCEL | 1u << CLASS_RESPONSE;
    return urgent >> (sip_class & 31) & 1;
}

/* Of a known party these are never dropped for their number: they belong to calls that it already has. */
static __always_inline int is_in_dialog(__u32 sip_class) {
    const __u32 in_dialog = 1u << CLASS_ACK | 1u << CLASS_BYE | 1u << CLASS_CANCEL | 1u << CLASS_PRACK |
                            1u << CLASS_UPDATE | 1u << CLASS_INFO | 1u << CLASS_RESPONSE;
    return in_dialog >> (sip_class & 31) & 1;
}

static __always_inline int is_line_end(__u32 c) { return c == '\r' || c == '\n'; }
static __always_inline int begins_with_line_end(const struct packet *pkt) {
    return pkt->payload_here != 0 && is_line_end(bpf_ntohl(pkt->head[0]) >> 24);
}

/* The line ends before the message: servers skip them (RFC 3261 section 7.5 has them do so on streams). START_BYTES where
 * nothing else has been read. */
__noinline __u32 leading_line_ends(struct context *ctx, const struct packet *pkt) {
    struct start start = {};
    if (!pkt) return 0;
    __u32 here = pkt->payload_here < START_BYTES ? pkt->payload_here : START_BYTES;
    if (load_up_to(ctx, pkt->payload_offset, start.byte, here, START_BYTES) != 0) return 0;
    for (__u32 i = 0; i < START_BYTES; i++) {
        if (i >= here) break;
        if (!is_line_end(start.byte[i])) return i;
    }
    return START_BYTES;
}

/* Of a datagram they are left out from here on, so that whoever looks for something in it finds it at its place. In a
 * stream they are bytes as others. */
static __always_inline __u32 skip_line_ends(struct packet *pkt, __u32 ends) {
    if (ends >= START_BYTES || ends >= pkt->payload_here) return 0;
    if (pkt->kind != PACKET_UDP || is_fragment(pkt)) return ends;
    pkt->payload_offset += ends;
    pkt->payload_here -= ends;
    pkt->payload_length -= ends;
    return 0;
}

/* Sets pkt->sip_class; returns the class with its flag. A global function: its callers have no stack to spare for its bytes
 * (Linux 6.1: 512 for all calls together). */
__noinline int classify(struct context *ctx, struct packet *pkt) {
    if (!pkt) return CLASS_UNREADABLE;
    __u32 ends = begins_with_line_end(pkt) ? leading_line_ends(ctx, pkt) : 0;
    if (ends >= START_BYTES && pkt->payload_length <= START_BYTES) return pkt->sip_class = CLASS_KEEPALIVE;
    __u32 skipped = skip_line_ends(pkt, ends);
    struct start start = {.length = pkt->payload_length, .captured = pkt->payload_here - skipped};
    if (start.captured > START_BYTES) start.captured = START_BYTES;
    if (load_up_to(ctx, pkt->payload_offset + skipped, start.byte, start.captured, START_BYTES) != 0)
        start.captured = 0;
    int class = classify_start(&start);
    pkt->sip_class = class & 0xff;
    return class;
}

/* The class alone, of what arrives: all known methods can be told by the bytes that parsing has read already. A refused
 * packet whose method is none of them takes the copy and the walk over its token: 104 ns more (datapath_bench). */
static __always_inline void classify_arrival(struct context *ctx, struct packet *pkt) {
    if (pkt->is_classified) return;
    pkt->is_classified = 1;
    __u64 w = (__u64)pkt->head[1] << 32 | pkt->head[0];
    pkt->sip_class = is_status_line(w) ? CLASS_RESPONSE : method_class(w, pkt->head[2]);
    if (pkt->sip_class == CLASS_OTHER) classify(ctx, pkt);
}

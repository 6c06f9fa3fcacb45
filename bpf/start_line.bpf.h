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

/* The method exactly, with the space behind it; case counts (RFC 3261 section 7.1). The longest, SUBSCRIBE with its space,
 * has ten bytes: eight in `w`, the others in `behind`. */
static __always_inline int method_class(__u64 w, __u32 behind) {
    if ((w & FIRST(7)) == WORD8('I', 'N', 'V', 'I', 'T', 'E', ' ', 0)) return CLASS_INVITE;
    if ((w & FIRST(4)) == WORD8('A', 'C', 'K', ' ', 0, 0, 0, 0)) return CLASS_ACK;
    if ((w & FIRST(4)) == WORD8('B', 'Y', 'E', ' ', 0, 0, 0, 0)) return CLASS_BYE;
    if ((w & FIRST(7)) == WORD8('C', 'A', 'N', 'C', 'E', 'L', ' ', 0)) return CLASS_CANCEL;
    if (w == WORD8('R', 'E', 'G', 'I', 'S', 'T', 'E', 'R') && (behind & 0xff) == ' ') return CLASS_REGISTER;
    if (w == WORD8('O', 'P', 'T', 'I', 'O', 'N', 'S', ' ')) return CLASS_OPTIONS;
    if (w == WORD8('S', 'U', 'B', 'S', 'C', 'R', 'I', 'B') && (behind & 0xffff) == ('E' | ' ' << 8))
        return CLASS_SUBSCRIBE;
    if ((w & FIRST(7)) == WORD8('N', 'O', 'T', 'I', 'F', 'Y', ' ', 0)) return CLASS_NOTIFY;
    if (w == WORD8('P', 'U', 'B', 'L', 'I', 'S', 'H', ' ')) return CLASS_PUBLISH;
    if ((w & FIRST(5)) == WORD8('I', 'N', 'F', 'O', ' ', 0, 0, 0)) return CLASS_INFO;
    if ((w & FIRST(6)) == WORD8('P', 'R', 'A', 'C', 'K', ' ', 0, 0)) return CLASS_PRACK;
    if ((w & FIRST(7)) == WORD8('U', 'P', 'D', 'A', 'T', 'E', ' ', 0)) return CLASS_UPDATE;
    if (w == WORD8('M', 'E', 'S', 'S', 'A', 'G', 'E', ' ')) return CLASS_MESSAGE;
    if ((w & FIRST(6)) == WORD8('R', 'E', 'F', 'E', 'R', ' ', 0, 0)) return CLASS_REFER;
    return CLASS_OTHER;
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
    if (*(const __u64 *)start->byte == WORD8('S', 'I', 'P', '/', '2', '.', '0', ' ')) return CLASS_RESPONSE;
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

/* Sets pkt->sip_class; returns the class with its flag. */
static __always_inline int classify(struct context *ctx, struct packet *pkt) {
    struct start start = {.length = pkt->payload_length, .captured = pkt->payload_here};
    if (start.captured > START_BYTES) start.captured = START_BYTES;
    if (load_up_to(ctx, pkt->payload_offset, start.byte, start.captured, START_BYTES) != 0) start.captured = 0;
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
    pkt->sip_class = w == WORD8('S', 'I', 'P', '/', '2', '.', '0', ' ') ? CLASS_RESPONSE : method_class(w, pkt->head[2]);
    if (pkt->sip_class == CLASS_OTHER) classify(ctx, pkt);
}

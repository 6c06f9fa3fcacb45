/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * At the end of step 5c: may one more call begin? Asked of each INVITE over UDP that has paid, and only a new one is
 * refused: a call that stands keeps its re-INVITEs and, where INVITEs have a limit, one that has passed its copies
 * (excuse.bpf.h).
 *
 *  all calls together at their ceiling             refused
 *  the peer or zone at its ceiling                 refused; of a zone not who is registered
 *  strangers at theirs (calls, half-open, ports)   refused; not peers, not who is registered
 *  the source at its ceiling                       refused; not peers, and who is registered for himself alone
 *
 * The agent says who is full (maps/abi/ceiling.h); without it nobody is. Who is registered may always call for help.
 */
#pragma once

#include "bpf/in_dialog.bpf.h"

/* Of its address, or IPv6 /64; a frame of its own, as network_of(). */
static __noinline int is_household_full(const struct packet *pkt) {
    struct known_key key = {.address = pkt->source.address};
    if (!is_one_host(&key.address)) key.address.word[2] = key.address.word[3] = 0;
    if (!has_known_hint(&key.address, pkt->now)) return 0;
    const struct known *found = bpf_map_lookup_elem(&known, &key);
    return found && READ_ONCE(found->until_ns) > pkt->now && READ_ONCE(found->flags) & KNOWN_CALLS_FULL;
}

static __always_inline int is_zone_full(const struct packet *pkt, const struct zone *zone,
                                        const struct call_ceilings *now_full) {
    __u64 identity = READ_ONCE(now_full->full_zones[pkt->source_network.zone & (ZONES - 1)]);
    return identity != 0 && identity == zone->identity;
}

static __always_inline int is_at_ceiling(const struct packet *pkt, const struct zone *zone,
                                         const struct call_ceilings *now_full) {
    __u32 flags = READ_ONCE(now_full->flags);
    if (flags & CEILING_ALL) return 1;
    if (zone->flags & ZONE_PEER) return is_zone_full(pkt, zone, now_full);
    __u32 own = known_flags(pkt, port_of(&pkt->source));
    if (own & KNOWN_REGISTERED) return own & KNOWN_CALLS_FULL;
    if (known_flags(pkt, 0) & KNOWN_REGISTRAR) return 0;
    return flags & CEILING_STRANGERS || is_zone_full(pkt, zone, now_full) || is_household_full(pkt);
}

#define URI_BYTE 7 /* behind "INVITE " */
#define LONGEST_NUMBER 8
#define LONGEST_DIALLED 24 /* with its separators */
struct dialled {
    const struct request_words *words;
    __u64 number; /* as in struct call_ceilings */
    __u32 at, digits;
    __u32 behind; /* the byte that ended it; 0: none has, or it is too long */
    __u32 zero;
};

/* RFC 3966 3: visual separators say nothing, and the user of a sip URI may be such a number (RFC 3261 19.1.6). */
static long dial_nth(__u32 index, struct dialled *dialled) {
    __u8 byte = ((const __u8 *)dialled->words)[(dialled->at + index) & (EXCUSE_BYTES - 1)];
    if (byte == '-' || byte == '.' || byte == '(' || byte == ')') return 0;
    if (byte < '0' || byte > '9') {
        dialled->behind = byte;
        return 1;
    }
    if (dialled->digits >= LONGEST_NUMBER) return 1;
    dialled->number |= (__u64)byte << (dialled->digits & (LONGEST_NUMBER - 1)) * 8;
    dialled->digits += 1;
    return 0;
}

static __always_inline int is_listed_number(const struct call_ceilings *now_full, const struct request_words *words,
                                            __u32 at) {
    /* 0 from a map, which no verifier knows: those before Linux 6.7 follow the loop once, find no number that something
     * ends, and leave out what stands behind it. */
    __u32 none = now_full->zero;
    struct dialled dialled = {.words = words, .number = none, .at = at, .digits = none, .behind = none};
    bpf_loop(LONGEST_DIALLED, dial_nth, &dialled, 0);
    if (dialled.number == 0) return 0;
    if (!(dialled.behind == '@' || dialled.behind == ';' || dialled.behind == ' ')) return 0;
    for (int i = 0; i < EMERGENCY_NUMBERS; i++)
        if (now_full->emergency[i] == dialled.number) return 1;
    return 0;
}

/* urn:service:sos or one of its kinds, sos.fire (RFC 5031 4.2), in any case (RFC 8141 3.1, RFC 5031 4.1), where the URI
 * ends, or its components begin (RFC 8141 2.3). */
static __always_inline int is_sos(const __u8 *uri) {
    const __u8 sos[] = "urn:service:sos";
    int is_same = 1;
    for (__u32 i = 0; i < sizeof sos - 1; i++) is_same &= (uri[i] | 0x20) == sos[i];
    __u8 behind = uri[sizeof sos - 1], label = uri[sizeof sos] | 0x20;
    if (behind == '.') return is_same & ((label >= 'a' && label <= 'z') || (label >= '0' && label <= '9'));
    return is_same & (behind == ' ' || behind == '?' || behind == '#');
}

/* sip:112@…, sips:, tel:, or urn:service:sos, by the Request-URI in the scratch. */
static __always_inline int is_emergency(const struct call_ceilings *now_full, const struct request_words *words) {
    const __u8 *uri = (const __u8 *)words->word + URI_BYTE;
    if (is_sos(uri)) return 1;
    if (uri[3] == ':') return is_listed_number(now_full, words, URI_BYTE + 4);
    return uri[4] == ':' && is_listed_number(now_full, words, URI_BYTE + 5);
}

/* May he call for help past the ceiling? */
__noinline int calls_for_help(struct context *ctx, const struct packet *pkt) {
    __u32 zero = 0, here;
    const struct call_ceilings *now_full = bpf_map_lookup_elem(&ceilings, &zero);
    if (!pkt || !now_full || !(known_flags(pkt, port_of(&pkt->source)) & KNOWN_REGISTERED)) return 0;
    const struct request_words *words = load_request(ctx, pkt, &here);
    return words && here > 32 && is_emergency(now_full, words);
}

/* Someone here may be in a call: an INVITE of a spoofed stranger is not worth the search for a tag. */
static __always_inline int is_worth_a_look(const struct packet *pkt, const struct zone *zone) {
    return zone->flags & ZONE_PEER || may_be_known(pkt);
}

/* `pass`, or REASON_calls_full. A global function: verified once. */
__noinline int judge_call(struct context *ctx, const struct packet *pkt, int pass) {
    __u32 zero = 0;
    if (!pkt) return REASON_malformed;
    const struct zone *zone = zone_of(pkt, pkt->source_network.zone);
    const struct call_ceilings *now_full = bpf_map_lookup_elem(&ceilings, &zero);
    if (!zone || !now_full || !is_at_ceiling(pkt, zone, now_full) || !agent_is_alive(pkt)) return pass;
    if (!is_worth_a_look(pkt, zone)) return REASON_calls_full;
    return has_to_tag(ctx, pkt) || calls_for_help(ctx, pkt) ? pass : REASON_calls_full;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Are these bytes media at all? RFC 7983 section 7 tells STUN, ZRTP, DTLS and RTP or RTCP apart by the first byte; each
 * has a smallest header. What was negotiated is not asked here: conformance.bpf.h.
 */
#pragma once

#include "bpf/start_line.bpf.h"

#define RTP_HEADER 12
#define RTCP_HEADER 8
#define DTLS_RECORD_HEADER 13
#define ZRTP_HEADER 12

static __always_inline __u32 first_byte(const struct packet *pkt) { return bpf_ntohl(pkt->head[0]) >> 24; }

/* RFC 5761 section 4: with the marker bit, RTCP packet types 192-223 stand where RTP has payload types 64-95 */
static __always_inline int is_rtcp(const struct packet *pkt) {
    __u32 type = bpf_ntohl(pkt->head[0]) >> 16 & 0xff;
    return first_byte(pkt) >> 6 == 2 && type >= 192 && type <= 223;
}

static __always_inline int is_rtp(const struct packet *pkt) {
    return first_byte(pkt) >> 6 == 2 && !is_rtcp(pkt) && pkt->payload_here >= RTP_HEADER;
}

static __always_inline int is_media(const struct packet *pkt) {
    __u32 first = first_byte(pkt);
    __u32 length = pkt->payload_here;
    if (length < RTCP_HEADER) return 0;
    if (first >= 128 && first <= 191) return length >= RTP_HEADER || is_rtcp(pkt);
    if (first <= 3) return is_stun(pkt->head[0], pkt->head[1], length);
    if (first >= 20 && first <= 63) return length >= DTLS_RECORD_HEADER;
    return first >= 16 && first <= 19 && length >= ZRTP_HEADER;
}

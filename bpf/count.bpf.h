/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Every verdict is counted once, under its one reason; so is whatever was lost for want of room. */
#pragma once

#include "bpf/clock.bpf.h"
#include "bpf/packet.bpf.h"

/* The list keeps drops at 32-63 and 96-127, so that a verdict can be read off its number. */
static __always_inline int is_drop(__u32 reason) { return reason >> 5 & 1; }
#define DROP_IS_drop 1
#define DROP_IS_pass 0
#define CHECK_NUMBER(number, label, verdict, sentence) \
    _Static_assert(((number) >> 5 & 1) == DROP_IS_##verdict && (number) < REASON_LIMIT, #label);
RINGWALL_REASONS(CHECK_NUMBER)
#undef CHECK_NUMBER

_Static_assert(EVENT_lost_known == EVENT_lost_inside + 1 && EVENT_lost_strangers == EVENT_lost_inside + 2,
               "losses stand in the order of enum ring");

static __always_inline void count_event(__u32 event) {
    __u64 *count = bpf_map_lookup_elem(&events, &event);
    if (count) *count += 1;
}

/* Where it stands, for what else is noted of it there; null for no reason of the list. */
static __always_inline struct reason_count *count_reason(const struct packet *pkt, __u32 reason) {
    if (is_replay) replay_reason = reason;
    struct reason_count *count = bpf_map_lookup_elem(&reasons, &reason);
    if (!count) return 0;
    count->packets += 1;
    count->bytes += pkt->frame_length;
    return count;
}

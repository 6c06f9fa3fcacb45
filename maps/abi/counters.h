/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is counted per CPU: verdicts by reason, and what was lost or refused for want of room.
 */
#pragma once

#include "abi.h"
#include "reason.h"

/* `reasons`: PERCPU_ARRAY of REASON_LIMIT. */
struct reason_count {
    __u64 packets;
    __u64 bytes; /* of the frame */
    /* The programs' own, of reasons that drop (drop.h): here because a packet that counts has this line at hand. */
    __u64 sampled_packets; /* `packets` as of the last sample */
    __u32 sample_tick;     /* that `samples_left` is of */
    __u32 samples_left;
};
MAP_ABI(struct reason_count, 32);

/* `events`: PERCPU_ARRAY of EVENT_COUNT, __u64 each. EVENT(label, sentence). */
#define RINGWALL_EVENTS(EVENT)                                                        \
    EVENT(lost_inside, "SIP from inside that the agent never saw: its ring was full") \
    EVENT(lost_known, "SIP from known parties that the agent never saw")              \
    EVENT(lost_strangers, "SIP from strangers that the agent never saw")              \
    EVENT(mirrored, "SIP messages handed to the agent")                               \
    EVENT(monitored, "drops that monitor mode let pass")                              \
    EVENT(refusals_full, "refusals on live holes not recorded for want of room") \
    EVENT(fragments_full, "fragments not remembered: their set of the table was full") \
    EVENT(stream_over_limit, "TCP segments over a method's limit: they passed, and cost new connections") \
    EVENT(opaque_full, "TLS or WebSocket parties whose media stays shut: no room, or over the quota") \
    EVENT(ice_pairs_full, "ICE pairs not remembered: no room, or over the quota of their port") \
    EVENT(free_copies, "SIP requests that paid no limit: copies of what had passed") \
    EVENT(free_registers, "REGISTERs over their limit that passed: they answered a challenge") \
    EVENT(limiter_full, "SIP packets that found no limiter slot of their own") \
    EVENT(return_paths_full, "ways back not remembered for want of room") \
    EVENT(return_path_quota, "ways back not remembered: the inside address began 1,024 others in a minute") \
    EVENT(refused_together, "datagrams dropped because one in the same buffer was refused") \
    EVENT(samples_lost, "samples of drops that found no room in their ring: the drops are counted all the same")
enum event {
#define RINGWALL_EVENT_ENUM(label, sentence) EVENT_##label,
    RINGWALL_EVENTS(RINGWALL_EVENT_ENUM)
#undef RINGWALL_EVENT_ENUM
    EVENT_COUNT
};

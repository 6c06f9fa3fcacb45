/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Samples of what drops, for people (docs/adr/0026). Every drop is counted; some are written into `ring_drops` with the
 * first bytes of their frames: so many of each reason, CPU and tick that a flood of one reason neither costs much nor hides
 * the seldom drops of another. What is not sampled, the next sample of its reason and CPU stands for, if it comes in the next tick.
 */
#pragma once

#include "abi.h"
#include "pinhole.h"

#define SAMPLE_TICK_SHIFT 26 /* ns: budgets last 67 ms */
#define SAMPLES_A_TICK 8     /* of one reason on one CPU */
#define SAMPLE_BYTES 256     /* of a frame: all headers, and what SIP begins with */
/* While somebody captures. */
#define CAPTURED_A_TICK 512
#define CAPTURED_BYTES 2048

enum sample_flag {
    SAMPLE_PASSED = 1 << 0,   /* monitor mode: it would have dropped */
    SAMPLE_BARE = 1 << 1,     /* the frame begins with IP: its interface has no link-layer header */
    SAMPLE_TOGETHER = 1 << 2, /* one datagram of several in one buffer (GRO): the bytes are the buffer's first */
};
struct drop_sample {
    __u64 time_ns;  /* CLOCK_MONOTONIC at the hook */
    __u64 owner;    /* leg that the pinhole at the destination names; 0: none, or no pinhole */
    __u32 packets;  /* of this reason on this CPU since the last sample of them, this one among them */
    __u32 length;   /* of the frame, whole */
    __u32 captured; /* bytes of it that follow this header */
    __u32 ifindex;
    struct peer source; /* as far as could be read, else zero */
    struct peer destination;
    __u16 reason;
    __u8 protocol; /* IPPROTO_*; 0: not known */
    __u8 flags;
    __u32 zero;
};
MAP_ABI(struct drop_sample, 80);

/* `sampling`: ARRAY of 1, mmapable, the worker's. It moves `capture_until_ns` on while somebody captures: should it die,
 * or its reader, the budgets fall back by themselves. */
struct sampling {
    __u64 capture_until_ns; /* CLOCK_MONOTONIC */
};
MAP_ABI(struct sampling, 8);

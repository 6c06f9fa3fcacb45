/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What time it is. Live: the kernel's clocks. In replay: the capture's, which `ringwall replay` writes before each packet.
 *
 * `is_replay` is rodata: the verifier knows it, and leaves the branches of the other case out. A live wall pays nothing
 * for them.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 is_replay = 0;

/* Of each object its own, mapped into the memory of the one who replays. */
__u64 replay_now_ns = 0; /* stands for CLOCK_MONOTONIC */
__u64 replay_tai_ns = 0; /* stands for CLOCK_TAI */
__u32 replay_reason = 0; /* of the last verdict */

/* At most 4 ms stale (HZ 250), and 13 ns a packet cheaper than the exact one. */
static __always_inline __u64 clock_coarse(void) { return is_replay ? replay_now_ns : bpf_ktime_get_coarse_ns(); }
static __always_inline __u64 clock_exact(void) { return is_replay ? replay_now_ns : bpf_ktime_get_ns(); }
static __always_inline __u64 clock_tai(void) { return is_replay ? replay_tai_ns : bpf_ktime_get_tai_ns(); }

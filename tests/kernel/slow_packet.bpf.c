/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A packet that takes its time, as one does whose processor is taken away: it looks its pinhole up, waits at a gate, and
 * only then writes into what it found. For tests of what the agent does meanwhile.
 */
#include <linux/errno.h>

#include "bpf/packet.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define LONGEST_WAIT (1 << 23) /* looks at the gate: the most that bpf_loop takes */

struct slow_call {
    struct pinhole_key key;
    __u32 ssrc;
};

__u32 has_entered, may_leave, left_by_itself;

static long look_at_gate(__u32 index, void *nothing) {
    (void)index, (void)nothing;
    return READ_ONCE(may_leave) != 0;
}

SEC("syscall")
int slow_packet(struct slow_call *call) {
    struct pinhole_key key = call->key;
    struct pinhole *hole = bpf_map_lookup_elem(&pinholes, &key);
    if (!hole) return -ENOENT;
    WRITE_ONCE(has_entered, 1);
    if (bpf_loop(LONGEST_WAIT, look_at_gate, 0, 0) == LONGEST_WAIT) left_by_itself = 1;
    WRITE_ONCE(hole->ssrc, call->ssrc);
    return 0;
}

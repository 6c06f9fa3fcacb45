/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Another user of an interface's XDP slot: lets everything pass and counts it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} seen SEC(".maps");

SEC("xdp")
int neighbour(struct xdp_md *ctx) {
    __u32 zero = 0;
    __u64 *count = bpf_map_lookup_elem(&seen, &zero);
    if (count) __sync_fetch_and_add(count, 1);
    return ctx ? XDP_PASS : XDP_ABORTED;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The only way by which user space changes what the packet path reads: single stores into live elements, never a
 * replaced one, whose old memory the kernel would give to another call while a packet still writes to it
 * (maps/abi/operation.h, docs/adr/0002). Run by the worker with BPF_PROG_RUN; needs no privilege beyond the descriptor.
 */
#include <linux/errno.h>

#include "bpf/packet.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline long insert_pinhole(struct operation *op, __u64 now) {
    struct pinhole *wanted = (struct pinhole *)op->value;
    if (wanted->last_in_ns == 0) wanted->last_in_ns = now; /* a new hole is awake */
    return bpf_map_update_elem(&pinholes, op->key, wanted, BPF_NOEXIST);
}

static __always_inline void forget_source(struct pinhole *hole) {
    WRITE_ONCE(hole->ssrc_candidate, 0);
    WRITE_ONCE(hole->ssrc, 0);
}

/* The hole goes to a new call: nothing of the old one may speak for it. */
static __always_inline void reset_pinhole(struct operation *op, struct pinhole *hole, __u64 now) {
    hole->packets = hole->bytes = hole->rate_tat_ns = 0;
    forget_source(hole);
    hole->last_peer_ns = hole->last_out_ns = 0;
    WRITE_ONCE(hole->latch, 0);
    WRITE_ONCE(hole->last_in_ns, now);
    bpf_map_delete_elem(&refusals, op->key);
}

static __always_inline long change_pinhole(struct operation *op, __u64 now) {
    const struct pinhole *wanted = (const struct pinhole *)op->value;
    struct pinhole *hole = bpf_map_lookup_elem(&pinholes, op->key);
    if (!hole) return -ENOENT;
    if (op->fields & FIELD_RESET) reset_pinhole(op, hole, now);
    if (op->fields & FIELD_DEADLINE) WRITE_ONCE(hole->deadline_ns, wanted->deadline_ns);
    if (op->fields & FIELD_SOFT_DEADLINE) WRITE_ONCE(hole->soft_deadline_s, wanted->soft_deadline_s);
    if (op->fields & FIELD_IDLE) WRITE_ONCE(hole->idle_s, wanted->idle_s);
    if (op->fields & FIELD_PEER) hole->peer = wanted->peer;
    if (op->fields & FIELD_PAYLOAD_TYPES)
        __builtin_memcpy(hole->payload_types, wanted->payload_types, sizeof(hole->payload_types));
    if (op->fields & FIELD_UFRAG) WRITE_ONCE(hole->ufrag_hash, wanted->ufrag_hash);
    if (op->fields & FIELD_OWNER) WRITE_ONCE(hole->owner, wanted->owner);
    if (op->fields & FIELD_RELATCH) {
        WRITE_ONCE(hole->latch, 0);
        WRITE_ONCE(hole->last_peer_ns, 0);
    }
    if (op->fields & FIELD_PACKET_PERIOD) WRITE_ONCE(hole->packet_period_ns, wanted->packet_period_ns);
    if (op->fields & (FIELD_RELATCH | FIELD_SSRC)) forget_source(hole);
    if (op->fields & FIELD_WAKE) WRITE_ONCE(hole->last_in_ns, now);
    __sync_lock_test_and_set(&hole->ctl, wanted->ctl); /* last: verdicts branch on it */
    return 0;
}

static __always_inline long delete_pinhole(struct operation *op) {
    const struct pinhole *hole = bpf_map_lookup_elem(&pinholes, op->key);
    if (!hole) return -ENOENT;
    if ((READ_ONCE(hole->ctl) >> CTL_PHASE_SHIFT & 15) != PHASE_CLOSED) return -EBUSY;
    bpf_map_delete_elem(&refusals, op->key);
    return bpf_map_delete_elem(&pinholes, op->key);
}

static __always_inline long put_known(struct operation *op) {
    const struct known *wanted = (const struct known *)op->value;
    struct known *found = bpf_map_lookup_elem(&known, op->key);
    if (!found) return bpf_map_update_elem(&known, op->key, wanted, BPF_NOEXIST);
    WRITE_ONCE(found->flags, wanted->flags);
    WRITE_ONCE(found->until_ns, wanted->until_ns);
    return 0;
}

static __always_inline long put_learned(struct operation *op) {
    const struct learned_port *wanted = (const struct learned_port *)op->value;
    struct learned_port *found = bpf_map_lookup_elem(&learned, op->key);
    if (!found) return bpf_map_update_elem(&learned, op->key, wanted, BPF_NOEXIST);
    *found = *wanted;
    return 0;
}

static __always_inline long carry_out(struct operation *op, __u64 now) {
    switch (op->code) {
        case OP_INSERT_PINHOLE: return insert_pinhole(op, now);
        case OP_CHANGE_PINHOLE: return change_pinhole(op, now);
        case OP_DELETE_PINHOLE: return delete_pinhole(op);
        case OP_PUT_KNOWN: return put_known(op);
        case OP_DELETE_KNOWN: return bpf_map_delete_elem(&known, op->key);
        case OP_PUT_LEARNED: return put_learned(op);
        case OP_DELETE_LEARNED: return bpf_map_delete_elem(&learned, op->key);
        default: return -EINVAL;
    }
}

static long carry_out_nth(__u32 index, __u64 *now) {
    struct operation *op = bpf_map_lookup_elem(&operations, &index);
    if (!op) return 1;
    op->result = (__s32)carry_out(op, *now);
    return 0;
}

SEC("syscall")
int ringwall_apply(struct apply_call *call) {
    __u64 now = bpf_ktime_get_ns(); /* syscall programs have no coarse one */
    __u32 count = call->count;
    if (count > OPERATIONS) return -E2BIG;
    bpf_loop(count, carry_out_nth, &now, 0);
    return 0;
}

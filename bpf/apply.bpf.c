/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The only way by which user space changes what the packet path reads: single stores into live elements, never a
 * replaced one, whose old memory the kernel would give to another call while a packet still writes to it
 * (maps/abi/operation.h, docs/adr/0002). Run by the worker with BPF_PROG_RUN; needs no privilege beyond the descriptor.
 */
#include <linux/errno.h>

#include "bpf/clock.bpf.h"
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

static __always_inline void put_known_hint(const struct known_key *key, __u64 until_ns) {
    __u32 index = KNOWN_HINT_OF(key->address.word), until = (until_ns >> KNOWN_HINT_TICK) + 1;
    __u32 *hint = bpf_map_lookup_elem(&known_hints, &index);
    if (hint && READ_ONCE(*hint) < until) WRITE_ONCE(*hint, until);
}

static __always_inline long put_known(struct operation *op) {
    const struct known *wanted = (const struct known *)op->value;
    put_known_hint((const struct known_key *)op->key, wanted->until_ns); /* first: never known and overlooked */
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

/* No packet reads these: an element may be replaced whole. */
static __always_inline long put_external(struct operation *op) {
    return bpf_map_update_elem(&externals, op->key, op->value, BPF_ANY);
}

/* One that found no room when it was put has nothing to end. */
static __always_inline long end_dialog(struct operation *op) {
    struct dialog_record *record = bpf_map_lookup_elem(&dialogs, op->key);
    if (!record) return 0;
    record->deadline_ns = op->value[0];
    record->state = DIALOG_ENDED;
    return 0;
}

static __always_inline long change_dialog(struct operation *op) {
    __u64 *record = bpf_map_lookup_elem(&dialogs, op->key);
    __u32 first = op->fields;
    if (!record) return -ENOENT;
    if (first > (sizeof(struct dialog_record) - sizeof(op->value)) / sizeof(*record)) return -EINVAL;
    __builtin_memcpy(record + first, op->value, sizeof(op->value));
    return 0;
}

static __always_inline void set_ban_hint(__u32 bit) {
    __u32 index = bit / HINT_PAGE_BITS;
    struct hint_page *page = bpf_map_lookup_elem(&ban_hints, &index);
    if (page) __sync_fetch_and_or(&page->word[bit / 64 % HINT_PAGE_WORDS], 1ULL << (bit & 63));
}

/* Before the ban stands: a bit too many costs a lookup, one too few would let the banned through. */
static __always_inline void set_ban_hints(const struct address *address) {
    int is_v4 = is_v4_mapped(address);
    __u32 leading = leading_word(address);
    set_ban_hint(is_v4 ? HINT_FINE_V4_BIT(leading) : HINT_FINE_V6_BIT(leading));
    set_ban_hint(HINT_COARSE_BIT(is_v4, leading));
}

/* What the wall concludes never weakens what an operator has said. */
static __always_inline long put_ban(struct operation *op, __u64 now) {
    const struct ban *wanted = (const struct ban *)op->value;
    struct ban *found = bpf_map_lookup_elem(&bans, op->key);
    if (!found) {
        set_ban_hints((const struct address *)op->key);
        return bpf_map_update_elem(&bans, op->key, wanted, BPF_NOEXIST);
    }
    if (wanted->flags & BAN_OF_OURS && !(found->flags & BAN_OF_OURS) && found->until_ns > now) return 0;
    if (found->until_ns <= now) WRITE_ONCE(found->packets, 0); /* the one before is over: nobody has taken it out yet */
    found->since_ns = wanted->since_ns;
    found->cause = wanted->cause;
    found->count = wanted->count;
    __builtin_memcpy(found->note, wanted->note, sizeof(found->note));
    WRITE_ONCE(found->flags, wanted->flags);
    WRITE_ONCE(found->until_ns, wanted->until_ns);
    return 0;
}

/* Where no ban stands any more. */
static __always_inline long clear_ban_hints(struct operation *op) {
    struct hint_page *page = bpf_map_lookup_elem(&ban_hints, op->key);
    if (!page) return -ENOENT;
    for (int i = 0; i < HINT_PAGE_WORDS; i++) WRITE_ONCE(page->word[i], 0);
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
        case OP_PUT_BAN: return put_ban(op, now);
        case OP_DELETE_BAN: return bpf_map_delete_elem(&bans, op->key); /* a packet's late count hurts nobody */
        case OP_CLEAR_BAN_HINTS: return clear_ban_hints(op);
        case OP_PUT_EXTERNAL: return put_external(op);
        case OP_DELETE_EXTERNAL: return bpf_map_delete_elem(&externals, op->key);
        case OP_END_DIALOG: return end_dialog(op);
        case OP_CHANGE_DIALOG: return change_dialog(op);
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
    __u64 now = clock_exact(); /* syscall programs have no coarse one */
    __u32 count = call->count;
    if (count > OPERATIONS) return -E2BIG;
    bpf_loop(count, carry_out_nth, &now, 0);
    return 0;
}

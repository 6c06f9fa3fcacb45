/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Every map of the wall, under the names that the pins carry. Each object declares them all, so that the loader treats
 * all objects alike: it creates each map once and gives it to the others (bpf_map__reuse_fd); what an object does not
 * use costs it nothing. None is pinned by name: the loader decides where, as tests and replay must not open a live
 * wall's maps.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "maps/abi/abi.h"
#include "maps/abi/ban.h"
#include "maps/abi/ceiling.h"
#include "maps/abi/counters.h"
#include "maps/abi/dialog.h"
#include "maps/abi/drop.h"
#include "maps/abi/fragment.h"
#include "maps/abi/ice.h"
#include "maps/abi/meta.h"
#include "maps/abi/opaque.h"
#include "maps/abi/operation.h"
#include "maps/abi/party.h"
#include "maps/abi/pinhole.h"
#include "maps/abi/policy.h"
#include "maps/abi/reason.h"
#include "maps/abi/record.h"
#include "maps/abi/spent.h"
#include "maps/abi/user_agent.h"

/* Calls. Preallocated: an insert in mid-call must not wait for memory, and never fails before the map is full. The loader
 * makes it as large as `tables.pinholes` says. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 262144);
    __type(key, struct pinhole_key);
    __type(value, struct pinhole);
} pinholes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 16384);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct peer_set);
} peer_sets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct pinhole_key);
    __type(value, struct refusal);
} refusals SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, DIALOGS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, __u64);
    __type(value, struct dialog_record);
} dialogs SEC(".maps");

/* The configuration, in two generations. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct active);
} active SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, GENERATIONS);
    __type(key, __u32);
    __type(value, struct wall);
} wall SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, GENERATIONS * 1024);
    __type(key, __u32);
    __type(value, struct port_policy);
} ports SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(max_entries, (GENERATIONS) * NETWORKS);
    __uint(map_flags, BPF_F_NO_PREALLOC); /* the kernel takes no other */
    __type(key, struct network_key);
    __type(value, struct network);
} networks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, GENERATIONS * HINT_PAGES);
    __type(key, __u32);
    __type(value, struct hint_page);
} network_hints SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, GENERATIONS * 2);
    __type(key, __u32);
    __type(value, struct network);
} elsewhere SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, (GENERATIONS) * ZONES);
    __type(key, __u32);
    __type(value, struct zone);
} zones SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, (GENERATIONS) * RULES);
    __type(key, __u32);
    __type(value, struct rule);
} rules SEC(".maps");

/* What the packet path remembers. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, LIMITER_SETS);
    __uint(map_flags, BPF_F_MMAPABLE); /* for its alignment: a set is one cache line, and not two halves */
    __type(key, __u32);
    __type(value, struct limiter_set);
} limiter SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, EXCUSE_SETS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct excuse_set);
} excuses SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, EXCUSE_SETS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct excuse_marks);
} excuse_marks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, SPENT_SETS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct spent_set);
} spent SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, RETURN_SETS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct return_set);
} return_paths SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, FRAGMENT_SETS);
    __type(key, __u32);
    __type(value, struct fragment_set);
} fragments SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, ICE_PAIR_SETS);
    __type(key, __u32);
    __type(value, struct return_set);
} ice_pairs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, OPAQUE_SETS);
    __type(key, __u32);
    __type(value, struct opaque_set);
} opaque SEC(".maps");

/* Who the agent has come to know. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 65536);
    __type(key, struct known_key);
    __type(value, struct known);
} known SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, KNOWN_HINTS);
    __type(key, __u32);
    __type(value, __u32);
} known_hints SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 16384);
    __type(key, struct pinhole_key);
    __type(value, struct learned_port);
} learned SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, EXTERNALS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct pinhole_key);
    __type(value, struct external);
} externals SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, BANS);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, struct ban_key);
    __type(value, struct ban);
} bans SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, HINT_PAGES);
    __type(key, __u32);
    __type(value, struct hint_page);
} ban_hints SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct call_ceilings);
} ceilings SEC(".maps");

/* To and from the agent. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} ring_inside SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4 << 20);
} ring_known SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} ring_strangers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 2 << 20);
} ring_drops SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct sampling);
} sampling SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct liveness);
} liveness SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, OPERATIONS);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, struct operation);
} operations SEC(".maps");

/* What is counted, and what the maps say of themselves. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, REASON_LIMIT);
    __type(key, __u32);
    __type(value, struct reason_count);
} reasons SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, EVENT_COUNT);
    __type(key, __u32);
    __type(value, __u64);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct meta);
} meta SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, GENERATIONS);
    __type(key, __u32);
    __type(value, struct user_agents);
} user_agents SEC(".maps");

/* Room to hash a request in, or to read it: an ingress program's, while it runs. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct request_words);
} request_words SEC(".maps");

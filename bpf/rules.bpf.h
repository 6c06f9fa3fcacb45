/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Step 8: static rules, which let packets through to inside ports without a call. Source and destination networks say by
 * bits which rules they belong to; what is left to ask are ports, protocol and the date. Ports that no rule names have
 * paid one bit for it.
 */
#pragma once

#include "bpf/clock.bpf.h"
#include "bpf/policy.bpf.h"

static __always_inline int is_in_force(const struct rule *rule) {
    /* Not CLOCK_MONOTONIC: a machine that booted with a wrong date gets the right one later, and may sleep between. */
    return rule->until_tai_ns == 0 || clock_tai() < rule->until_tai_ns;
}

static __always_inline int names_port(const struct rule *rule, __u32 port) {
    for (__u32 i = 0; i < PORTS_PER_RULE; i++) {
        if (i >= rule->port_count) break;
        if (rule->ports[i].first <= port && port <= rule->ports[i].last) return 1;
    }
    return 0;
}

/* Of the rules whose bits are set in `candidates`, does one match? A global function: verified once. */
__noinline int match_rules(__u64 candidates, __u32 generation, __u32 port_proto) {
    for (__u32 i = 0; i < RULES; i++) {
        __u32 index = (generation & (GENERATIONS - 1)) * RULES + i;
        if (!(candidates >> i & 1)) continue;
        const struct rule *rule = bpf_map_lookup_elem(&rules, &index);
        if (!rule || rule->protocol != (port_proto & 0xff)) continue;
        if (names_port(rule, port_proto >> 16) && is_in_force(rule)) return 1;
    }
    return 0;
}

/* `ports_with_rules`: those of the packet's protocol. Networks must have been looked up. */
static __always_inline int has_rule(const struct packet *pkt, __u64 ports_with_rules) {
    if (!has_port(ports_with_rules, port_of(&pkt->destination)) || !pkt->rules) return 0;
    return match_rules(pkt->rules, pkt->generation, pkt->destination.port_proto);
}

/* Would what answers this outbound packet come in by a rule? Networks are looked up anew: those of the packet stand for the
 * other direction. */
static __always_inline int has_rule_back(const struct packet *pkt, __u64 ports_with_rules) {
    if (!has_port(ports_with_rules, port_of(&pkt->source))) return 0;
    const struct network *near = network_of(pkt, &pkt->source.address);
    const struct network *far = network_of(pkt, &pkt->destination.address);
    if (!near || !far || !(near->rules_to & far->rules_from)) return 0;
    return match_rules(near->rules_to & far->rules_from, pkt->generation, pkt->source.port_proto);
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Questions to the configuration and to what the agent has learned: what an address is, what a port is, who is known.
 * Everything is read in the one generation that the packet began with.
 */
#pragma once

#include "bpf/packet.bpf.h"

static __always_inline const struct wall *wall_of(const struct packet *pkt) {
    __u32 index = pkt->generation; /* Linux 6.1 takes no key from a global function's argument */
    return bpf_map_lookup_elem(&wall, &index);
}

/* False where there is no configuration to read, which no loaded wall has. */
static __always_inline int load_policy(struct packet *pkt) {
    __u32 zero = 0;
    const struct active *now_active = bpf_map_lookup_elem(&active, &zero);
    if (!now_active) return 0;
    pkt->generation = now_active->generation & (GENERATIONS - 1);
    const struct wall *config = wall_of(pkt);
    if (!config) return 0;
    pkt->wall_flags = config->flags;
    return 1;
}

static __always_inline const struct port_policy *ports_of(const struct packet *pkt, __u32 port) {
    __u32 index = pkt->generation * 1024 + (port >> 6 & 1023);
    return bpf_map_lookup_elem(&ports, &index);
}
static __always_inline int has_port(__u64 bitmap, __u32 port) { return bitmap >> (port & 63) & 1; }

static __always_inline __u32 hints_at(const struct packet *pkt, __u32 bit) {
    __u32 index = pkt->generation * HINT_PAGES + bit / HINT_PAGE_BITS;
    const struct hint_page *page = bpf_map_lookup_elem(&network_hints, &index);
    return page ? page->word[bit / 64 % HINT_PAGE_WORDS] >> (bit & 63) : HINT_ASK;
}

/* May a prefix narrower than its family's whole hold the address? One load where none does, or two; a look into `networks`
 * costs 39 ns in vain, and over 1000 where a million prefixes stand in it. */
static __always_inline int may_be_listed(const struct packet *pkt, const struct address *address) {
    int is_v4 = is_v4_mapped(address);
    __u32 leading = leading_word(address);
    __u32 coarse = hints_at(pkt, HINT_COARSE_BIT(is_v4, leading));
    if (coarse & HINT_ASK) return 1;
    return coarse & HINT_FINER && hints_at(pkt, is_v4 ? HINT_FINE_V4_BIT(leading) : HINT_FINE_V6_BIT(leading)) & 1;
}

/* What an address is that no narrower prefix holds. */
static __always_inline const struct network *elsewhere_of(const struct packet *pkt, const struct address *address) {
    __u32 index = pkt->generation * 2 + is_v4_mapped(address);
    return bpf_map_lookup_elem(&elsewhere, &index);
}

/* These two have frames of their own: with their keys, TC's judge would pass the 512 bytes of stack that Linux 6.1 counts
 * in steps of 32 for all calls together. */
static __noinline const struct network *network_of(const struct packet *pkt, const struct address *address) {
    if (!may_be_listed(pkt, address)) return elsewhere_of(pkt, address);
    struct network_key key = {.prefix_length = 32 + 128, .generation = pkt->generation, .address = *address};
    return bpf_map_lookup_elem(&networks, &key);
}
static __always_inline struct standing standing_in(const struct network *network) {
    return network ? (struct standing){network->zone, network->flags} : (struct standing){};
}

/* Only for packets that no exact pinhole has settled, and each where it is needed: a lookup costs 40 to 110 ns. Static
 * rules are those that name both: the destination's, then of them the source's. */
static __always_inline void look_up_destination(struct packet *pkt) {
    const struct network *destination = network_of(pkt, &pkt->destination.address);
    pkt->destination_network = standing_in(destination);
    pkt->rules = destination ? destination->rules_to : 0;
}
static __always_inline void look_up_source(struct packet *pkt) {
    const struct network *source = network_of(pkt, &pkt->source.address);
    pkt->source_network = standing_in(source);
    pkt->rules &= source ? source->rules_from : 0;
}
static __always_inline void look_up_networks(struct packet *pkt) {
    look_up_destination(pkt);
    look_up_source(pkt);
}

static __always_inline const struct zone *zone_of(const struct packet *pkt, __u32 zone) {
    __u32 index = pkt->generation * ZONES + (zone & (ZONES - 1));
    return bpf_map_lookup_elem(&zones, &index);
}

/* 5a: may they talk SIP to us at all? Where no peers are declared, everyone may. */
static __always_inline int may_talk_sip(const struct packet *pkt, const struct standing *who) {
    const struct zone *zone = zone_of(pkt, who->zone);
    if (pkt->wall_flags & WALL_ADMIT_ALL || who->flags & NETWORK_ALLOWED) return 1;
    return zone && zone->flags & (ZONE_SIP | ZONE_PEER);
}
/* May the inside talk SIP to the packet's destination? To those who may talk to us and are not denied (sip.outbound). */
static __always_inline int is_admitted_out(const struct packet *pkt) {
    const struct standing *there = &pkt->destination_network;
    if (!(pkt->wall_flags & WALL_OUTBOUND_ADMITTED) || there->flags & NETWORK_PROTECTED) return 1;
    if ((there->flags & (NETWORK_DENIED | NETWORK_ALLOWED)) == NETWORK_DENIED) return 0;
    return may_talk_sip(pkt, there);
}
static __always_inline int is_from_sip_port(const struct packet *pkt) {
    const struct port_policy *bits = ports_of(pkt, port_of(&pkt->source));
    return bits && has_port(bits->sip_udp, port_of(&pkt->source));
}
/* From a configured port to whom step 5a admits there. What he answers comes in by that, which judge_sip_port() asks first:
 * it needs no way back, and a PBX that asks each of its telephones would spend the quota of flows that do. */
static __always_inline int is_heard_anyway(const struct packet *pkt) {
    return is_from_sip_port(pkt) && may_talk_sip(pkt, &pkt->destination_network);
}

static __always_inline int has_known_hint(const struct address *address, __u64 now) {
    __u32 index = KNOWN_HINT_OF(address->word);
    const __u32 *until = bpf_map_lookup_elem(&known_hints, &index);
    return until && READ_ONCE(*until) > now >> KNOWN_HINT_TICK;
}
static __always_inline int may_be_known(const struct packet *pkt) {
    return has_known_hint(&pkt->source.address, pkt->now);
}

static __noinline __u32 known_flags(const struct packet *pkt, __u32 port) {
    if (!may_be_known(pkt)) return 0;
    struct known_key key = {.address = pkt->source.address, .port = port};
    const struct known *found = bpf_map_lookup_elem(&known, &key);
    return found && READ_ONCE(found->until_ns) > pkt->now ? READ_ONCE(found->flags) : 0;
}
/* What the agent knows of the source, at that port or at any. */
static __always_inline __u32 source_known_flags(const struct packet *pkt) {
    return known_flags(pkt, port_of(&pkt->source)) | known_flags(pkt, 0);
}

static __always_inline int agent_is_alive(const struct packet *pkt) {
    __u32 zero = 0;
    const struct liveness *agent = bpf_map_lookup_elem(&liveness, &zero);
    const struct wall *config = wall_of(pkt);
    return agent && config && pkt->now < READ_ONCE(agent->heartbeat_ns) + config->agent_loss_ns;
}

static __always_inline const struct learned_port *learned_port_at(const struct packet *pkt,
                                                                  const struct pinhole_key *inside) {
    const struct learned_port *port = bpf_map_lookup_elem(&learned, inside);
    return port && READ_ONCE(port->until_ns) > pkt->now ? port : 0;
}
/* Is the source one of those the inside named this port to? */
static __always_inline int is_learned_party(const struct packet *pkt, const struct learned_port *port) {
    __u32 zone = pkt->source_network.zone & (ZONES - 1);
    if (port->flags & LEARNED_ANY_SOURCE) return 1;
    if (zone && port->zones[zone >> 6] >> (zone & 63) & 1) return 1;
    for (int i = 0; i < LEARNED_PARTIES; i++)
        if (same_address(&port->party[i], &pkt->source.address)) return 1;
    return 0;
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The two ends of a live load. send_registration writes the next source and another branch into a frame, or what calls send
 * meanwhile (amid.bpf.h), send_media the next destination, and both send it (run with BPF_F_TEST_XDP_LIVE_FRAMES).
 * flood_drop is the least that a receiver can do; flood_read looks at the port first, as whatever judges a packet must: its
 * bytes come from the other CPU's cache. flood_shed is an inside that throws the flood's requests away, and takes the rest.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/bench/amid.bpf.h"
#include "tests/bench/frames.bpf.h"
#include "tests/bench/varied.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 out_ifindex = 0;
const volatile __u32 number_mask = 0; /* of a power of two varieties */
const volatile __u32 is_v6 = 0;       /* the REGISTERs are */
const volatile __u32 branch_at = 0;   /* offset in the frame of eight bytes of a REGISTER's branch */
const volatile __u32 udp_sum = 0;     /* RFC 1071, of all that UDP's checksum is made of but these and the varied source */
const volatile __u64 period_ns = 0;   /* between two packets; 0: as fast as it goes */

__u8 flood_frame[MOST_FLOOD_BYTES] = {};
struct ethhdr header = {}; /* as user space has it: the stack rewrites what it forwards, and the pages come back so */
__u32 sent = 0;
__u64 due_ns = 0;

#define SCATTER 0x9e3779b1U /* odd: each number once before any comes again, in no order that memory follows */
#define LOOKS_AT_THE_CLOCK 256
#define MADE_UP_NS 20000 /* a longer pause of the flood's is not: that were a burst */
#define REGI 0x52454749

static __always_inline int is_due(__u64 now) { return now >= due_ns; }

/* On the generator's own CPU there is nothing better to do. */
static __always_inline __u64 wait_until_due(void) {
    __u64 now = bpf_ktime_get_ns();
    for (int i = 0; i < LOOKS_AT_THE_CLOCK && !is_due(now) && !is_media_due(now) && !is_letter_due(now); i++)
        now = bpf_ktime_get_ns();
    return now;
}

static __always_inline __u32 next_number(void) { return sent++ * SCATTER & number_mask; }

/* As each tool that floods does it: no two requests alike, or they would be copies, which the wall lets through. */
static __always_inline void write_branch(__u16 *branch, __u32 number) {
    for (int i = 0; i < BRANCH_BYTES / 2; i++)
        branch[i] = 0x6161 + (number >> 8 * i & 15) + ((number >> 8 * i & 0xf0) << 4); /* letters from a to p */
}

static __always_inline void write_udp_checksum(struct udphdr *udp, __be32 source, const __u16 *branch) {
    __u32 sum = udp_sum + (source & 0xffff) + (source >> 16);
    for (int i = 0; i < BRANCH_BYTES / 2; i++) sum += branch[i];
    sum = (sum & 0xffff) + (sum >> 16);
    udp->check = ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline int write_registration(struct xdp_md *ctx) {
    struct frame4 *v4 = (void *)(long)ctx->data;
    struct frame6 *v6 = (void *)(long)ctx->data;
    const __u32 *method = is_v6 ? (void *)(v6 + 1) : (void *)(v4 + 1);
    if ((void *)(v6 + 1) + sizeof(*method) > (void *)(long)ctx->data_end) return -1;
    if (*method != bpf_htonl(REGI)) { /* the page has carried something else */
        __u32 size = flood_frame_size;
        if (size < sizeof(*v6) || size > MOST_FLOOD_BYTES || bpf_xdp_store_bytes(ctx, 0, flood_frame, size)) return -1;
    }
    void *branch = (void *)(long)ctx->data + branch_at;
    if (branch + BRANCH_BYTES > (void *)(long)ctx->data_end) return -1;
    write_branch(branch, sent);
    v4->eth = header;
    __be32 source = bpf_htonl((is_v6 ? VARIED_V6 : VARIED_V4) + next_number());
    if (is_v6) {
        v6->ip.hop_limit = 64;
        v6->ip.saddr.in6_u.u6_addr32[1] = source;
    } else {
        v4->ip.ttl = 64;
        v4->ip.saddr = source;
        write_checksum(&v4->ip);
    }
    write_udp_checksum(is_v6 ? &v6->udp : &v4->udp, source, branch);
    return 0;
}

SEC("xdp")
int send_registration(struct xdp_md *ctx) {
    int failed;
    __u64 now = period_ns || stream_count ? wait_until_due() : 0;
    if (is_letter_due(now)) failed = write_letter(ctx);
    else if (is_media_due(now)) failed = write_media(ctx, &header, now);
    else if (period_ns && !is_due(now)) return XDP_DROP;
    else {
        due_ns = (now > due_ns + MADE_UP_NS ? now : due_ns) + period_ns;
        failed = write_registration(ctx);
    }
    return failed ? XDP_ABORTED : bpf_redirect(out_ifindex, 0);
}

/* To the pinholes of bench_wall.cpp. Nothing behind XDP sees these: no checksum is written. */
SEC("xdp")
int send_media(struct xdp_md *ctx) {
    struct frame4 *v4 = (void *)(long)ctx->data;
    struct frame6 *v6 = (void *)(long)ctx->data;
    if ((void *)(v6 + 1) > (void *)(long)ctx->data_end) return XDP_ABORTED;
    __u32 number = next_number();
    if (v4->eth.h_proto == bpf_htons(ETH_P_IP)) {
        v4->ip.daddr = bpf_htonl(VARIED_HOST4(number));
        v4->udp.dest = bpf_htons(VARIED_PORT(number));
    } else {
        v6->ip.daddr.in6_u.u6_addr32[3] = bpf_htonl(VARIED_HOST6(number));
        v6->udp.dest = bpf_htons(VARIED_PORT(number));
    }
    return bpf_redirect(out_ifindex, 0);
}

SEC("xdp")
int flood_drop(struct xdp_md *ctx __attribute__((unused))) { return XDP_DROP; }

SEC("xdp")
int flood_read(struct xdp_md *ctx) {
    const struct frame4 *v4 = (void *)(long)ctx->data;
    const struct frame6 *v6 = (void *)(long)ctx->data;
    if ((void *)(v6 + 1) > (void *)(long)ctx->data_end) return XDP_PASS;
    __be16 port = v4->eth.h_proto == bpf_htons(ETH_P_IPV6) ? v6->udp.dest : v4->udp.dest;
    return port == bpf_htons(5060) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int flood_shed(struct xdp_md *ctx) {
    const struct frame4 *frame = (void *)(long)ctx->data;
    const __u32 *method = (void *)(frame + 1);
    if ((void *)(method + 1) > (void *)(long)ctx->data_end || frame->eth.h_proto != bpf_htons(ETH_P_IP)) return XDP_PASS;
    return frame->udp.dest == bpf_htons(5060) && *method == bpf_htonl(REGI) ? XDP_DROP : XDP_PASS;
}

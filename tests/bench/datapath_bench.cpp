// SPDX-License-Identifier: Apache-2.0
// What one packet costs in the ingress program: medians of BPF_PROG_TEST_RUN over a million runs each, beside an empty
// program and a clock reading. One flow, so every lookup is warm: a figure for the code, not for the caches.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "maps/abi/pinhole.h"
#include "maps/abi/policy.h"
#include "maps/net/address.hpp"
#include "tests/kernel/packet.hpp"
#include "xdp_ingress.skel.h"

namespace {

using namespace ringwall;
using namespace ringwall::test;

constexpr uint32_t runs = 1000000;
constexpr int samples = 7;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

// The smallest programs, as instructions: `return XDP_DROP`, with a call of `helper` before it where there is one.
int tiny_program(int32_t helper) {
    std::vector<bpf_insn> code;
    if (helper != 0) code.push_back({.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = helper});
    code.push_back({.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = XDP_DROP});
    code.push_back({.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0});
    int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "tiny", "GPL", code.data(), code.size(), nullptr);
    if (fd < 0) fail("load a tiny program");
    return fd;
}

void measure(const char* what, int program, const Packet& packet, uint32_t expected) {
    Bytes frame = packet.bytes();
    std::array<uint32_t, samples> ns{};
    for (auto& one : ns) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = static_cast<int>(runs));
        if (bpf_prog_test_run_opts(program, &options) != 0) fail("run");
        if (options.retval != expected) {
            std::printf("%s: the verdict is %u, not the one to measure\n", what, options.retval);
            std::exit(1);
        }
        one = options.duration;
    }
    std::sort(ns.begin(), ns.end());
    std::printf("%-44s %5u ns   [%u..%u]\n", what, ns[samples / 2], ns.front(), ns.back());
}

template <typename Key, typename Value>
void put(bpf_map* map, Key key, const Value& value) {
    if (bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) != 0) fail(bpf_map__name(map));
}

void open_hole(const xdp_ingress& wall, const char* local, const char* remote) {
    pinhole hole{};
    hole.ctl = uint64_t{PHASE_ANSWERED} << CTL_PHASE_SHIFT | uint64_t{CONSTRAINT_PEERS} << CTL_CONSTRAINT_SHIFT |
               uint64_t{COMPONENT_RTP} << CTL_COMPONENT_SHIFT | uint64_t{PINHOLE_CHECK_MEDIA} << CTL_FLAGS_SHIFT;
    hole.deadline_ns = ~uint64_t{0};
    hole.idle_s = 300;
    hole.peer = Endpoint{IpAddress::parse(remote).value(), Port{30000}}.abi();
    // as the agent makes it of plain audio, in the default mode; the cap out of the way of a million packets a second
    hole.ctl |= uint64_t{PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_COUNT | PINHOLE_ONE_SOURCE} << CTL_FLAGS_SHIFT;
    hole.payload_types[0] = 1U << 0 | 1U << 8;
    hole.packet_period_ns = 1;
    put(wall.maps.pinholes, pinhole_key{IpAddress::parse(local)->abi(), 40000U << 16 | 17}, hole);
}

void configure(const xdp_ingress& wall) {
    auto inside = Prefix::parse("192.0.2.0/24").value();
    put(wall.maps.networks, network_key{32U + inside.length, 0, inside.address.abi()}, network{0, NETWORK_PROTECTED});
    zone strangers{.flags = ZONE_SIP, .prefix_v4 = 32, .prefix_v6 = 64};
    strangers.limits[CLASS_REGISTER] = {.period_ns = 3600000000000, .burst = 1};
    put(wall.maps.zones, 0U, strangers);
    put(wall.maps.ports, 5060U >> 6, port_policy{.sip_udp = uint64_t{1} << (5060 & 63)});
    put(wall.maps.ports, 40000U >> 6, port_policy{.media_udp = ~uint64_t{0}});
    open_hole(wall, "192.0.2.10", "198.51.100.7");
    open_hole(wall, "2001:db8:1::10", "2001:db8:99::7");
}

} // namespace

int main() {
    xdp_ingress* wall = xdp_ingress::open_and_load();
    if (wall == nullptr) fail("load the wall");
    configure(*wall);
    int program = bpf_program__fd(wall->progs.ringwall_xdp);
    auto media = eth / ip4{} / udp{} / rtp();
    std::printf("median of %d times %u runs\n", samples, runs);
    measure("empty program", tiny_program(0), media, XDP_DROP);
    measure("+ coarse clock", tiny_program(BPF_FUNC_ktime_get_coarse_ns), media, XDP_DROP);
    measure("+ precise clock", tiny_program(BPF_FUNC_ktime_get_ns), media, XDP_DROP);
    measure("pinhole hit, IPv4", program, media, XDP_PASS);
    measure("pinhole hit, IPv6", program, eth / ip6{} / udp{} / rtp(), XDP_PASS);
    measure("media to a closed port: no_pinhole", program,
            eth / ip4{.src = "203.0.113.9"} / udp{.dport = 40002} / rtp(), XDP_DROP);
    measure("media from a wrong source, live hole", program, eth / ip4{.src = "203.0.113.9"} / udp{} / rtp(), XDP_DROP);
    measure("none of ours: out_of_scope", program, eth / ip4{.dst = "203.0.113.9"} / udp{.dport = 53} / rtp(),
            XDP_PASS);
    std::string flood = "REGISTER sip:example.com SIP/2.0\r\n" + std::string(600, 'x');
    Packet registration = eth / ip4{.src = "203.0.113.9"} / udp{.dport = 5060} / text(flood);
    LIBBPF_OPTS(bpf_test_run_opts, once, .repeat = 1);
    Bytes frame = registration.bytes(); // the one that the burst allows
    once.data_in = frame.data(), once.data_size_in = static_cast<uint32_t>(frame.size());
    if (bpf_prog_test_run_opts(program, &once) != 0) fail("run");
    measure("REGISTER flood, one source: rate_limited", program, registration, XDP_DROP);
    xdp_ingress::destroy(wall);
}

// SPDX-License-Identifier: Apache-2.0
// From the message at the hook to the pinhole in the map, through the live agent: an INVITE with SDP goes through the
// attached egress program (BPF_PROG_TEST_RUN), and this core looks into `pinholes` until its hole stands. Includes the
// mirror, the wakeup or the wait of an idle agent, the parsers, the dialog, the plan and the apply program.
//   latency_bench PIN_DIRECTORY INTERFACE [CALLS] [PAUSE_US] [FIRST]     a wall must be running there (tests/bench/latency.sh)
#include <bpf/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "maps/abi/pinhole.h"
#include "maps/net/address.hpp"
#include "tests/kernel/packet.hpp"

namespace {

using namespace ringwall;
using namespace ringwall::test;
using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
    std::perror(what.c_str());
    std::exit(1);
}

int open_pin(const std::string& path) {
    const int fd = bpf_obj_get(path.c_str());
    if (fd < 0) fail(path);
    return fd;
}

int program_of_link(const std::string& path) {
    const int link = open_pin(path);
    bpf_link_info info{};
    uint32_t length = sizeof info;
    if (bpf_obj_get_info_by_fd(link, &info, &length) != 0) fail(path);
    const int program = bpf_prog_get_fd_by_id(info.prog_id);
    if (program < 0) fail("the program of " + path);
    return program;
}

std::string invite(int call, uint16_t port) {
    const std::string sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio " +
                            std::to_string(port) + " RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    const std::string id = std::to_string(call);
    return "INVITE sip:bob@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK" + id +
           "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@192.0.2.10>;tag=a" + id +
           "\r\nTo: <sip:bob@198.51.100.1>\r\nCall-ID: latency-" + id +
           "\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@192.0.2.10:5060>\r\nContent-Type: "
           "application/sdp\r\nContent-Length: " +
           std::to_string(sdp.size()) + "\r\n\r\n" + sdp;
}

struct pinhole_key key_of(uint16_t port) { return {IpAddress::parse("192.0.2.10")->abi(), uint32_t{port} << 16 | 17}; }

double measure(int program, int pinholes, int call) {
    const auto port = static_cast<uint16_t>(10000 + 2 * (call % 20000));
    const struct pinhole_key key = key_of(port);
    struct pinhole hole;
    if (bpf_map_lookup_elem(pinholes, &key, &hole) == 0) return -1;
    Bytes frame = (eth / ip4{.src = "192.0.2.10", .dst = "198.51.100.1"} / udp{.sport = 5060, .dport = 5060} /
                   text(invite(call, port)))
                      .bytes();
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()));
    const auto began = Clock::now();
    if (bpf_prog_test_run_opts(program, &options) != 0) fail("run the egress program");
    while (bpf_map_lookup_elem(pinholes, &key, &hole) != 0)
        if (Clock::now() - began > std::chrono::seconds(1)) return -1;
    return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: latency_bench PIN_DIRECTORY INTERFACE [CALLS] [PAUSE_US] [FIRST]\n");
        return 2;
    }
    const std::string pins = argv[1];
    const int calls = argc > 3 ? std::atoi(argv[3]) : 2000;
    const auto pause = std::chrono::microseconds(argc > 4 ? std::atoi(argv[4]) : 3000);
    const int first = argc > 5 ? std::atoi(argv[5]) : 0;
    const int program = program_of_link(pins + "/links/" + argv[2] + "-egress");
    const int pinholes = open_pin(pins + "/maps/pinholes");
    std::vector<double> took;
    int lost = 0;
    for (int call = first; call < first + calls; ++call) {
        const double us = measure(program, pinholes, call);
        us < 0 ? void(++lost) : took.push_back(us);
        std::this_thread::sleep_for(pause);
    }
    if (took.empty()) return 1;
    std::sort(took.begin(), took.end());
    const auto at = [&](double part) { return took[static_cast<size_t>(part * static_cast<double>(took.size() - 1))]; };
    std::printf("%d INVITEs, one each %ld us: p50 %.0f us, p90 %.0f, p99 %.0f, max %.0f; %d without a hole\n", calls,
                static_cast<long>(pause.count()), at(0.5), at(0.9), at(0.99), at(1), lost);
    return 0;
}

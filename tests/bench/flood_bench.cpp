// SPDX-License-Identifier: Apache-2.0
// The parts of a live load that need BPF; live.py puts them together, one process each. They run until they are told to
// end (SIGTERM), in the network namespace that they were started in.
//   flood_bench send KIND INTERFACE FROM_MAC TO_MAC NUMBER [PACKETS_PER_SECOND [STREAMS]]
//       registrations    REGISTERs of 654 bytes from so many sources to 192.0.2.10:5060, no two alike; amid them 50 RTP
//                        packets a second of each of STREAMS, a file of lines FROM FROM_PORT TO TO_PORT SSRC SEQUENCE, and
//                        what sockets send on INTERFACE
//       registrations6   the same from so many IPv6 networks (/64) to [2001:db8:1::10]:5060, without STREAMS
//       media4, media6   RTP from one source to so many pinholes of `hold`
//   flood_bench drop INTERFACE PROGRAM                 attaches flood_drop, flood_read or flood_shed
//   flood_bench hold INTERFACE PROGRAM FAMILY NUMBER   attaches bare_turned or wall_turned, with so many pinholes open
//   flood_bench watch                                  says in the end for how many us its CPU did not run it when it should
//   flood_bench deny CONFIG PIN_DIRECTORY PREFIXES     puts a long deny list into a running wall
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "agent/fd.hpp"
#include "agent/kernel/policy_writer.hpp"
#include "tests/bench/bench_wall.hpp"
#include "tests/bench/flood_parts.hpp"

namespace {

using namespace ringwall;
using namespace ringwall::bench;
using test::BenchWall;
using test::give_up;

void wait_for_the_end() {
    while (is_over == 0) usleep(10000); // a pause() could miss a signal just before it
}

int drop(std::span<char*> words) {
    flood* programs = open_programs();
    load(programs);
    const bpf_program* program = bpf_object__find_program_by_name(programs->obj, words[1]);
    bpf_link* link = bpf_program__attach_xdp(program, static_cast<int>(index_of(words[0])));
    if (link == nullptr) give_up(words[0]);
    say_ready();
    wait_for_the_end();
    bpf_link__destroy(link);
    flood::destroy(programs);
    return 0;
}

constexpr int64_t look_every_ns = 250000; // of a CPU that others measure: 1 % of it or so
constexpr int64_t stall_ns = 150000;      // a receiver polls 64 packets at a time, and cannot be interrupted there

int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int watch() {
    int64_t stalled = 0;
    say_ready();
    for (int64_t due = now_ns() + look_every_ns; is_over == 0; due = now_ns() + look_every_ns) {
        const timespec until{.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
        if (const int64_t late = now_ns() - due; late > stall_ns) stalled += late;
    }
    std::printf("%lld\n", static_cast<long long>(stalled / 1000));
    return 0;
}

int hold(std::span<char*> words) {
    BenchWall wall;
    const auto family = std::string_view(words[2]) == "6" ? BenchWall::Family::ip6 : BenchWall::Family::ip4;
    wall.open_holes(family, number(words[3]));
    const Fd link(bpf_link_create(wall.program(words[1]), static_cast<int>(index_of(words[0])), BPF_XDP, nullptr));
    if (!link) give_up(words[0]);
    say_ready();
    wait_for_the_end();
    return 0;
}

std::string read_file(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// As a reload with such a list would: the file itself is limited to 2 MiB.
int deny(std::span<char*> words) {
    auto config = policy::read(read_file(words[0]));
    if (!config) give_up(words[0]);
    for (uint32_t i = 0; i < number(words[2]); ++i)
        config->deny.push_back(Prefix::of(IpAddress::v4(i * 2654435761U), 128)); // scattered over all of IPv4
    const auto open = [&](const char* map) {
        const Fd fd(bpf_obj_get((std::string(words[1]) + "/maps/" + map).c_str()));
        if (!fd) give_up(map);
        return dup(fd.get());
    };
    const auto written = kernel::write_policy(kernel::PolicyMaps::of(open), policy::compile(*config, {}));
    if (written) return 0;
    std::fprintf(stderr, "%s\n", written.error().message().c_str());
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    struct sigaction end{};
    end.sa_handler = [](int) { is_over = 1; };
    sigaction(SIGTERM, &end, nullptr);
    sigaction(SIGINT, &end, nullptr);
    const std::span words(argv, static_cast<size_t>(argc));
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "send" && argc >= 7) return send(words.subspan(2));
    if (what == "drop" && argc == 4) return drop(words.subspan(2));
    if (what == "hold" && argc == 6) return hold(words.subspan(2));
    if (what == "watch" && argc == 2) return watch();
    if (what == "deny" && argc == 5) return deny(words.subspan(2));
    std::fprintf(stderr,
                 "usage: flood_bench send KIND INTERFACE FROM_MAC TO_MAC NUMBER [PACKETS_PER_SECOND [STREAMS]]\n"
                 "       flood_bench drop INTERFACE PROGRAM\n"
                 "       flood_bench hold INTERFACE PROGRAM FAMILY NUMBER\n"
                 "       flood_bench watch\n"
                 "       flood_bench deny CONFIG PIN_DIRECTORY PREFIXES\n");
    return 2;
}

// SPDX-License-Identifier: Apache-2.0
// The part of Wall that runs packets through the programs.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstdlib>
#include <numeric>

#include "maps/reasons.hpp"
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/programs.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

std::vector<reason_count> reason_counts(int fd) {
    std::vector<reason_count> all;
    for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
        auto cpus = per_cpu<reason_count>(fd, number);
        all.push_back(std::accumulate(cpus.begin(), cpus.end(), reason_count{}, [](reason_count a, reason_count b) {
            return reason_count{.packets = a.packets + b.packets, .bytes = a.bytes + b.bytes};
        }));
    }
    return all;
}

} // namespace

std::set<uint32_t>& produced_reasons() {
    static std::set<uint32_t> produced;
    return produced;
}
int Wall::ingress_program() const { return bpf_program__fd(programs().ingress->progs.ringwall_xdp); }
int Wall::egress_program() const { return bpf_program__fd(programs().egress->progs.ringwall_tc_eg); }

std::vector<reason_count> Wall::counts() const { return reason_counts(map("reasons")); }

std::map<std::string, size_t>& frames_that_tc_refused() {
    static std::map<std::string, size_t> frames;
    return frames;
}

bool judges_by_tc() {
    const char* hook = std::getenv("RINGWALL_TEST_HOOK");
    return hook != nullptr && std::string_view(hook) == "tc";
}

namespace {

// What TC's TEST_RUN takes (net/bpf/test_run.c): 14 to 3712 bytes, an IPv4 header whole, an IPv6 header whole.
bool fits_tc(const Bytes& frame) {
    if (frame.size() < 14 || frame.size() > 3712) return false;
    const int type = frame[12] << 8 | frame[13];
    return !(type == 0x0800 && frame.size() < 34) && !(type == 0x86dd && frame.size() < 54);
}

struct Run {
    int program;
    uint32_t pass;
};

Run run_inward(const Bytes& frame) {
    constexpr uint32_t xdp_pass = 2, tc_unspec = static_cast<uint32_t>(-1);
    const Run xdp{bpf_program__fd(programs().ingress->progs.ringwall_xdp), xdp_pass};
    if (!judges_by_tc()) return xdp;
    if (fits_tc(frame)) return {bpf_program__fd(programs().tc->progs.ringwall_tc_in), tc_unspec};
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    ++frames_that_tc_refused()[std::string(test->test_suite_name()) + "." + test->name()];
    return xdp;
}

} // namespace

void Wall::run_many(const Bytes& frame, uint32_t count) const {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = static_cast<int>(count));
    require(bpf_prog_test_run_opts(run_inward(frame).program, &options) == 0, "run frames");
}

bool Wall::passes(const Bytes& frame) const {
    const auto [program, pass] = run_inward(frame);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = 1);
    require(bpf_prog_test_run_opts(program, &options) == 0, "run a frame");
    return options.retval == pass;
}

std::string Wall::in(const Bytes& frame) {
    const auto [program, pass] = run_inward(frame);
    return run(frame, program, pass);
}
std::string Wall::out(const Bytes& frame) { return run(frame, egress_program(), static_cast<uint32_t>(-1)); }
std::string Wall::watched(const Bytes& frame) {
    return run(frame, bpf_program__fd(programs().watching->progs.ringwall_tc_in), static_cast<uint32_t>(-1));
}
int Wall::tc_ingress_program() const { return bpf_program__fd(programs().tc->progs.ringwall_tc_in); }

std::string Wall::run(const Bytes& frame, int program, uint32_t pass) {
    auto before = reason_counts(map("reasons"));
    Bytes after(65536);
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = after.data(),
                .data_size_in = static_cast<uint32_t>(frame.size()), .data_size_out = 65536, .repeat = 1);
    if (int error = bpf_prog_test_run_opts(program, &options)) return "refused by TEST_RUN: " + std::to_string(error);
    after.resize(options.data_size_out);
    if (after != frame) return "the frame was changed"; // rule 1: never change a byte

    std::string reasons;
    auto counts = reason_counts(map("reasons"));
    for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
        if (counts[number].packets == before[number].packets) continue;
        reasons += " " + std::string(reason_text(number).label);
        if (counts[number].packets != before[number].packets + 1) reasons += " more than once";
        if (counts[number].bytes != before[number].bytes + frame.size()) reasons += " with other bytes";
        produced_reasons().insert(number);
    }
    return (options.retval == pass ? "pass" : "drop") + reasons;
}

} // namespace ringwall::test

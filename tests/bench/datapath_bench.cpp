// SPDX-License-Identifier: Apache-2.0
// What one packet costs in the ingress program, by BPF_PROG_TEST_RUN, with the least any program could cost beside it:
// nothing, a clock reading, a lookup in the same map (bare.bpf.c). Rows of one table are measured in turns, so that a
// busy machine slows all of them alike.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/bench_wall.hpp"

namespace {

using namespace ringwall;
using namespace ringwall::test;

constexpr int runs = 1000000;
int rounds = 9;
constexpr uint32_t any_verdict = ~0U;

struct Row {
    std::string what;
    int program;
    Bytes frame;
    uint32_t expected;
    uint32_t different = 0; // packets, by a vary_* program; 0: always the same one
    int vary = -1;
    std::vector<double> ns{};
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class Table {
public:
    explicit Table(BenchWall& wall) : wall_(wall) {}
    void add(Row row) { rows_.push_back(std::move(row)); }
    void measure() { // and print
        for (int round = 0; round < rounds; ++round)
            for (Row& row : rows_) row.ns.push_back(run_once(row));
        for (const Row& row : rows_) print(row);
    }
    double ns(size_t row) const { return median(rows_[row].ns); }

private:
    static void print(const Row& row) {
        const auto [least, most] = std::ranges::minmax(row.ns);
        std::printf("%-46s %6.0f ns  [%.0f..%.0f]\n", row.what.c_str(), median(row.ns), least, most);
    }
    double run_once(const Row& row) {
        int program = row.program;
        if (row.different != 0) {
            wall_.vary(row.different);
            wall_.run_next(row.program);
            program = row.vary;
        }
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = row.frame.data(),
                    .data_size_in = static_cast<uint32_t>(row.frame.size()), .repeat = runs);
        if (bpf_prog_test_run_opts(program, &options) != 0) give_up("run");
        if (row.expected != any_verdict && options.retval != row.expected) {
            std::printf("%s: the verdict is %u, not the one to measure\n", row.what.c_str(), options.retval);
            std::exit(1);
        }
        return options.duration;
    }
    BenchWall& wall_;
    std::vector<Row> rows_;
};

void one_flow(BenchWall& wall) {
    const Bytes media = (eth / ip4{} / udp{} / rtp()).bytes();
    const Bytes media6 = (eth / ip6{} / udp{} / rtp()).bytes();
    wall.open_holes(BenchWall::Family::ip4, 1);
    wall.open_holes(BenchWall::Family::ip6, 1);
    Table table(wall);
    table.add({"empty program", wall.program("bare_drop"), media, XDP_DROP});
    table.add({"+ clock", wall.program("bare_clock"), media, XDP_DROP});
    table.add({"+ counter, no clock", wall.program("bare_count"), media, XDP_DROP});
    table.add({"+ clock, lookup, counter, IPv4", wall.program("bare_lookup"), media, XDP_PASS});
    table.add({"+ clock, lookup, counter, IPv6", wall.program("bare_lookup"), media6, XDP_PASS});
    table.add({"pinhole hit, IPv4", wall.ingress(), media, XDP_PASS});
    table.add({"pinhole hit, IPv6", wall.ingress(), media6, XDP_PASS});
    table.add({"media to a closed port: no_pinhole", wall.ingress(),
               (eth / ip4{.src = "203.0.113.9"} / udp{.dport = 40002} / rtp()).bytes(), XDP_DROP});
    table.add({"media to a closed port, IPv6", wall.ingress(),
               (eth / ip6{.src = "2a00::9"} / udp{.dport = 40002} / rtp()).bytes(), XDP_DROP});
    table.add({"media from a wrong source: wrong_source", wall.ingress(),
               (eth / ip4{.src = "203.0.113.9"} / udp{} / rtp()).bytes(), XDP_DROP});
    table.add({"none of ours: out_of_scope", wall.ingress(),
               (eth / ip4{.dst = "203.0.113.9"} / udp{.dport = 53} / rtp()).bytes(), XDP_PASS});
    table.measure();
    std::printf("hit / empty program: %.1f IPv4, %.1f IPv6; hit / bare lookup: %.2f, %.2f\n", table.ns(5) / table.ns(0),
                table.ns(6) / table.ns(0), table.ns(5) / table.ns(3), table.ns(6) / table.ns(4));
}

// Each row is the one before and one part more. After one_flow(): the pinhole knows its SSRC.
void parts_of_a_hit(BenchWall& wall) {
    const Bytes media = (eth / ip4{} / udp{} / rtp()).bytes();
    Table table(wall);
    table.add({"empty program", wall.program("bare_drop"), media, XDP_DROP});
    table.add({"+ clock", wall.program("bare_clock"), media, XDP_DROP});
    table.add({"+ struct packet, its length, the configuration", wall.program("part_begin"), media, XDP_PASS});
    table.add({"+ parse", wall.program("part_parse"), media, XDP_PASS});
    table.add({"+ port, lookup", wall.program("part_find"), media, XDP_PASS});
    table.add({"+ phase, deadline, peer", wall.program("part_peer"), media, XDP_PASS});
    table.add({"+ conformance", wall.program("part_conformance"), media, XDP_PASS});
    table.add({"+ rate cap", wall.program("part_rate"), media, XDP_PASS});
    table.add({"+ the pinhole's times and counters", wall.program("part_counters"), media, XDP_PASS});
    table.add({"+ reason: the whole program", wall.ingress(), media, XDP_PASS});
    table.measure();
}

// Three rows of one packet: the variation alone, with the bare lookup, with the wall.
void many_holes(BenchWall& wall, uint32_t holes, BenchWall::Family family, const Packet& packet) {
    const Bytes frame = packet.bytes();
    const int vary = wall.program("vary_destinations");
    const std::string of = std::to_string(holes) + " pinholes, IPv" + (family == BenchWall::Family::ip4 ? "4" : "6");
    wall.open_holes(family, holes);
    Table table(wall);
    table.add({of + ": the variation alone", wall.program("bare_drop"), frame, XDP_DROP, holes, vary});
    table.add({of + ": clock, lookup, counter", wall.program("bare_lookup"), frame, XDP_PASS, holes, vary});
    table.add({of + ": hit", wall.ingress(), frame, XDP_PASS, holes, vary});
    table.measure();
    const double varying = table.ns(0);
    std::printf("%s: hit / bare lookup %.2f (without the variation: %.0f and %.0f ns)\n", of.c_str(),
                (table.ns(2) - varying) / (table.ns(1) - varying), table.ns(2) - varying, table.ns(1) - varying);
    wall.close_holes(family, holes);
}

// Every source has used up its burst before the clock runs.
void sip_flood(BenchWall& wall, const char* method, const char* family, const Packet& packet) {
    const Bytes frame = packet.bytes();
    const int vary = wall.program("vary_sources");
    Table table(wall);
    const std::string of = std::string(method) + " flood, " + family + ", sources: ";
    for (const uint32_t sources : {1U, 1024U, 65536U, 1U << 20}) {
        table.add({of + std::to_string(sources), wall.ingress(), frame, any_verdict, sources, vary});
    }
    table.add({of + "1048576, variation alone", wall.program("bare_drop"), frame, XDP_DROP, 1U << 20, vary});
    table.measure();
    const double varying = table.ns(4);
    std::printf("%s flood, %s: 1M sources / one source %.2f\n", method, family,
                (table.ns(3) - varying) / (table.ns(0) - varying));
}

void sip_floods(BenchWall& wall) {
    const auto flood = [](const char* method) {
        return text(std::string(method) + " sip:example.com SIP/2.0\r\n" + std::string(600, 'x'));
    };
    sip_flood(wall, "REGISTER", "IPv4", eth / ip4{.src = "203.0.113.9"} / udp{.dport = 5060} / flood("REGISTER"));
    sip_flood(wall, "REGISTER", "IPv6", eth / ip6{.src = "2a00::9"} / udp{.dport = 5060} / flood("REGISTER"));
    sip_flood(wall, "garbage", "IPv4", eth / ip4{.src = "203.0.113.9"} / udp{.dport = 5060} / flood("FLOODING"));
}

void many_pinholes(BenchWall& wall) {
    for (const uint32_t holes : {65536U, 1U << 20}) {
        many_holes(wall, holes, BenchWall::Family::ip4, eth / ip4{} / udp{} / rtp());
        many_holes(wall, holes, BenchWall::Family::ip6, eth / ip6{} / udp{} / rtp());
    }
}

} // namespace

// datapath_bench [ROUNDS] [flow] [flood] [pinholes]     without words all of them; few rounds where two builds take turns
int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::vector<std::string> wanted(argv + 1, argv + argc);
    const int asked = wanted.empty() ? 0 : std::atoi(wanted[0].c_str());
    if (asked > 0) {
        rounds = asked;
        wanted.erase(wanted.begin());
    }
    const auto is_wanted = [&](const char* name) { return wanted.empty() || std::ranges::count(wanted, name) != 0; };
    BenchWall wall;
    std::printf("medians of %d rounds of %d runs\n", rounds, runs);
    if (is_wanted("flow")) one_flow(wall);
    if (is_wanted("flow")) parts_of_a_hit(wall);
    if (is_wanted("flood")) sip_floods(wall);
    if (is_wanted("pinholes")) many_pinholes(wall);
}

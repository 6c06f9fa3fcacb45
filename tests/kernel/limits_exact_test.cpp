// SPDX-License-Identifier: Apache-2.0
// Limits are exact: of a hundred thousand sources each has what is its own and not one packet more, and several CPUs at
// once are given together what one would be given, and one packet more where two find a source new in the same instant:
// each begins a bucket for it, and only the first counts. Limits are hourly, so that nothing is paid back meanwhile.
#include <bpf/bpf.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr uint32_t sources = 100000;
constexpr uint32_t burst = 4;
constexpr uint32_t packets = 10; // of each source

class LimitsExact : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        clear_table();
        settings().flags |= WALL_ADMIT_ALL;
        apply_settings();
    }
    void TearDown() override { clear_table(); } // it is every test's
    void clear_table() const {
        const limiter_set empty{};
        for (uint32_t set = 0; set < LIMITER_SETS; ++set) bpf_map_update_elem(map("limiter"), &set, &empty, BPF_ANY);
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    Bytes message() const {
        const auto sip = text("REGISTER sip:00000000@example.com SIP/2.0\r\n\r\n");
        if (is_v4()) return (eth / ip4{.src = "11.0.0.0"} / udp{.dport = 5060} / sip).bytes();
        return (eth / ip6{.src = "2a00::1"} / udp{.dport = 5060} / sip).bytes();
    }
    // Whether request `number` of that source passes (of IPv6: of that /64). No two are alike: copies are free.
    bool passes_of(Bytes& frame, uint32_t source, uint32_t number) const {
        const uint32_t word = __builtin_bswap32((is_v4() ? 0x0b000000U : 0U) + source);
        std::memcpy(&frame[26], &word, sizeof word);
        uint8_t* digit = &frame[is_v4() ? 42 : 62] + std::strlen("REGISTER sip:00000000");
        for (int i = 0; i < 8; ++i, number /= 10) *--digit = static_cast<uint8_t>('0' + number % 10);
        return passes(frame);
    }
    // As many threads as CPUs, and four at least, so that they cut into each other on a small machine, too.
    template <typename Body>
    static uint32_t together(const Body& body) {
        const uint32_t count = std::max(4U, std::thread::hardware_concurrency());
        std::atomic<uint32_t> passed = 0, ready = 0;
        std::vector<std::thread> threads;
        for (uint32_t thread = 0; thread < count; ++thread)
            threads.emplace_back([&, thread] {
                ++ready;
                while (ready < count) std::this_thread::yield();
                passed += body(thread);
            });
        for (auto& thread : threads) thread.join();
        return passed;
    }
    // Each thread's own requests of `from` sources, one after the other and again.
    uint32_t passed_together(uint32_t from, uint32_t each) const {
        return together([this, from, each](uint32_t thread) {
            Bytes frame = message();
            uint32_t passed = 0;
            for (uint32_t i = 0; i < each; ++i) passed += passes_of(frame, i % from, thread * each + i) ? 1U : 0U;
            return passed;
        });
    }
};

TEST_P(LimitsExact, each_of_a_hundred_thousand_sources_passes_its_burst_and_no_more) {
    zone(zone_none, ZONE_SIP, {{CLASS_REGISTER, hourly(burst)}});
    Bytes frame = message();
    std::vector<uint32_t> passed(packets);
    for (uint32_t number = 0; number < packets; ++number)
        for (uint32_t source = 0; source < sources; ++source)
            passed[number] += passes_of(frame, source, number) ? 1U : 0U;
    // By chance a set of the table is full, once in some runs: a source that finds no room shares a bucket with such others.
    const auto sharing = static_cast<uint32_t>(event(EVENT_limiter_full) / packets);
    EXPECT_LE(sharing, 5U);
    for (uint32_t number = 0; number < packets; ++number) {
        EXPECT_LE(passed[number], number < burst ? sources : 0U) << number;
        EXPECT_GE(passed[number] + sharing, number < burst ? sources : 0U) << number;
    }
}

TEST_P(LimitsExact, many_cpus_pass_one_source_its_burst_and_one_more_at_most) {
    constexpr uint32_t shared = 5000;
    zone(zone_none, ZONE_SIP, {{CLASS_REGISTER, hourly(shared)}});
    const uint32_t passed = passed_together(1, 10000);
    // Who is beaten to it four times in a row is refused, or pays what strangers share: seen as `limiter_full`.
    EXPECT_GE(passed, shared);
    EXPECT_LE(passed, shared + 1 + event(EVENT_limiter_full));
}

TEST_P(LimitsExact, many_cpus_pass_many_sources_each_its_burst_and_one_more_at_most) {
    zone(zone_none, ZONE_SIP, {{CLASS_REGISTER, hourly(burst)}});
    const uint32_t passed = passed_together(1000, 10000);
    EXPECT_GE(passed, 1000 * burst);
    EXPECT_LE(passed, 1000 * (burst + 1) + event(EVENT_limiter_full));
}

TEST_P(LimitsExact, many_cpus_pass_a_zone_its_total) {
    constexpr uint32_t in_all = 5000;
    zone(zone_none, ZONE_SIP, {{CLASS_REGISTER, hourly(burst)}});
    total(zone_none, CLASS_REGISTER, hourly(in_all));
    // Each thread has 10,000 sources of its own to draw from: what they may have is more than the zone.
    const uint32_t passed = together([this](uint32_t thread) {
        Bytes frame = message();
        uint32_t mine = 0;
        for (uint32_t i = 0; i < 10000; ++i) mine += passes_of(frame, thread * 10000 + i, i) ? 1U : 0U;
        return mine;
    });
    EXPECT_EQ(passed, in_all);
}

// The packets' clock ticks, and not on all CPUs in the same instant: who comes with the tick before must not take the bucket
// of the one after for another limit's. Room comes at ticks here, so that this happens all the time.
TEST_P(LimitsExact, many_cpus_pass_a_total_of_milliseconds_as_it_comes) {
    constexpr uint32_t a_second = 1000, at_once = 500;
    zone(zone_none, ZONE_SIP);
    total(zone_none, CLASS_REGISTER, limit_of(1000000000 / a_second, at_once));
    const auto began = std::chrono::steady_clock::now();
    const uint32_t passed = together([&](uint32_t thread) {
        Bytes frame = message();
        uint32_t mine = 0;
        for (uint32_t i = 0; std::chrono::steady_clock::now() < began + 2s; ++i)
            mine += passes_of(frame, thread << 20 | i, i) ? 1U : 0U;
        return mine;
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_LE(passed, at_once + took.count() * a_second * 1.05 + 50);
}

INSTANTIATE_TEST_SUITE_P(Families, LimitsExact, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test

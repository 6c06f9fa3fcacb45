// SPDX-License-Identifier: Apache-2.0
// Samples of what drops: what stands in one, and how many of each reason there are (maps/abi/drop.h).
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <memory>

#include "maps/abi/drop.h"
#include "maps/reasons.hpp"
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

struct Sample {
    drop_sample header;
    Bytes bytes;
};

class Samples : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        capture_for(-1s);
        ring_.reset(ring_buffer__new(map("ring_drops"), receive, this, nullptr));
        ASSERT_NE(ring_, nullptr);
        read();
        fresh_budgets();
    }

    std::vector<Sample> read() {
        received_.clear();
        ring_buffer__consume(ring_.get());
        return std::move(received_);
    }
    Sample only_one() {
        auto samples = read();
        EXPECT_EQ(samples.size(), 1U);
        return samples.empty() ? Sample{} : samples[0];
    }
    // As if no packet had dropped before.
    void fresh_budgets() const {
        const std::vector<reason_count> none(static_cast<size_t>(libbpf_num_possible_cpus()));
        for (uint32_t reason = 0; reason < REASON_LIMIT; ++reason)
            require(bpf_map_update_elem(map("reasons"), &reason, none.data(), BPF_ANY) == 0, "forget the counts");
    }
    void capture_for(Duration time) const {
        put(map("sampling"), 0U, sampling{now_ns() + static_cast<uint64_t>(time.count())});
    }

private:
    static int receive(void* self, void* record, size_t size) {
        Sample one{};
        std::memcpy(&one.header, record, sizeof one.header);
        require(sizeof one.header + one.header.captured <= size, "a sample says more than it holds");
        const auto* bytes = static_cast<const uint8_t*>(record) + sizeof one.header;
        one.bytes.assign(bytes, bytes + one.header.captured);
        static_cast<Samples*>(self)->received_.push_back(std::move(one));
        return 0;
    }
    std::unique_ptr<ring_buffer, decltype(&ring_buffer__free)> ring_{nullptr, ring_buffer__free};
    std::vector<Sample> received_;
};

std::string source_of(const Sample& sample) { return Endpoint::from(sample.header.source).to_string(); }
std::string destination_of(const Sample& sample) { return Endpoint::from(sample.header.destination).to_string(); }

TEST_F(Samples, say_who_sent_what_to_whom_and_why_it_fell) {
    for (const bool is_v4 : {true, false}) {
        const Bytes frame = is_v4 ? (eth / ip4{} / udp{} / rtp()).bytes() : (eth / ip6{} / udp{} / rtp()).bytes();
        const uint64_t before = exact_now_ns();
        EXPECT_EQ(in(frame), "drop no_pinhole");
        const Sample sample = only_one();
        EXPECT_EQ(source_of(sample), is_v4 ? "198.51.100.7:30000" : "[2001:db8:99::7]:30000");
        EXPECT_EQ(destination_of(sample), is_v4 ? "192.0.2.10:40000" : "[2001:db8:1::10]:40000");
        EXPECT_EQ(sample.header.reason, REASON_no_pinhole);
        EXPECT_EQ(sample.header.protocol, 17);
        EXPECT_EQ(sample.header.flags, 0);
        EXPECT_EQ(sample.header.length, frame.size());
        EXPECT_EQ(sample.header.packets, 1U);
        EXPECT_EQ(sample.header.owner, 0U);
        EXPECT_GE(sample.header.time_ns, before);
        EXPECT_LE(sample.header.time_ns, exact_now_ns());
        EXPECT_EQ(sample.bytes, frame);
    }
}

TEST_F(Samples, are_of_drops_only) {
    open({});
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 22}), "pass not_guarded");
    EXPECT_TRUE(read().empty());
}

TEST_F(Samples, name_the_leg_whose_port_it_was) {
    open({});
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.66"} / udp{} / rtp()), "drop rtp_bleed");
    EXPECT_EQ(only_one().header.owner, 77U);
}

TEST_F(Samples, say_in_monitor_mode_that_it_passed) {
    settings().flags = WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "pass no_pinhole");
    EXPECT_EQ(only_one().header.flags, SAMPLE_PASSED);
}

TEST_F(Samples, of_what_cannot_be_read_have_the_frame_all_the_same) {
    const Bytes frame = (eth / ip4{.length_error = 1} / udp{} / rtp()).bytes();
    EXPECT_EQ(in(frame), "drop malformed");
    const Sample sample = only_one();
    EXPECT_EQ(source_of(sample), "198.51.100.7:0");
    EXPECT_EQ(sample.bytes, frame);
}

TEST_F(Samples, hold_a_frames_first_bytes_and_more_while_somebody_captures) {
    const Bytes small = (eth / ip4{} / udp{} / filled(SAMPLE_BYTES - 42)).bytes(),
                large = (eth / ip4{} / udp{} / filled(SAMPLE_BYTES - 41)).bytes(),
                largest = (eth / ip4{} / udp{} / filled(CAPTURED_BYTES - 41)).bytes();
    in(small);
    EXPECT_EQ(only_one().bytes, small);
    in(large);
    EXPECT_EQ(only_one().bytes, Bytes(large.begin(), large.end() - 1));
    capture_for(1h);
    in(large);
    EXPECT_EQ(only_one().bytes, large);
    in(largest);
    const Sample sample = only_one();
    EXPECT_EQ(sample.header.length, largest.size());
    EXPECT_EQ(sample.bytes, Bytes(largest.begin(), largest.end() - 1));
}

// A flood: at most so many a tick, whatever the number of packets. It may run over a tick's end, and on two CPUs.
TEST_F(Samples, of_a_flood_are_few_and_stand_for_all_of_it) {
    constexpr uint32_t packets = 100000;
    const Bytes frame = (eth / ip4{} / udp{} / rtp()).bytes();
    const uint64_t began = now_ns() >> SAMPLE_TICK_SHIFT;
    run_many(frame, packets);
    const uint64_t ticks = (now_ns() >> SAMPLE_TICK_SHIFT) - began + 1;
    const auto samples = read();
    EXPECT_GE(samples.size(), size_t{SAMPLES_A_TICK});
    EXPECT_LE(samples.size(), ticks * SAMPLES_A_TICK * 2);
    uint64_t told = 0;
    for (const Sample& sample : samples) told += sample.header.packets;
    EXPECT_GE(told, samples.size());
    EXPECT_LE(told, packets);
    EXPECT_EQ(counts()[REASON_no_pinhole].packets, packets);
}

TEST_F(Samples, of_a_seldom_reason_come_through_a_flood_of_another) {
    run_many((eth / ip4{} / udp{} / rtp()).bytes(), 10000);
    EXPECT_EQ(in(eth / ip4{.src = "192.0.2.1"} / udp{} / rtp()), "drop spoofed_inside");
    const auto samples = read();
    ASSERT_FALSE(samples.empty());
    EXPECT_EQ(samples.back().header.reason, REASON_spoofed_inside);
}

TEST_F(Samples, are_more_while_somebody_captures_and_fewer_when_he_has_gone) {
    const Bytes frame = (eth / ip4{} / udp{} / rtp()).bytes();
    capture_for(1h);
    run_many(frame, CAPTURED_A_TICK);
    EXPECT_EQ(read().size(), size_t{CAPTURED_A_TICK});
    capture_for(-1s);
    fresh_budgets();
    const uint64_t began = now_ns() >> SAMPLE_TICK_SHIFT;
    run_many(frame, CAPTURED_A_TICK);
    const uint64_t ticks = (now_ns() >> SAMPLE_TICK_SHIFT) - began + 1;
    EXPECT_LE(read().size(), ticks * SAMPLES_A_TICK * 2);
}

TEST_F(Samples, that_find_no_room_are_counted_and_the_packet_falls_as_it_would) {
    const Bytes frame = (eth / ip4{} / udp{} / rtp()).bytes();
    capture_for(1h);
    for (int i = 0; i < 10 && event(EVENT_samples_lost) == 0; ++i) {
        fresh_budgets();
        run_many(frame, CAPTURED_A_TICK);
    }
    EXPECT_GT(event(EVENT_samples_lost), 0U);
    fresh_budgets();
    EXPECT_EQ(in(frame), "drop no_pinhole");
    EXPECT_GT(read().size(), 900U); // of 2 MiB
    fresh_budgets();
    EXPECT_EQ(in(frame), "drop no_pinhole");
    EXPECT_EQ(read().size(), 1U);
}

} // namespace
} // namespace ringwall::test

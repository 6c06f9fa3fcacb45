// SPDX-License-Identifier: Apache-2.0
// Two XDP programs of the wall in libxdp's dispatcher, while a new agent takes over: the one whose turn it is judges,
// the other one lets everything pass and counts nothing (agent/kernel/dispatcher.hpp). The dispatcher itself is shown in
// tests/netns/vm_dispatcher.py: it wants a kernel with freplace.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <numeric>

#include "tests/kernel/wall.hpp"
#include "xdp_ingress.skel.h"

namespace ringwall::test {
namespace {

class Turn : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        program_ = xdp_ingress::open();
        ASSERT_NE(program_, nullptr);
        program_->rodata->own_turn = 7;
        program_->data_turn->turn = 6;
        bpf_map* one = nullptr;
        bpf_object__for_each_map(one, program_->obj) {
            if (bpf_map__is_internal(one)) continue;
            ASSERT_EQ(bpf_map__reuse_fd(one, map(bpf_map__name(one))), 0);
        }
        ASSERT_EQ(xdp_ingress::load(program_), 0);
    }
    void TearDown() override { xdp_ingress::destroy(program_); }

    // As the agent does, which knows of another agent's program no more than this map.
    void give_turn(uint32_t to) {
        const uint32_t key = 0;
        const int map = bpf_object__find_map_fd_by_name(program_->obj, ".data.turn");
        ASSERT_EQ(bpf_map_update_elem(map, &key, &to, BPF_ANY), 0);
    }

    uint32_t verdict(const Packet& packet) {
        auto frame = packet.bytes();
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<uint32_t>(frame.size()), .repeat = 1);
        EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program_->progs.ringwall_xdp), &options), 0);
        return options.retval;
    }

    uint64_t judged() const {
        const auto all = counts();
        return std::accumulate(all.begin(), all.end(), uint64_t{},
                               [](uint64_t sum, const reason_count& each) { return sum + each.packets; });
    }

    xdp_ingress* program_ = nullptr;
};

TEST_F(Turn, lets_pass_and_counts_nothing_while_it_is_anothers) {
    const auto before = judged();
    EXPECT_EQ(verdict(eth / ip4{.dst = "192.0.2.10"} / udp{.dport = 10000}), XDP_PASS);
    EXPECT_EQ(verdict(eth / ip6{.dst = "2001:db8:1::10"} / udp{.dport = 10000}), XDP_PASS);
    EXPECT_EQ(judged(), before);
}

TEST_F(Turn, judges_while_it_is_its_own) {
    give_turn(7);
    const auto before = judged();
    EXPECT_EQ(verdict(eth / ip4{.dst = "192.0.2.10"} / udp{.dport = 10000}), XDP_DROP);
    EXPECT_EQ(verdict(eth / ip6{.dst = "2001:db8:1::10"} / udp{.dport = 10000}), XDP_DROP);
    EXPECT_EQ(verdict(eth / ip4{.dst = "192.0.2.10"} / udp{.dport = 9999}), XDP_PASS);
    EXPECT_EQ(judged(), before + 3);
    give_turn(8);
    EXPECT_EQ(verdict(eth / ip4{.dst = "192.0.2.10"} / udp{.dport = 10000}), XDP_PASS);
    EXPECT_EQ(judged(), before + 3);
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// A packet between its lookup and its write, while the agent works on the same map: what the packet writes must land in
// the pinhole that it found, or nowhere that matters (docs/adr/0002).
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <functional>
#include <thread>

#include "slow_packet.skel.h"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr uint32_t its_ssrc = 0x5105105;
constexpr uint16_t others = 8; // pinholes beside the packet's own

struct Call {
    pinhole_key key;
    uint32_t ssrc;
};

class SlowPacket : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        program_ = slow_packet::open();
        ASSERT_NE(program_, nullptr);
        bpf_map* one = nullptr;
        bpf_object__for_each_map(one, program_->obj) {
            if (bpf_map__is_internal(one)) continue; // the gate is its own
            ASSERT_EQ(bpf_map__reuse_fd(one, map(bpf_map__name(one))), 0);
        }
        ASSERT_EQ(slow_packet::load(program_), 0);
        for (uint16_t port = 40000; port <= 40000 + others; ++port) open({.port = port});
    }
    void TearDown() override { slow_packet::destroy(program_); }

    // What `agent` does while a packet of port 40000 stands between its lookup and its write. A packet that this thread
    // was too late for is sent again.
    void meanwhile(const std::function<void()>& agent) {
        for (int attempt = 0; attempt < 50; ++attempt) {
            *program_->bss = {};
            std::thread packet([this] {
                Call call{key_of("192.0.2.10", 40000), its_ssrc};
                LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &call, .ctx_size_in = sizeof call);
                EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program_->progs.slow_packet), &options), 0);
                EXPECT_EQ(options.retval, 0U);
            });
            volatile auto& gate = *program_->bss;
            while (gate.has_entered == 0) std::this_thread::yield();
            agent();
            gate.may_leave = 1;
            packet.join();
            if (gate.left_by_itself == 0) return;
        }
        FAIL() << "this machine was too slow each time";
    }

    void expect_no_trace_in_others() const {
        for (uint16_t port = 40001; port <= 40000 + others; ++port)
            EXPECT_NE(hole({.port = port}).ssrc, its_ssrc) << port;
    }

    slow_packet* program_ = nullptr;
};

TEST_F(SlowPacket, writes_into_its_own_pinhole_though_that_and_others_are_changed) {
    meanwhile([this] {
        std::vector<operation> operations;
        for (uint16_t port = 40000; port <= 40000 + others; ++port) {
            operation op{.code = OP_CHANGE_PINHOLE,
                         .fields = FIELD_PEER | FIELD_DEADLINE | FIELD_OWNER | FIELD_RELATCH};
            const auto key = key_of("192.0.2.10", port);
            const auto value = value_of({.port = port, .peer = "198.51.100.9"});
            std::memcpy(op.key, &key, sizeof key);
            std::memcpy(op.value, &value, sizeof value);
            operations.push_back(op);
        }
        ASSERT_EQ(apply(operations), 0);
    });
    EXPECT_EQ(hole({.port = 40000}).ssrc, its_ssrc);
    expect_no_trace_in_others();
}

TEST_F(SlowPacket, would_lose_its_write_if_the_agent_replaced_elements) {
    meanwhile([this] {
        for (uint16_t port = 40000; port <= 40000 + others; ++port) open({.port = port, .peer = "198.51.100.9"});
    });
    EXPECT_NE(hole({.port = 40000}).ssrc, its_ssrc) << "this kernel replaces in place: the two tests show nothing";
}

} // namespace
} // namespace ringwall::test

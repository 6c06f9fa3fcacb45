// SPDX-License-Identifier: Apache-2.0
// Packets meet pinholes while the agent changes, ends, deletes and reuses them: no write of a packet may ever land in
// another call's pinhole (docs/adr/0002). Two threads send, each to its own ports, so that no count is lost to a race
// between the two; the packets of a port carry its number as SSRC and have a length of their own, so that what stands in a
// pinhole says whose packets wrote it. slow_packet_test.cpp shows the same with one packet, and what would happen else.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr int senders = 2;
constexpr uint16_t first_port = 40000;
constexpr uint16_t ports_a_sender = 16;
constexpr uint32_t burst = 20000; // packets a run, so that a change meets packets and not the calls that send them
constexpr int changes_a_round = 2000;
constexpr auto rest = 1100ms; // what the agent waits, and a little, between an end and the deletion

size_t payload_of(uint16_t port) { return 100 + static_cast<size_t>(port - first_port); }

class Hammer : public Wall {
protected:
    Hole hole_at(uint16_t port, bool is_second_call) const {
        return {.port = port, .peer = is_second_call ? "198.51.100.9" : "198.51.100.7"};
    }

    template <typename Value>
    operation make(uint32_t code, uint16_t port, const Value& value, uint32_t fields = 0) const {
        operation op{.code = code, .fields = fields};
        const auto key = key_of("192.0.2.10", port);
        std::memcpy(op.key, &key, sizeof key);
        std::memcpy(op.value, &value, sizeof value);
        return op;
    }

    // One operation on every port of [from, to), and what must come of each.
    template <typename Make>
    void on_all(uint16_t from, uint16_t to, Make make_one) {
        std::vector<operation> operations;
        for (uint16_t port = from; port < to; ++port) operations.push_back(make_one(port));
        ASSERT_EQ(apply(operations), 0);
        for (const operation& op : operations) EXPECT_EQ(op.result, 0) << "operation " << op.code;
    }

    void send(int sender, std::string_view peer) const {
        for (uint16_t i = 0; i < ports_a_sender; ++i) {
            const auto port = static_cast<uint16_t>(first_port + sender * ports_a_sender + i);
            const Bytes frame =
                (eth / ip4{.src = std::string(peer)} / udp{.dport = port} / rtp(port, payload_of(port))).bytes();
            run_many(frame, burst);
        }
    }

    void expect_own_traces(uint16_t port) const {
        const auto found = hole({.port = port});
        EXPECT_TRUE(found.ssrc == 0 || found.ssrc == port) << port << " holds the SSRC of " << found.ssrc;
        EXPECT_EQ(found.bytes % payload_of(port), 0U) << port << " counted bytes of another port's packets";
        const auto note = refused({.port = port});
        EXPECT_TRUE(note.count == 0 || note.owner == 77) << port;
    }
};

TEST_F(Hammer, no_packet_writes_into_another_calls_pinhole) {
    constexpr uint16_t end_port = first_port + senders * ports_a_sender;
    std::atomic<bool> is_over = false;
    std::vector<std::thread> threads;
    for (int sender = 0; sender < senders; ++sender)
        threads.emplace_back([&, sender] {
            while (!is_over)
                for (const char* peer : {"198.51.100.7", "198.51.100.9", "203.0.113.66"}) send(sender, peer);
        });

    const auto insert = [&](uint16_t port) { return make(OP_INSERT_PINHOLE, port, value_of(hole_at(port, false))); };
    const auto move = [&](uint16_t port) {
        return make(OP_CHANGE_PINHOLE, port, value_of(hole_at(port, true)),
                    FIELD_PEER | FIELD_RELATCH | FIELD_DEADLINE);
    };
    const auto end = [&](uint16_t port) {
        auto value = value_of(hole_at(port, true));
        value.ctl = ctl_of({.phase = PHASE_CLOSED});
        return make(OP_CHANGE_PINHOLE, port, value, 0);
    };
    const auto remove = [&](uint16_t port) { return make(OP_DELETE_PINHOLE, port, uint64_t{}); };

    for (int round = 0; round < 2; ++round) {
        on_all(first_port, end_port, insert);
        for (int change = 0; change < changes_a_round; ++change) {
            on_all(first_port, end_port, move);
            if (change % 64 != 0) continue;
            for (uint16_t port = first_port; port < end_port; ++port) expect_own_traces(port);
        }
        on_all(first_port, end_port, end);
        std::this_thread::sleep_for(rest); // the discipline under test, not a wait to be right
        on_all(first_port, end_port, remove);
    }
    is_over = true;
    for (auto& thread : threads) thread.join();
    on_all(first_port, end_port, insert);
    for (uint16_t port = first_port; port < end_port; ++port) expect_own_traces(port);
}

} // namespace
} // namespace ringwall::test

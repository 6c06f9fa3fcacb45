// SPDX-License-Identifier: Apache-2.0
// Random packets, valid, mutated and hostile, against a wall with a bit of everything open: each is counted under exactly
// one reason, with its bytes, and the reason's verdict is what became of the packet. Ten seconds here;
// RINGWALL_SOAK_SECONDS=600 for the long one. By RINGWALL_SOAK_SEED (1), which is printed; 0 is another each time.
#include <chrono>
#include <cstdlib>
#include <random>

#include "maps/reasons.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr int batch = 500; // packets between two looks at the counters

uint64_t from_environment(const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

class Soak : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        zone(zone_none, ZONE_SIP, {{CLASS_REGISTER, limit_of(1000000, 4)}});
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        zone(zone_strict, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
        network("198.51.100.0/28", zone_provider);
        network("198.51.100.64/28", zone_strict);
        network("203.0.113.0/28", zone_none, NETWORK_DENIED);
        network("203.0.113.64/28", zone_none, NETWORK_ALLOWED);
        known("198.51.100.64", 0, KNOWN_REGISTRAR);
        learned("192.0.2.10", 5070, {.flags = LEARNED_ANY_SOURCE});
        uint16_t port = 40000;
        for (const uint32_t phase : {PHASE_OFFERED, PHASE_ANSWERED, PHASE_HELD, PHASE_DRAINING, PHASE_CLOSED})
            for (const uint32_t constraint : {CONSTRAINT_ANY, CONSTRAINT_NETWORKS, CONSTRAINT_PEERS})
                for (const char* local : {"192.0.2.10", "2001:db8:1::10"})
                    open({.local = local,
                          .port = port++,
                          .phase = phase,
                          .constraint = constraint,
                          .zone = zone_provider,
                          .flags = PINHOLE_CHECK_MEDIA | PINHOLE_ZONE_SUBSTITUTES});
        for (const char* local : {"192.0.2.10", "2001:db8:1::10"}) {
            open({.local = local, .port = port++, .flags = PINHOLE_ICE, .ufrag = "8hhY"});
            open({.local = local, .port = port++, .constraint = CONSTRAINT_ANY, .flags = PINHOLE_CONFORM_ENFORCE});
            open({.local = local, .port = 30000, .protocol = 6, .constraint = CONSTRAINT_ANY});
            open({.local = local, .port = 30001, .protocol = 6, .phase = PHASE_CLOSED});
        }
        network("224.0.0.0/24", 0, NETWORK_SHARED);
        ::rule udp_15000{.until_tai_ns = 0, .protocol = 17, .port_count = 1};
        udp_15000.ports[0] = {15000, 15000};
        rule(0, udp_15000, "198.51.100.0/28", "192.0.2.0/24");
        settings().flags = WALL_OPAQUE;
        apply_settings();
        opaque_port(5061);
        out(eth / ip4{.src = "192.0.2.10", .dst = "100.64.1.1"} / tcp{.sport = 5061, .flags = ack} / filled(40));
        out(eth / ip4{.src = "192.0.2.10", .dst = "203.0.113.5"} / udp{.sport = 40100, .dport = 30000} / rtp());
    }

    // In force for one batch; monitor mode is told of, as it changes what becomes of a drop.
    bool change_mode() {
        constexpr uint32_t monitor = WALL_MONITOR;
        settings().flags = WALL_OPAQUE | one_of<uint32_t>({0, 0, 0, monitor, WALL_DENY_ALL, WALL_ADMIT_ALL,
                                                           WALL_LOSS_PEERS, WALL_LOSS_OPEN, WALL_LOSS_CLOSED});
        apply_settings();
        heartbeat(chance(2) ? 0s : 11s);
        return (settings().flags & monitor) != 0;
    }

    template <typename T>
    T one_of(std::initializer_list<T> choices) {
        return *(choices.begin() + random_() % choices.size());
    }
    bool chance(unsigned in) { return random_() % in == 0; }
    uint16_t any_port() {
        return chance(3) ? static_cast<uint16_t>(40000 + random_() % 32)
                         : one_of<uint16_t>({5060, 5061, 5070, 30000, 30001, 30002, 40100, 15000, 53, 22, 0, 65535});
    }

    Packet with_addresses(Packet packet) {
        if (chance(2))
            return packet / ip4{.src = one_of<const char*>({"198.51.100.7", "198.51.100.70", "203.0.113.5",
                                                            "203.0.113.66", "192.0.2.44", "100.64.1.1"}),
                                .dst = one_of<const char*>(
                                    {"192.0.2.10", "192.0.2.10", "192.0.2.99", "203.0.113.1", "224.0.0.1"}),
                                .option_words = chance(8) ? random_() % 11 : 0,
                                .fragment = chance(6) ? static_cast<uint16_t>(random_() & 0x3fff) : uint16_t{0}};
        packet = packet / ip6{.src = one_of<const char*>({"2001:db8:99::7", "2001:db8:1::44", "2001:db8:bad::66"}),
                              .dst = one_of<const char*>({"2001:db8:1::10", "2001:db8:1::99", "2001:db8:2::1"})};
        while (chance(6))
            packet =
                packet / extension{.type = one_of<uint8_t>({0, 43, 60}), .words = chance(20) ? 255 : random_() % 3};
        if (chance(6)) packet = packet / fragment6{.offset = static_cast<uint16_t>(random_() % 4), .more = chance(2)};
        return packet;
    }

    raw any_payload() {
        switch (random_() % 9) {
            case 0: return rtp(static_cast<uint32_t>(random_() % 3));
            case 1: return rtcp();
            case 2: return stun();
            case 3: return text("REGISTER sip:example.com SIP/2.0\r\n\r\n");
            case 4: return text("INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n");
            case 5: return text("SIP/2.0 200 OK\r\n\r\n");
            case 6: return text("\r\n\r\n");
            case 7:
                return bytes_of({0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 1, 1,   1,   1,   1,
                                 1, 1, 1, 1, 1,    1,    0,    6,    0, 4, '8', 'h', 'h', 'Y'},
                                28);
            default: return filled(random_() % 1400, static_cast<uint8_t>(random_()));
        }
    }

    Bytes any_frame() {
        Packet packet = Packet{{eth}};
        while (chance(5)) packet = packet / vlan{.tag_type = one_of<uint16_t>({0x8100, 0x88a8})};
        packet = with_addresses(std::move(packet));
        if (chance(8))
            packet = packet / tcp{.dport = any_port(),
                                  .doff = chance(2) ? uint8_t{5} : static_cast<uint8_t>(random_() % 16),
                                  .flags = static_cast<uint8_t>(random_() & 0x1f)};
        else packet = packet / udp{.sport = one_of<uint16_t>({30000, 5060, 1024}), .dport = any_port()};
        Bytes frame = (packet / any_payload()).bytes();
        if (chance(3))
            for (uint64_t i = random_() % 6; i > 0; --i)
                frame[random_() % frame.size()] = static_cast<uint8_t>(random_());
        if (chance(6)) frame.resize(14 + random_() % frame.size());
        return frame;
    }

    std::mt19937_64 random_;
};

TEST_F(Soak, every_packet_has_one_verdict_and_one_reason) {
    uint64_t seed = from_environment("RINGWALL_SOAK_SEED", 1);
    if (seed == 0) seed = std::random_device()();
    const std::chrono::seconds life(from_environment("RINGWALL_SOAK_SECONDS", 10));
    random_.seed(seed);
    std::printf("seed %lu, %ld s\n", seed, static_cast<long>(life.count()));
    uint64_t sent = 0, dropped_in_all = 0;
    for (const auto end = std::chrono::steady_clock::now() + life; std::chrono::steady_clock::now() < end;) {
        const bool monitors = change_mode();
        const auto before = counts();
        const uint64_t monitored = event(EVENT_monitored);
        uint64_t bytes = 0, dropped = 0;
        for (int i = 0; i < batch; ++i) {
            const Bytes frame = any_frame();
            bytes += frame.size();
            dropped += !passes(frame);
        }
        uint64_t counted = 0, counted_bytes = 0, counted_drops = 0;
        const auto after = counts();
        for (uint32_t number = 0; number < REASON_LIMIT; ++number) {
            const uint64_t packets = after[number].packets - before[number].packets;
            if (packets == 0) continue;
            EXPECT_FALSE(reason_text(number).label.empty()) << "a reason without a name: " << number;
            counted += packets;
            counted_bytes += after[number].bytes - before[number].bytes;
            if (reason_text(number).is_drop) counted_drops += packets;
        }
        ASSERT_EQ(counted, uint64_t{batch}) << "seed " << seed << ", after " << sent;
        ASSERT_EQ(counted_bytes, bytes) << "seed " << seed << ", after " << sent;
        ASSERT_EQ(dropped, monitors ? 0 : counted_drops) << "seed " << seed << ", after " << sent;
        ASSERT_EQ(event(EVENT_monitored) - monitored, monitors ? counted_drops : 0) << "seed " << seed;
        sent += batch;
        dropped_in_all += dropped;
        for (const char* name : {"ring_inside", "ring_known", "ring_strangers"}) ring(name);
    }
    std::printf("%lu packets, %lu dropped\n", sent, dropped_in_all);
    EXPECT_GT(dropped_in_all, 0U);
    EXPECT_LT(dropped_in_all, sent);
}

} // namespace
} // namespace ringwall::test

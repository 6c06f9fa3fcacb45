// SPDX-License-Identifier: Apache-2.0
// A full map refuses what is new, keeps what is old, and is counted where `status` shows it. Peer sets, records of calls
// and the tables of the core are user space's (tests/unit); the list of networks is written by the parent, whose reload
// fails as a whole.
#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class FullMaps : public Wall {
protected:
    // Elements numbered from 0 until the map takes no more.
    template <typename Key, typename Value>
    void fill(const char* name, Key key, const Value& value, uint32_t& number) {
        for (number = 0; bpf_map_update_elem(map(name), &key, &value, BPF_NOEXIST) == 0;)
            number = ++key.address.word[1];
        EXPECT_EQ(errno, E2BIG) << name;
    }
    int32_t put(uint32_t code, const auto& key, const auto& value) {
        std::vector<operation> operations{{.code = code}};
        std::memcpy(operations[0].key, &key, sizeof key);
        std::memcpy(operations[0].value, &value, sizeof value);
        EXPECT_EQ(apply(operations), 0);
        return operations[0].result;
    }
};

TEST_F(FullMaps, of_pinholes_refuses_a_new_one_and_keeps_the_old) {
    uint32_t count = 0;
    open({});
    fill("pinholes", key_of("2001:db8:1::10", 40000), value_of({.peer = "203.0.113.9"}), count);
    EXPECT_EQ(put(OP_INSERT_PINHOLE, key_of("192.0.2.10", 40002), value_of({})), -E2BIG); // pinholes_refused_full
    EXPECT_EQ(in(eth / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip4{} / udp{.dport = 40002} / rtp()), "drop no_pinhole");
    EXPECT_EQ(put(OP_CHANGE_PINHOLE, key_of("192.0.2.10", 40000), value_of({.peer = "198.51.100.9"})), 0);
}

TEST_F(FullMaps, of_refusals_is_counted_and_refuses_all_the_same) {
    uint32_t count = 0;
    open({});
    open({.port = 40002});
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.9"} / udp{} / rtp()), "drop rtp_bleed");
    fill("refusals", key_of("2001:db8:1::10", 40000), refusal{}, count);
    EXPECT_EQ(event(EVENT_refusals_full), 0U);
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.9"} / udp{.dport = 40002} / rtp()), "drop rtp_bleed");
    EXPECT_EQ(event(EVENT_refusals_full), 1U);
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.9"} / udp{} / rtp()), "drop rtp_bleed");
    EXPECT_EQ(refused().count, 2U);
    EXPECT_EQ(refused({.port = 40002}).count, 0U);
}

TEST_F(FullMaps, of_known_parties_and_learned_ports_refuse_new_ones) {
    uint32_t count = 0;
    known_key party{.address = key_of("2001:db8:99::7", 0).address, .port = 5060};
    fill("known", party, ::known{.until_ns = now_ns() + 3600000000000, .flags = KNOWN_PARTY}, count);
    EXPECT_EQ(put(OP_PUT_KNOWN, known_key{.address = key_of("192.0.2.1", 0).address}, ::known{}),
              -E2BIG); // party_map_full
    EXPECT_EQ(put(OP_PUT_KNOWN, party, ::known{.until_ns = 1}), 0);
    fill("learned", key_of("2001:db8:1::10", 41000), learned_port{}, count);
    EXPECT_EQ(put(OP_PUT_LEARNED, key_of("192.0.2.10", 41000), learned_port{}), -E2BIG);
    EXPECT_EQ(put(OP_PUT_LEARNED, key_of("2001:db8:1::10", 41000), learned_port{.until_ns = 1}), 0);
}

TEST_F(FullMaps, of_ways_back_refuse_the_new_are_counted_and_keep_the_old) {
    const auto flow = [&](uint16_t sport) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = "203.0.113.5"} / udp{.sport = sport, .dport = 30000} / rtp());
    };
    const auto request = [&](uint16_t sport) {
        return out(eth / ip4{.src = "192.0.2.10", .dst = "203.0.113.5"} / udp{.sport = sport, .dport = 5060} /
                   text("OPTIONS sip:x SIP/2.0\r\n\r\n"));
    };
    EXPECT_EQ(flow(40000), "pass out_flow");
    change_all<return_set>(map("return_paths"), RETURN_SETS, [](return_set& set) {
        for (auto& way : set.way)
            if (way.until <= now_ns()) way = {.fingerprint = 1, .until = now_ns() + 3600000000000};
    });
    EXPECT_EQ(flow(40002), "pass out_no_room");
    EXPECT_EQ(event(EVENT_return_paths_full), 1U);
    EXPECT_EQ(request(5060), "pass out_sip"); // it leaves; only its answer has no way
    EXPECT_EQ(event(EVENT_return_paths_full), 2U);
    EXPECT_EQ(flow(40000), "pass out_flow"); // and the old one is renewed
    EXPECT_EQ(in(eth / ip4{.src = "203.0.113.5"} / udp{} / rtp()), "pass return_path");
    EXPECT_EQ(event(EVENT_return_paths_full), 2U);
    network("198.51.100.0/24", zone_provider); // and a peer needs none
    zone(zone_provider, ZONE_SIP | ZONE_PEER);
    open({.port = 40002});
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.7"} / udp{.sport = 5060, .dport = 5060} / text("SIP/2.0 200 OK\r\n\r\n")),
              "pass sip");
    EXPECT_EQ(in(eth / ip4{.src = "198.51.100.7"} / udp{.sport = 30000, .dport = 40002} / rtp()), "pass pinhole_rtp");
    put_all(map("return_paths"), 0, std::vector<return_set>(RETURN_SETS));
}

TEST_F(FullMaps, of_ways_back_by_quota_is_counted_apart) {
    std::string last;
    uint16_t port = 10000;
    for (; port < 20000; ++port) {
        last = out(eth / ip4{.src = "192.0.2.10", .dst = "203.0.113.5"} / udp{.sport = port, .dport = 30000} / rtp());
        if (last != "pass out_flow") break;
    }
    EXPECT_EQ(last, "pass out_no_room");
    EXPECT_GE(port - 10000, 1024);
    EXPECT_EQ(event(EVENT_return_path_quota) + event(EVENT_return_paths_full), 1U);
    EXPECT_EQ(event(EVENT_return_path_quota), 1U);
}

} // namespace
} // namespace ringwall::test

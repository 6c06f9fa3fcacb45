// SPDX-License-Identifier: Apache-2.0
// What the inside asks STUN servers, and the one answer to each question: mirrored with protect.external: auto, heard at a
// SIP port that its server may not talk SIP to. Time passes by rewriting the questions, never by waiting.
#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include "maps/abi/ice.h"
#include "tests/kernel/wall.hpp"
#include "tests/unit/sip/stun_bytes.hpp"

namespace ringwall::test {
namespace {

class External : public Wall, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags = WALL_LEARNS_EXTERNAL;
        apply_settings();
    }
    static raw bytes(const std::string& message) { return {Bytes(message.begin(), message.end())}; }
    static bool is_v6() { return GetParam(); }
    Packet between(const std::string& source, uint16_t sport, const std::string& destination, uint16_t dport,
                   const std::string& message) const {
        const udp ports{.sport = sport, .dport = dport};
        if (is_v6()) return eth / ip6{.src = source, .dst = destination} / ports / bytes(message);
        return eth / ip4{.src = source, .dst = destination} / ports / bytes(message);
    }
    std::string ask(const std::string& message, uint16_t port = 40000) {
        return out(between(inside, port, server, 3478, message));
    }
    std::string answer(const std::string& message, uint16_t port = 40000, uint16_t from = 3478) {
        return in(between(server, from, inside, port, message));
    }
    void pass_time(Duration span) {
        for (uint32_t index = 0; index < ICE_PAIR_SETS; ++index) {
            return_set set{};
            ASSERT_EQ(bpf_map_lookup_elem(map("ice_pairs"), &index, &set), 0);
            for (auto& way : set.way)
                if (way.until) way.until -= static_cast<uint64_t>(span.count());
            ASSERT_EQ(bpf_map_update_elem(map("ice_pairs"), &index, &set, BPF_ANY), 0);
        }
    }
    size_t mirrored(const char* name) { return ring(name).size(); }

    const std::string inside = is_v6() ? "2001:db8:1::10" : "192.0.2.10";
    const std::string server = is_v6() ? "2001:db8:77::3" : "203.0.113.3";
    const Endpoint seen{*IpAddress::parse("203.0.113.7"), Port{61000}};
    const std::string question = stun_request("q"), reply = stun_answer("q", seen);
};
INSTANTIATE_TEST_SUITE_P(, External, testing::Bool(), [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

TEST_P(External, a_question_and_its_answer_are_mirrored) {
    EXPECT_EQ(ask(question), "pass out_flow");
    const auto asked = ring("ring_inside");
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].bytes, bytes(question).bytes);
    EXPECT_EQ(asked[0].header.flags, static_cast<uint32_t>(RECORD_OUTBOUND));
    EXPECT_EQ(answer(reply), "pass return_path");
    const auto answered = ring("ring_known");
    ASSERT_EQ(answered.size(), 1U);
    EXPECT_EQ(answered[0].bytes, bytes(reply).bytes);
    EXPECT_EQ(Endpoint::from(answered[0].header.destination).port.value, 40000);
    EXPECT_EQ(answer(reply), "pass return_path");
    EXPECT_EQ(mirrored("ring_known"), 0U) << "one to each question";
    EXPECT_EQ(mirrored("ring_strangers"), 0U);
}

TEST_P(External, from_ports_of_every_kind) {
    EXPECT_EQ(ask(question, 5060), "pass out_sip"); // a keepalive
    EXPECT_EQ(ask(question, 60000), "pass out_other");
    EXPECT_EQ(mirrored("ring_inside"), 2U);
    EXPECT_EQ(answer(reply, 5060), "pass sip_return_path");
    EXPECT_EQ(answer(reply, 60000), "pass not_guarded");
    EXPECT_EQ(mirrored("ring_known"), 2U);
    settings().flags |= WALL_ADMIT_ALL;
    apply_settings();
    ask(question, 5060);
    EXPECT_EQ(answer(reply, 5060), "pass sip");
    EXPECT_EQ(mirrored("ring_known"), 1U);
}

// A SIP port of a wall with peers, none of which the STUN server is.
class AskedFromSip : public External {
protected:
    void SetUp() override {
        External::SetUp();
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        settings().flags = 0;
        apply_settings();
    }
    void be_of(uint32_t zone, uint32_t flags = 0) {
        network(is_v6() ? "2001:db8:77::/48" : "203.0.113.0/24", zone, flags);
    }
};
INSTANTIATE_TEST_SUITE_P(, AskedFromSip, testing::Bool(),
                         [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

TEST_P(AskedFromSip, one_answer_passes_success_or_error) {
    for (const std::string& each : {reply, stun_message(0x0111, "q")}) {
        EXPECT_EQ(answer(each, 5060), "drop not_a_peer");
        EXPECT_EQ(ask(question, 5060), "pass out_sip");
        EXPECT_EQ(ask(question, 5060), "pass out_sip"); // once more: one question still
        EXPECT_EQ(answer(each, 5060), "pass sip_return_path");
        EXPECT_EQ(answer(each, 5060), "drop not_a_peer");
    }
    EXPECT_EQ(mirrored("ring_inside") + mirrored("ring_known") + mirrored("ring_strangers"), 0U);
}

TEST_P(AskedFromSip, nothing_else_passes_and_it_opens_no_way_for_sip) {
    ask(question, 5060);
    EXPECT_EQ(answer("SIP/2.0 200 OK\r\n\r\n", 5060), "drop not_a_peer");
    EXPECT_EQ(answer("INVITE sip:x SIP/2.0\r\n\r\n", 5060), "drop not_a_peer");
    for (const unsigned type : {0x0001U, 0x0011U, 0x0103U, 0x0113U})
        EXPECT_EQ(answer(stun_message(type, "q"), 5060), "drop not_a_peer");
    EXPECT_EQ(answer(stun_answer("r", seen), 5060), "drop not_a_peer");
    EXPECT_EQ(answer(reply, 5060, 3479), "drop not_a_peer");
    EXPECT_EQ(answer(reply.substr(0, 19), 5060), "drop not_a_peer");
    EXPECT_EQ(answer(reply, 5060), "pass sip_return_path");
    EXPECT_EQ(answer("SIP/2.0 200 OK\r\n\r\n", 5060), "drop not_a_peer");
}

TEST_P(AskedFromSip, passes_for_40_seconds) {
    for (const auto& [waited, verdict] : {std::pair(35s, "pass sip_return_path"), std::pair(41s, "drop not_a_peer")}) {
        ask(question, 5060);
        pass_time(waited);
        EXPECT_EQ(answer(reply, 5060), verdict);
        pass_time(41s);
    }
}

TEST_P(AskedFromSip, passes_from_nobody_who_is_denied) {
    ask(question, 5060);
    be_of(0, NETWORK_DENIED);
    EXPECT_EQ(answer(reply, 5060), "drop denied");
    be_of(0);
    EXPECT_EQ(answer(reply, 5060), "pass sip_return_path");
}

TEST_P(AskedFromSip, passes_at_a_learned_port_too) {
    learned(inside, 40000, {});
    EXPECT_EQ(ask(question), "pass out_sip");
    EXPECT_EQ(answer(stun_answer("r", seen)), "drop no_pinhole");
    EXPECT_EQ(answer(reply), "pass sip_return_path");
    EXPECT_EQ(answer(reply), "drop no_pinhole");
    EXPECT_EQ(answer("SIP/2.0 200 OK\r\n\r\n"), "drop no_pinhole");
}

TEST_P(AskedFromSip, of_a_peer_needs_no_memory) {
    be_of(zone_provider);
    EXPECT_EQ(ask(question, 5060), "pass out_sip");
    EXPECT_EQ(answer(reply, 5060), "pass sip");
    be_of(0);
    EXPECT_EQ(answer(reply, 5060), "drop not_a_peer") << "nothing was remembered";
}

TEST_P(AskedFromSip, in_monitor_mode_is_no_drop_counted) {
    settings().flags = WALL_MONITOR;
    apply_settings();
    ask(question, 5060);
    EXPECT_EQ(answer(reply, 5060), "pass sip_return_path");
    EXPECT_EQ(event(EVENT_monitored), 0U);
}

TEST_P(External, what_nobody_asked_for_is_not) {
    EXPECT_EQ(answer(reply, 60000), "pass not_guarded");
    ask(question, 60000);
    EXPECT_EQ(answer(stun_answer("r", seen), 60000), "pass not_guarded");
    EXPECT_EQ(answer(reply, 60001), "pass not_guarded");
    EXPECT_EQ(answer(reply, 60000, 3479), "pass not_guarded");
    EXPECT_EQ(answer(stun_message(0x0111, "q"), 60000), "pass not_guarded"); // an error
    EXPECT_EQ(mirrored("ring_known") + mirrored("ring_strangers"), 0U);
    EXPECT_EQ(answer(reply, 60000), "pass not_guarded");
    EXPECT_EQ(mirrored("ring_known"), 1U);
}

TEST_P(External, nor_what_does_not_pass) {
    ask(question);
    network(is_v6() ? "2001:db8:77::/48" : "203.0.113.0/24", 0, NETWORK_DENIED);
    EXPECT_EQ(answer(reply), "drop denied");
    EXPECT_EQ(mirrored("ring_known"), 0U);
}

TEST_P(External, other_stun_is_no_question) {
    for (const unsigned type : {0x0003U, 0x0011U, 0x0101U, 0x0111U}) ask(stun_message(type, "q"));
    std::string other_cookie = question;
    other_cookie[4] = '\x20';
    ask(other_cookie);
    ask(question.substr(0, 19));
    EXPECT_EQ(mirrored("ring_inside"), 0U);
    ask(question);
    EXPECT_EQ(mirrored("ring_inside"), 1U);
}

TEST_P(External, a_live_pinholes_checks_are_its_own) {
    open({.local = inside, .flags = PINHOLE_ICE, .peer = server, .ufrag = "8hhY"});
    EXPECT_EQ(ask(question), "pass out_media");
    EXPECT_EQ(mirrored("ring_inside"), 0U);
}

TEST_P(External, an_unprotected_hosts_is_none) {
    EXPECT_EQ(out(between(is_v6() ? "2001:db8:55::1" : "203.0.113.50", 40000, server, 3478, question)),
              "pass out_other");
    EXPECT_EQ(mirrored("ring_inside"), 0U);
}

TEST_P(External, a_question_is_good_for_40_seconds) {
    for (const auto& [waited, count] : {std::pair(35s, 1U), std::pair(41s, 0U)} /* a slow machine adds some */) {
        ask(question, 60000);
        pass_time(waited);
        answer(reply, 60000);
        EXPECT_EQ(mirrored("ring_known"), count);
        pass_time(41s);
    }
}

TEST_P(External, nothing_is_mirrored_where_nothing_is_to_be_learned) {
    settings().flags = 0;
    apply_settings();
    EXPECT_EQ(ask(question), "pass out_flow");
    EXPECT_EQ(answer(reply), "pass return_path");
    EXPECT_EQ(mirrored("ring_inside") + mirrored("ring_known") + mirrored("ring_strangers"), 0U);
}

TEST_P(External, one_port_asks_128_times_a_minute) {
    const uint64_t began = now_ns();
    for (int i = 0; i < 200; ++i) ask(stun_request(std::to_string(i)), 60000);
    const size_t asked = mirrored("ring_inside"), regained = (now_ns() - began) * 128 / 60'000'000'000 + 1;
    EXPECT_GE(asked, 128U);
    EXPECT_LE(asked, 128 + regained);
    EXPECT_EQ(event(EVENT_ice_pairs_full), 200 - asked);
    ask(question, 60001);
    EXPECT_EQ(mirrored("ring_inside"), 1U);
}

} // namespace
} // namespace ringwall::test

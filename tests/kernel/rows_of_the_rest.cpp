// SPDX-License-Identifier: Apache-2.0
// Step 4, and what opens a guarded port beside pinholes: rules, opaque media, ways back, the agent's absence.
#include "tests/kernel/every_verdict.hpp"

namespace ringwall::test {
namespace {

constexpr uint8_t tcp_number = 6;

void nothing(EveryVerdict& /*wall*/) {}
void first_of_a_call(EveryVerdict& wall) {
    wall.hole();
    EXPECT_TRUE(wall.passes(wall.piece(0, 96, true)));
}
void a_tls_connection(EveryVerdict& wall) {
    wall.opaque_port(5061);
    wall.flag(WALL_OPAQUE);
    wall.zone_with(zone_phones, ZONE_SIP);
    wall.network_of(provider, zone_phones);
    wall.leaves({.from = inside, .to = provider, .protocol = tcp_number, .sport = 5061, .dport = 33000, .flags = ack});
}
void a_flow(EveryVerdict& wall) { wall.leaves({.from = inside, .to = provider, .sport = 40000, .dport = 30000}); }
template <uint32_t mode>
void lost(EveryVerdict& wall) {
    wall.zone_with(zone_provider, ZONE_PEER);
    wall.network_of(provider, zone_provider);
    wall.flag(mode);
    wall.heartbeat(11s); // agent_loss_ns is 10 s
}

} // namespace

std::vector<Row> rows_of_the_rest() {
    return {
        {"later_after_its_first",
         REASON_later_fragment,
         first_of_a_call,
         {},
         [](auto& w) { return w.piece(96, 992, true); }},
        {"later_without_a_first",
         REASON_fragment_unpaired,
         nothing,
         {},
         [](auto& w) { return w.piece(96, 992, true); }},
        {"later_elsewhere",
         REASON_later_fragment,
         nothing,
         {.to = elsewhere},
         [](auto& w) { return w.piece(96, 992, true); }},
        {"later_over_the_cap",
         REASON_fragment_cap,
         [](auto& wall) { wall.fill_limiter(); },
         {},
         [](auto& w) { return w.piece(96, 992, true); }},
        {"later_over_its_first",
         REASON_fragment_overlap,
         first_of_a_call,
         {},
         [](auto& w) { return w.piece(88, 992, true); }},
        {"later_over_the_ports", REASON_fragment_overlap, nothing, {}, [](auto& w) { return w.piece(32, 992, true); }},
        {"a_second_first", REASON_fragment_overlap, first_of_a_call, {}, [](auto& w) { return w.piece(0, 48, true); }},
        {"a_tiny_first", REASON_fragment_tiny, nothing, {}, [](auto& w) { return w.piece(0, 32, true); }},
        {"a_tiny_first_of_tcp",
         REASON_fragment_tiny,
         nothing,
         {},
         [](auto& w) { return w.piece(0, 32, true, tcp_number); }},
        {"an_odd_length", REASON_fragment_tiny, nothing, {}, [](auto& w) { return w.piece(96, 991, true); }},

        {"rule_udp", REASON_rule, [](auto& wall) { wall.rule_for(17, 40000); }},
        {"rule_udp_is_its_sources",
         REASON_no_pinhole,
         [](auto& wall) { wall.rule_for(17, 40000); },
         {.from = another_of_provider}},
        {"rule_tcp",
         REASON_rule,
         [](auto& wall) { wall.rule_for(tcp_number, 30000); },
         {.protocol = tcp_number, .dport = 30000, .flags = syn}},
        {"rule_beside_a_live_pinhole", REASON_rtp_bleed,
         [](auto& wall) { wall.rule_for(17, 40000), wall.hole({}, stranger); }},
        {"opaque_media", REASON_opaque_media, a_tls_connection},
        {"opaque_media_of_others", REASON_no_pinhole, a_tls_connection, {.from = another_of_provider}},
        {"opaque_rate", REASON_opaque_rate, [](auto& wall) { a_tls_connection(wall), wall.spend_opaque(); }},
        {"return_path", REASON_return_path, a_flow},
        {"return_path_of_others", REASON_no_pinhole, a_flow, {.from = another_of_provider}},
        {"return_path_of_an_ended_call", REASON_return_path_ended,
         [](auto& wall) { a_flow(wall), wall.hole({.phase = PHASE_CLOSED, .deadline = 60s}); }},
        {"lost_keeps", REASON_no_pinhole, lost<0>},
        {"lost_to_peers", REASON_agent_lost, lost<WALL_LOSS_PEERS>},
        {"lost_to_peers_only", REASON_no_pinhole, lost<WALL_LOSS_PEERS>, {.from = stranger}},
        {"lost_and_open", REASON_agent_lost, lost<WALL_LOSS_OPEN>, {.from = stranger}},
        {"lost_and_closed", REASON_agent_lost_closed, [](auto& wall) { lost<WALL_LOSS_CLOSED>(wall), wall.hole(); }},
    };
}

} // namespace ringwall::test

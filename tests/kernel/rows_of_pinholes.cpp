// SPDX-License-Identifier: Apache-2.0
// Step 7: phases, deadlines and senders of pinholes, of UDP and TCP.
#include "tests/kernel/every_verdict.hpp"

namespace ringwall::test {
namespace {

const Shot connect{.protocol = 6, .dport = 30000, .flags = syn};
const Shot other_port{.sport = 31000};

template <uint32_t phase>
void in_phase(EveryVerdict& wall) {
    wall.hole({.phase = phase});
}
template <uint32_t constraint>
void of_constraint(EveryVerdict& wall) {
    wall.zone_with(zone_provider, ZONE_PEER | ZONE_SIP);
    wall.network_of(provider, zone_provider);
    wall.hole({.constraint = constraint, .zone = zone_provider},
              constraint == CONSTRAINT_ADDRESSES ? provider : another_of_provider);
}
void tcp_hole(EveryVerdict& wall, Hole like) {
    like.port = 30000, like.protocol = 6;
    wall.hole(like);
}

} // namespace

std::vector<Row> rows_of_pinholes() {
    return {
        {"no_pinhole", REASON_no_pinhole, [](auto&) {}},
        {"offered", REASON_pinhole_early, in_phase<PHASE_OFFERED>},
        {"answered", REASON_pinhole_rtp, in_phase<PHASE_ANSWERED>},
        {"held", REASON_pinhole_rtp, in_phase<PHASE_HELD>},
        {"draining", REASON_pinhole_draining, in_phase<PHASE_DRAINING>},
        {"closed", REASON_call_ended, in_phase<PHASE_CLOSED>},
        {"outlived", REASON_pinhole_expired,
         [](auto& wall) { wall.hole({.phase = PHASE_CLOSED, .flags = PINHOLE_OUTLIVED}); }},
        {"drained", REASON_call_ended, [](auto& wall) { wall.hole({.phase = PHASE_DRAINING, .deadline = -50ms}); }},
        {"expired", REASON_pinhole_expired, [](auto& wall) { wall.hole({.deadline = -50ms}); }},
        {"idle", REASON_pinhole_idle, [](auto& wall) { wall.hole({.last_in = 10s, .idle_s = 1}); }, {.from = stranger}},
        {"of_any", REASON_pinhole_rtp, of_constraint<CONSTRAINT_ANY>},
        {"of_networks", REASON_pinhole_rtp, of_constraint<CONSTRAINT_NETWORKS>},
        {"of_addresses", REASON_pinhole_rtp, of_constraint<CONSTRAINT_ADDRESSES>, other_port},
        {"of_many_peers", REASON_pinhole_rtp,
         [](auto& wall) {
             wall.peers(5, {{wall.address(another_of_provider), 30000}, {wall.address(provider), 30000}});
             wall.hole({.slot = 5}, another_of_provider);
         }},
        {"of_a_peer_behind_nat", REASON_pinhole_rtp, [](auto& wall) { wall.hole({.peer_port = 0}); }, other_port},
        {"probation", REASON_probation, in_phase<PHASE_ANSWERED>, other_port},
        {"stands_in", REASON_pinhole_other_source, [](auto& wall) { wall.hole(), wall.send(other_port, 3); },
         other_port},
        {"wrong_source", REASON_wrong_source, in_phase<PHASE_ANSWERED>, {.from = stranger, .payload = long_rtcp()}},
        {"rtp_injection",
         REASON_rtp_injection,
         [](auto& wall) { wall.hole({.last_peer = -60s}); }, // still to come: a machine may stand still for a second
         {.from = stranger}},
        {"rtp_bleed", REASON_rtp_bleed, in_phase<PHASE_ANSWERED>, {.from = stranger}},
        {"early_rate", REASON_early_rate,
         [](auto& wall) {
             wall.hole({.phase = PHASE_OFFERED, .flags = PINHOLE_EARLY_RATE}, provider,
                       [](auto& value) { value.rate_tat_ns = now_ns() + 10000000000; });
         }},
        {"tcp_unopened", REASON_no_pinhole, [](auto&) {}, connect},
        {"tcp_established", REASON_tcp_established, [](auto&) {}, {.protocol = 6, .dport = 30000, .flags = ack}},
        {"tcp", REASON_pinhole_tcp, [](auto& wall) { tcp_hole(wall, {}); }, connect},
        {"tcp_goes_on",
         REASON_pinhole_tcp,
         [](auto& wall) { tcp_hole(wall, {}); },
         {.protocol = 6, .dport = 30000, .flags = ack}},
        {"tcp_ended", REASON_call_ended, [](auto& wall) { tcp_hole(wall, {.phase = PHASE_CLOSED}); }, connect},
        {"tcp_outlived", REASON_pinhole_expired,
         [](auto& wall) { tcp_hole(wall, {.phase = PHASE_CLOSED, .flags = PINHOLE_OUTLIVED}); }, connect},
        {"tcp_expired", REASON_pinhole_expired, [](auto& wall) { tcp_hole(wall, {.deadline = -50ms}); }, connect},
        {"tcp_of_others",
         REASON_wrong_source,
         [](auto& wall) { tcp_hole(wall, {}); },
         {.from = stranger, .protocol = 6, .dport = 30000, .flags = syn}},
        {"tcp_asleep", REASON_pinhole_idle,
         [](auto& wall) { tcp_hole(wall, {.constraint = CONSTRAINT_ANY, .last_in = 10s, .idle_s = 1}); }, connect},
    };
}

} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Steps 1 to 6: whose packet it is, the lists, and SIP ports.
#include "tests/kernel/every_verdict.hpp"

namespace ringwall::test {
namespace {

const raw invite = sip_message("INVITE sip:bob@example.com SIP/2.0"),
          reg = sip_message("REGISTER sip:example.com SIP/2.0"), // and no copy of it
    another_reg = sip_message("REGISTER sips:example.com SIP/2.0"),
          bye = sip_message("BYE sip:bob@example.com SIP/2.0"),
          options = sip_message("OPTIONS sip:bob@example.com SIP/2.0"), ok = sip_message("SIP/2.0 200 OK");
constexpr limit one_an_hour = hourly(1);

void nothing(EveryVerdict& /*wall*/) {}
void deny(EveryVerdict& wall) { wall.network_of(provider, 0, NETWORK_DENIED); }
void deny_all(EveryVerdict& wall) {
    deny(wall);
    wall.flag(WALL_DENY_ALL);
}
void allow(EveryVerdict& wall) { wall.network_of(provider, 0, NETWORK_ALLOWED); }
void allow_though_denied(EveryVerdict& wall) { wall.network_of(provider, 0, NETWORK_ALLOWED | NETWORK_DENIED); }
void bypass(EveryVerdict& wall) { wall.network_of(provider, 0, NETWORK_ALLOWED | NETWORK_BYPASS); }
void admit(EveryVerdict& wall) {
    wall.zone_with(zone_phones, ZONE_SIP);
    wall.network_of(provider, zone_phones);
}
void admit_few_in_all(EveryVerdict& wall) {
    wall.zone_with(zone_phones, ZONE_SIP);
    wall.total(zone_phones, CLASS_REGISTER, one_an_hour);
    wall.network_of(provider, zone_phones);
}
void admit_few(EveryVerdict& wall) {
    wall.zone_with(zone_phones, ZONE_SIP, {{CLASS_REGISTER, one_an_hour}, {CLASS_SYN, one_an_hour}});
    wall.network_of(provider, zone_phones);
}
const Shot a_register{.dport = 5060, .payload = reg}, another_register{.dport = 5060, .payload = another_reg},
    a_syn{.protocol = 6, .dport = 5060, .flags = syn};

Bytes arp(const EveryVerdict& wall) {
    const auto type = static_cast<long>(12 + 4 * wall.guise().tags);
    auto bytes = (wall.to_ip(provider, inside) / filled(46)).bytes();
    bytes[static_cast<size_t>(type)] = 0x08, bytes[static_cast<size_t>(type) + 1] = 0x06;
    return bytes;
}
Bytes icmp(const EveryVerdict& wall) {
    auto packet = wall.to_ip(provider, inside);
    if (wall.guise().family == 4) std::get<ip4>(packet.layers.back()).protocol = 1;
    else std::get<ip6>(packet.layers.back()).next = 58;
    return (packet / filled(64)).bytes();
}
Bytes longer_than_it_is(const EveryVerdict& wall) {
    return (wall.to_ip(provider, inside) / udp{.length_error = 1} / rtp()).bytes();
}
Bytes of_an_attack_tool(const EveryVerdict& wall) { // fragments are read by the agent
    return (wall.to_ip(provider, inside) / udp{.dport = 5060} /
            sip_message("OPTIONS sip:100@192.0.2.10 SIP/2.0\r\nUser-Agent: SIPVicious/0.3"))
        .bytes();
}
Bytes no_tcp_header(const EveryVerdict& wall) { return (wall.to_ip(provider, inside) / tcp{.doff = 4}).bytes(); }

} // namespace

std::vector<Row> rows_of_scope() {
    return {
        {"not_ip", REASON_not_ip, nothing, {}, arp},
        {"malformed", REASON_malformed, nothing, {}, longer_than_it_is},
        {"unparsable", REASON_unparsable, nothing, {}, no_tcp_header},
        {"out_of_scope_udp", REASON_out_of_scope, nothing, {.to = elsewhere}},
        {"out_of_scope_tcp", REASON_out_of_scope, nothing, {.to = elsewhere, .protocol = 6, .dport = 22, .flags = syn}},
        {"shared_address",
         REASON_no_pinhole,
         [](auto& wall) { wall.network_of(elsewhere, 0, NETWORK_SHARED); },
         {.to = elsewhere}},
        {"spoofed_media", REASON_spoofed_inside, nothing, {.from = another_inside}},
        {"spoofed_sip", REASON_spoofed_inside, admit, {.from = another_inside, .dport = 5060, .payload = invite}},
        {"spoofed_tcp",
         REASON_spoofed_inside,
         nothing,
         {.from = another_inside, .protocol = 6, .dport = 22, .flags = syn}},
        {"hairpin_is_no_spoof",
         REASON_no_pinhole,
         [](auto& wall) { wall.flag(WALL_ALLOW_HAIRPIN); },
         {.from = another_inside}},
        {"denied_media", REASON_denied, deny},
        {"denied_sip", REASON_denied, [](auto& wall) { deny(wall), wall.flag(WALL_ADMIT_ALL); }, a_register},
        {"denied_stream", REASON_denied, [](auto& wall) { deny(wall), wall.flag(WALL_ADMIT_ALL); }, a_syn},
        {"denied_guarded_tcp", REASON_denied, deny, {.protocol = 6, .dport = 30000, .flags = syn}},
        {"denied_elsewhere_passes", REASON_not_guarded, deny, {.dport = 53}},
        {"denied_everything_udp", REASON_denied, deny_all, {.dport = 53}},
        {"denied_everything_tcp", REASON_denied, deny_all, {.protocol = 6, .dport = 22, .flags = syn}},
        {"banned_media", REASON_banned, [](auto& wall) { wall.ban_party(provider); }},
        {"banned_sip", REASON_banned, [](auto& wall) { wall.ban_party(provider), wall.flag(WALL_ADMIT_ALL); },
         a_register},
        {"banned_stream", REASON_banned, [](auto& wall) { wall.ban_party(provider), wall.flag(WALL_ADMIT_ALL); },
         a_syn},
        {"banned_guarded_tcp",
         REASON_banned,
         [](auto& wall) { wall.ban_party(provider); },
         {.protocol = 6, .dport = 30000, .flags = syn}},
        {"banned_by_the_wall", REASON_banned,
         [](auto& wall) { wall.ban_party(provider, BAN_OF_OURS), wall.flag(WALL_ADMIT_ALL); }, a_register},
        {"banned_by_the_wall_is_of_sip_alone", REASON_no_pinhole,
         [](auto& wall) { wall.ban_party(provider, BAN_OF_OURS); }},
        {"banned_elsewhere_passes", REASON_not_guarded, [](auto& wall) { wall.ban_party(provider); }, {.dport = 53}},
        {"allowed_beats_a_ban", REASON_sip, [](auto& wall) { allow(wall), wall.ban_party(provider); }, a_register},
        {"allowed_beats_denied", REASON_sip, allow_though_denied, a_register},
        {"allowed_opens_no_pinhole", REASON_no_pinhole, allow},
        {"bypass_udp", REASON_bypass, bypass},
        {"bypass_tcp", REASON_bypass, bypass, {.protocol = 6, .dport = 30000, .flags = syn}},
        {"not_guarded_udp", REASON_not_guarded, nothing, {.dport = 53}},
        {"not_guarded_tcp", REASON_not_guarded, nothing, {.protocol = 6, .dport = 22, .flags = syn}},
        {"not_guarded_icmp", REASON_not_guarded, nothing, {}, icmp},
    };
}

std::vector<Row> rows_of_sip() {
    return {
        {"not_a_peer", REASON_not_a_peer, nothing, a_register},
        {"not_a_peer_stream", REASON_not_a_peer, nothing, a_syn},
        {"not_registrar",
         REASON_not_registrar,
         [](auto& wall) {
             wall.zone_with(zone_strict, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
             wall.network_of(provider, zone_strict);
         },
         {.dport = 5060, .payload = invite}},
        {"registrar",
         REASON_sip,
         [](auto& wall) {
             wall.zone_with(zone_strict, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
             wall.network_of(provider, zone_strict);
             wall.known_as(provider, 0, KNOWN_REGISTRAR);
         },
         {.dport = 5060, .payload = invite}},
        {"sip", REASON_sip, admit, a_register},
        {"sip_of_allowed", REASON_sip, allow, a_register},
        {"sip_to_an_address_beside", REASON_sip, admit, {.to = elsewhere, .dport = 5060, .payload = options}},
        {"sip_stream", REASON_sip_stream, admit, a_syn},
        {"total_limited", REASON_total_limited, [](auto& wall) { admit_few_in_all(wall), wall.send(a_register); },
         another_register},
        {"rate_limited", REASON_rate_limited, [](auto& wall) { admit_few(wall), wall.send(a_register); },
         another_register},
        {"rate_limit_full", REASON_rate_limit_full,
         [](auto& wall) { admit_few(wall), wall.fill_limiter(), wall.send(a_register); }, another_register},
        {"syn_limited", REASON_syn_limited, [](auto& wall) { admit_few(wall), wall.send(a_syn); }, a_syn},
        {"syn_limit_full", REASON_rate_limit_full,
         [](auto& wall) { admit_few(wall), wall.fill_limiter(), wall.send(a_syn); }, a_syn},
        {"no_segment_is_limited",
         REASON_sip_stream,
         [](auto& wall) { admit_few(wall), wall.send(a_syn); },
         {.protocol = 6, .dport = 5060, .flags = ack, .payload = reg}},
        {"sip_learned",
         REASON_sip_learned,
         [](auto& wall) { wall.learn(5070, {.flags = LEARNED_ANY_SOURCE}); },
         {.dport = 5070, .payload = options}},
        {"sip_answered",
         REASON_sip_return_path,
         [](auto& wall) {
             wall.leaves({.from = inside, .to = provider, .sport = 5060, .dport = 5071, .payload = options});
         },
         {.sport = 5071, .dport = 5060, .payload = ok}},
        {"sip_of_a_party",
         REASON_sip_return_path,
         [](auto& wall) { wall.known_as(provider, 5071, KNOWN_PARTY); },
         {.sport = 5071, .dport = 5060, .payload = bye}},
        {"not_a_peer_for_all_its_call",
         REASON_not_a_peer,
         [](auto& wall) { wall.known_as(provider, 5071, KNOWN_PARTY); },
         {.sport = 5071, .dport = 5060, .payload = invite}},
        {"calls_full",
         REASON_calls_full,
         [](auto& wall) { admit(wall), wall.call_ceiling(CEILING_STRANGERS); },
         {.dport = 5060, .payload = invite}},
        {"attack_tool",
         REASON_attack_tool,
         [](auto& wall) { admit(wall), wall.list_agents({"sipvicious"}), wall.flag(WALL_USER_AGENTS); },
         {},
         of_an_attack_tool},
        {"no_ceiling_is_for_other_methods", REASON_sip,
         [](auto& wall) { admit(wall), wall.call_ceiling(CEILING_STRANGERS); }, a_register},
        {"sip_stream_answered",
         REASON_sip_return_path,
         [](auto& wall) {
             wall.leaves({.from = inside, .to = provider, .protocol = 6, .sport = 45000, .dport = 5060, .flags = syn});
         },
         {.protocol = 6, .sport = 5060, .dport = 45000, .flags = syn | ack}},
    };
}

} // namespace ringwall::test

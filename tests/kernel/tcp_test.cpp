// SPDX-License-Identifier: Apache-2.0
// SIP over TCP: who may connect, and what connections and their segments are limited by. What the agent is given of it:
// tcp_mirror_test.cpp.
// Everything in IPv4, IPv6 and behind a VLAN tag.

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/sip_stream.hpp"

namespace ringwall::test {
namespace {

class Stream : public SipStream {};
INSTANTIATE_TEST_SUITE_P(Over, Stream, every_shape, shape_name);

TEST_P(Stream, is_for_those_who_are_admitted) {
    for (const uint8_t flags : {syn, ack, static_cast<uint8_t>(syn | ack), fin, rst}) {
        EXPECT_EQ(connect(provider, 5060, flags), "pass sip_stream");
        EXPECT_EQ(connect(phone, 5060, flags), "pass sip_stream");
        EXPECT_EQ(connect(stranger, 5060, flags), "drop not_a_peer");
        EXPECT_EQ(connect(stranger, 5059, flags), "pass not_guarded");
    }
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(connect(stranger), "pass sip_stream");
    network(address(stranger), 0, NETWORK_DENIED);
    EXPECT_EQ(connect(stranger), "drop denied");
    network(address(stranger), 0, NETWORK_DENIED | NETWORK_ALLOWED);
    EXPECT_EQ(connect(stranger), "pass sip_stream");
}

TEST_P(Stream, of_tls_and_websocket_is_for_the_same) {
    EXPECT_EQ(connect(stranger, 5061), "pass not_guarded");
    opaque(5061);
    EXPECT_EQ(connect(stranger, 5061), "drop not_a_peer");
    EXPECT_EQ(connect(stranger, 5062), "pass not_guarded");
    EXPECT_EQ(connect(phone, 5061), "pass sip_stream");
    network(address(phone), zone_phones, NETWORK_DENIED);
    EXPECT_EQ(connect(phone, 5061), "drop denied");
    EXPECT_EQ(from(provider, tcp{.dport = 5061, .flags = ack | push}, invite), "pass sip_stream");
    for (const char* name : {"ring_known", "ring_strangers"}) EXPECT_EQ(ring(name).size(), 0U); // nothing to read
}

TEST_P(Stream, of_tls_beside_the_protected_addresses_is_none_of_our_business) {
    opaque(443);
    EXPECT_EQ(beside(stranger, tcp{.dport = 443, .flags = syn}), "pass out_of_scope");
    EXPECT_EQ(beside(stranger, tcp{.dport = 5060, .flags = syn}), "drop not_a_peer");
    EXPECT_EQ(beside(provider, tcp{.dport = 5060, .flags = syn}), "pass sip_stream");
}

TEST_P(Stream, is_limited_in_its_new_connections_by_source) {
    opaque(5061);
    zone(zone_phones, ZONE_SIP, {{CLASS_SYN, hourly(2)}});
    EXPECT_EQ(connect(phone), "pass sip_stream");
    EXPECT_EQ(connect(phone, 5061), "pass sip_stream"); // one bucket for all ports
    EXPECT_EQ(connect(phone), "drop syn_limited");
    EXPECT_EQ(connect(phone, 5061), "drop syn_limited");
    for (const uint8_t flags : {ack, fin, rst, static_cast<uint8_t>(syn | ack)}) // those it has go on
        EXPECT_EQ(connect(phone, 5060, flags), "pass sip_stream");
    EXPECT_EQ(say(phone, invite), "pass sip_stream");
    EXPECT_EQ(connect(another_phone), "pass sip_stream");
    EXPECT_EQ(connect(provider), "pass sip_stream");
    EXPECT_EQ(event(EVENT_stream_over_limit), 0U);
    known(address(phone), 0, KNOWN_REMEMBERED); // who is known pays too, from a bucket of its own
    for (int i = 0; i < 2; ++i) EXPECT_EQ(connect(phone), "pass sip_stream");
    EXPECT_EQ(connect(phone), "drop syn_limited");
    network(address(phone), zone_phones, NETWORK_ALLOWED);
    EXPECT_EQ(connect(phone), "pass sip_stream");
}

TEST_P(Stream, shares_one_limit_where_the_table_has_no_room_for_a_source) {
    zone(zone_phones, ZONE_SIP, {{CLASS_SYN, hourly(1)}});
    limiter_set full{};
    for (auto& way : full.way) way = uint64_t{1} << 37 | uint64_t{20} << 32 | uint32_t((now_ns() >> 20) + 1000000);
    for (uint32_t set = 0; set < LIMITER_SETS - LIMITER_SHARED_SETS; ++set)
        bpf_map_update_elem(map("limiter"), &set, &full, BPF_ANY);
    EXPECT_EQ(connect(phone), "pass sip_stream");
    EXPECT_EQ(connect(another_phone), "drop rate_limit_full");
    for (uint32_t set = 0; set < LIMITER_SETS - LIMITER_SHARED_SETS; ++set) {
        limiter_set empty{};
        bpf_map_update_elem(map("limiter"), &set, &empty, BPF_ANY);
    }
}

TEST_P(Stream, over_a_methods_limit_passes_and_costs_new_connections) {
    zone(zone_phones, ZONE_SIP, {{CLASS_INVITE, hourly(2)}, {CLASS_SYN, hourly(2)}});
    EXPECT_EQ(connect(phone), "pass sip_stream");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(say(phone, invite), "pass sip_stream");
    EXPECT_EQ(event(EVENT_stream_over_limit), 0U);
    EXPECT_EQ(say(phone, invite), "pass sip_stream");
    EXPECT_EQ(event(EVENT_stream_over_limit), 1U);
    EXPECT_EQ(connect(phone), "drop syn_limited"); // the second went for the excess
    EXPECT_EQ(say(phone, invite), "pass sip_stream");
    EXPECT_EQ(event(EVENT_stream_over_limit), 2U);
    EXPECT_EQ(connect(another_phone), "pass sip_stream");
    EXPECT_EQ(ring("ring_strangers").size(), 6U); // and every byte is mirrored
}

TEST_P(Stream, charges_only_what_begins_like_a_message) {
    zone(zone_phones, ZONE_SIP,
         {{CLASS_OTHER, hourly(1)},
          {CLASS_UNREADABLE, hourly(1)},
          {CLASS_KEEPALIVE, hourly(1)},
          {CLASS_RESPONSE, hourly(1)}});
    for (const raw& bytes : {text("lower case words of a body"), text("INVITE"), text("a=rtpmap:8 PCMA"),
                             text("\r\n\r\n"), filled(40, 0xff), text("Contact: <sip:x@y>")})
        for (int i = 0; i < 3; ++i) EXPECT_EQ(say(phone, bytes), "pass sip_stream");
    EXPECT_EQ(event(EVENT_stream_over_limit), 0U);
    for (int i = 0; i < 2; ++i) say(phone, ok);
    EXPECT_EQ(event(EVENT_stream_over_limit), 1U);
    for (int i = 0; i < 2; ++i) say(phone, text("PING sip:alice@example.com SIP/2.0"));
    EXPECT_EQ(event(EVENT_stream_over_limit), 2U);
}

TEST_P(Stream, of_a_known_party_pays_nothing_for_the_calls_that_it_has) {
    zone(zone_phones, ZONE_SIP, {{CLASS_BYE, hourly(1)}, {CLASS_INVITE, hourly(1)}});
    known(address(phone), 0, KNOWN_PARTY);
    for (int i = 0; i < 3; ++i) say(phone, bye);
    EXPECT_EQ(event(EVENT_stream_over_limit), 0U);
    for (int i = 0; i < 4; ++i) say(phone, invite); // as any other: a call earns nothing
    EXPECT_EQ(event(EVENT_stream_over_limit), 3U);
    for (int i = 0; i < 3; ++i) say(another_phone, bye);
    EXPECT_EQ(event(EVENT_stream_over_limit), 5U);
}

TEST_P(Stream, that_the_inside_opened_is_followed_both_ways) {
    auto answer = [&](const Party& who, uint16_t sport, uint16_t dport, uint8_t flags = ack | push) {
        return from(who, tcp{.sport = sport, .dport = dport, .flags = flags}, ok);
    };
    auto ask = [&](uint8_t flags, const raw& bytes) {
        return to(stranger, tcp{.sport = 49152, .dport = 5060, .flags = flags}, bytes);
    };
    EXPECT_EQ(answer(stranger, 5060, 49152), "pass not_guarded");
    EXPECT_EQ(ask(ack, invite), "pass out_other"); // nobody saw the inside open it
    EXPECT_EQ(ring("ring_inside").size(), 0U);
    EXPECT_EQ(ask(syn, text("")), "pass out_stream");
    EXPECT_EQ(answer(stranger, 5060, 49152, syn | ack), "pass sip_return_path");
    EXPECT_EQ(ask(ack, text("")), "pass out_other"); // says nothing
    EXPECT_EQ(ask(ack, invite), "pass out_stream");
    EXPECT_EQ(answer(stranger, 5060, 49152), "pass sip_return_path");
    EXPECT_EQ(from(stranger, tcp{.sport = 5060, .dport = 49152, .flags = ack}, text("")), "pass sip_return_path");
    EXPECT_EQ(answer(stranger, 5061, 49152), "pass not_guarded");
    EXPECT_EQ(answer(stranger, 5060, 49153), "pass not_guarded");
    EXPECT_EQ(answer(phone, 5060, 49152), "pass not_guarded");
    EXPECT_EQ(ask(ack | fin, text("")), "pass out_stream");
    EXPECT_EQ(answer(stranger, 5060, 49152, rst), "pass sip_return_path");
    EXPECT_EQ(ring("ring_inside").size(), 3U);
    auto records = ring("ring_strangers");
    ASSERT_EQ(records.size(), 3U); // the bare acknowledgement apart
    EXPECT_EQ(records[0].bytes, ok.bytes);
}

TEST_P(Stream, that_the_inside_opened_may_be_silent_for_hours_once_it_has_spoken) {
    settings().return_path_ns = settings().sip_return_path_ns = 500000000;
    apply_settings();
    auto answer = [&](uint16_t port) { return from(stranger, tcp{.sport = 5060, .dport = port, .flags = ack}, ok); };
    auto ask = [&](uint16_t port, uint8_t flags, const raw& bytes) {
        return to(stranger, tcp{.sport = port, .dport = 5060, .flags = flags}, bytes);
    };
    for (const uint16_t port : std::initializer_list<uint16_t>{50000, 50001, 50002})
        EXPECT_EQ(ask(port, syn, text("")), "pass out_stream");
    EXPECT_EQ(ask(50001, ack | push, invite), "pass out_stream");
    EXPECT_EQ(ask(50002, ack | push, invite), "pass out_stream");
    EXPECT_EQ(ask(50002, ack | fin, text("")), "pass out_stream");
    auto start = now_ns();
    while ((answer(50000) == "pass sip_return_path" || answer(50002) == "pass sip_return_path") &&
           now_ns() < start + 20000000000)
        continue;
    EXPECT_EQ(answer(50000), "pass not_guarded"); // never answered
    EXPECT_EQ(answer(50002), "pass not_guarded"); // over
    EXPECT_EQ(answer(50001), "pass sip_return_path");
}

// RFC 5382 REQ-5: Linux sends the first of them after two hours.
TEST_P(Stream, that_the_inside_opened_is_held_by_keepalives_while_it_is_silent) {
    const auto ask = [&](uint16_t port, uint8_t flags, const raw& bytes) {
        return to(stranger, tcp{.sport = port, .dport = 5060, .flags = flags}, bytes);
    };
    const auto answer = [&](uint16_t port) {
        return from(stranger, tcp{.sport = 5060, .dport = port, .flags = ack}, ok);
    };
    const auto pass_time = [&](Duration time) {
        change_all<return_set>(map("return_paths"), RETURN_SETS, [time](return_set& set) {
            for (auto& way : set.way)
                if (way.until > now_ns()) way.until -= static_cast<uint64_t>(time.count()) & ~uint64_t{RETURN_SIP};
        });
    };
    for (const uint16_t port : std::initializer_list<uint16_t>{50000, 50001, 50002}) {
        EXPECT_EQ(ask(port, syn, text("")), "pass out_stream");
        EXPECT_EQ(ask(port, ack, text("")), "pass out_other"); // of the handshake: holds nothing
        if (port == 50000) continue;
        EXPECT_EQ(ask(port, ack | push, invite), "pass out_stream");
    }
    EXPECT_EQ(ask(50002, ack | fin, text("")), "pass out_stream");
    EXPECT_EQ(ask(50002, ack, text("")), "pass out_other"); // to the other's FIN
    pass_time(1min);
    EXPECT_EQ(answer(50000), "pass not_guarded");
    EXPECT_EQ(answer(50002), "pass not_guarded");
    for (int i = 0; i < 3; ++i) {
        pass_time(2h);
        ring("ring_inside");
        EXPECT_EQ(ask(50001, ack, text("")), "pass out_other");
        EXPECT_EQ(ring("ring_inside").size(), 0U);
        EXPECT_EQ(answer(50001), "pass sip_return_path");
    }
    pass_time(125min);
    EXPECT_EQ(answer(50001), "pass not_guarded");
    EXPECT_EQ(ask(50001, ack, text("")), "pass out_other"); // which opens none again
    EXPECT_EQ(answer(50001), "pass not_guarded");
}

TEST_P(Stream, from_a_sip_port_to_a_sip_port_that_admits_nobody_is_an_answer_too) {
    EXPECT_EQ(from(stranger, tcp{.sport = 5060, .dport = 5060, .flags = ack}, ok), "drop not_a_peer");
    EXPECT_EQ(to(stranger, tcp{.sport = 5060, .dport = 5060, .flags = syn}, text("")), "pass out_stream");
    EXPECT_EQ(from(stranger, tcp{.sport = 5060, .dport = 5060, .flags = ack}, ok), "pass sip_return_path");
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
}

TEST_P(Stream, that_the_inside_opens_passes_though_there_be_no_room_to_remember_it) {
    const auto fill = [&](const return_way& way) {
        const return_set set{{way, way, way, way}};
        for (uint32_t i = 0; i < RETURN_SETS; ++i) bpf_map_update_elem(map("return_paths"), &i, &set, BPF_ANY);
    };
    fill({.fingerprint = 1, .until = ~uint64_t{0}});
    EXPECT_EQ(to(stranger, tcp{.sport = 49152, .dport = 5060, .flags = syn}), "pass out_no_room");
    EXPECT_EQ(ring("ring_inside").size(), 0U);
    fill({});
    EXPECT_EQ(to(stranger, tcp{.sport = 49152, .dport = 5060, .flags = syn}), "pass out_stream");
}

TEST_P(Stream, of_unprotected_sources_is_no_business_of_ours) {
    EXPECT_EQ(out(shaped(ip4{.src = "203.0.114.1", .dst = "198.51.100.7"},
                         ip6{.src = "2001:db8:2::1", .dst = "2001:db8:99::7"}) /
                  tcp{.sport = 5060, .flags = ack} / ok),
              "pass out_other");
}

TEST_P(Stream, in_monitor_mode_is_mirrored_though_it_would_be_refused) {
    settings().flags = WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(say(stranger, invite), "pass not_a_peer");
    EXPECT_EQ(ring("ring_strangers").size(), 1U);
    settings().flags = 0;
    apply_settings();
    EXPECT_EQ(say(stranger, invite), "drop not_a_peer");
    EXPECT_EQ(ring("ring_strangers").size(), 0U);
}

TEST_P(Stream, with_a_broken_header_goes_to_the_stack_and_not_to_the_agent) {
    for (const uint8_t doff : std::initializer_list<uint8_t>{0, 4})
        EXPECT_EQ(from(stranger, tcp{.doff = doff, .flags = syn}, invite), "pass unparsable");
    EXPECT_EQ(from(stranger, tcp{.doff = 15, .flags = syn}, filled(39)), "pass unparsable");
    EXPECT_EQ(from(provider, tcp{.doff = 15, .flags = syn}, filled(40)), "pass sip_stream"); // all of it options
    EXPECT_EQ(from(provider, tcp{.doff = 15, .flags = ack}, filled(41)), "pass sip_stream");
    auto records = ring("ring_known");
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].header.length, 0U);
    EXPECT_EQ(records[1].header.length, 1U);
    auto frame = (shaped(ip4{}, ip6{}) / tcp{.flags = syn}).bytes();
    frame.pop_back(); // the IP length still says that it is there
    EXPECT_EQ(in(frame), "pass unparsable");
}

} // namespace
} // namespace ringwall::test

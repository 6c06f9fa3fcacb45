// SPDX-License-Identifier: Apache-2.0
// Opaque media: whose connection admits whose media, to where, and until when. Time passes by rewriting the entries, never
// by waiting.
#include "maps/abi/opaque.h"

#include <bpf/bpf.h>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const std::string pbx = "192.0.2.10", pbx6 = "2001:db8:1::10", phone = "198.51.100.7", phone6 = "2001:db8:99::7";
constexpr uint32_t zone_other = 9;

class Opaque : public Wall {
protected:
    void SetUp() override {
        Wall::SetUp();
        settings().flags |= WALL_OPAQUE;
        apply_settings();
        opaque_port(5061), opaque_port(443);
        zone(zone_phones, ZONE_SIP);
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        zone(zone_strict, ZONE_SIP | ZONE_PEER | ZONE_STRICT);
        zone(zone_other, 0);
        network("198.51.100.0/24", zone_phones);
        network("2001:db8:99::/48", zone_phones);
        network("203.0.113.0/24", zone_provider);
        network("203.0.114.0/24", zone_strict);
        network("203.0.115.0/24", zone_other);
    }
    // A segment of the inside's, to a client of its listener unless told otherwise.
    std::string segment(const tcp& header, size_t payload, const std::string& to = phone,
                        const std::string& from = pbx) {
        if (to.find(':') != std::string::npos) return out(eth / ip6{.src = from, .dst = to} / header / filled(payload));
        return out(eth / ip4{.src = from, .dst = to} / header / filled(payload, 0x17));
    }
    std::string data(const std::string& to = phone, uint16_t port = 33000, const std::string& from = pbx) {
        return segment({.sport = 5061, .dport = port, .flags = ack}, 40, to, from);
    }
    std::string ended(uint16_t port = 33000, uint8_t flags = fin | ack) {
        return segment({.sport = 5061, .dport = port, .flags = flags}, 0);
    }
    std::string media(const std::string& from = phone, const std::string& to = pbx, uint16_t dport = 40000,
                      const raw& payload = rtp()) {
        udp ports{.sport = 4000, .dport = dport};
        if (to.find(':') != std::string::npos) return in(eth / ip6{.src = from, .dst = to} / ports / payload);
        return in(eth / ip4{.src = from, .dst = to} / ports / payload);
    }
    std::string media_out(const std::string& to = phone) {
        return out(eth / ip4{.src = pbx, .dst = to} / udp{.sport = 40000, .dport = 4000} / rtp());
    }
    template <class Change>
    void each_set(Change change) {
        for (uint32_t index = 0; index < OPAQUE_SETS; ++index) {
            opaque_set set{};
            ASSERT_EQ(bpf_map_lookup_elem(map("opaque"), &index, &set), 0);
            change(set);
            ASSERT_EQ(bpf_map_update_elem(map("opaque"), &index, &set, BPF_ANY), 0);
        }
    }
    // Where only one party has an entry.
    opaque_way only_way() {
        opaque_set set{};
        for (uint32_t index = 0; index < OPAQUE_SETS; ++index) {
            only_set = index;
            bpf_map_lookup_elem(map("opaque"), &index, &set);
            if (set.way[0].until_ns != 0) break;
        }
        return set.way[0];
    }
    uint64_t set_debt(Duration ahead) {
        opaque_set set{.way = {only_way()}};
        set.way[0].tat_ns = now_ns() + static_cast<uint64_t>(ahead.count());
        EXPECT_EQ(bpf_map_update_elem(map("opaque"), &only_set, &set, BPF_ANY), 0);
        return set.way[0].tat_ns;
    }
    uint32_t only_set = 0;
    void pass_time(Duration span) {
        each_set([&](opaque_set& set) {
            for (auto& way : set.way)
                if (way.until_ns) way.until_ns -= static_cast<uint64_t>(span.count());
        });
    }
};

TEST_F(Opaque, data_of_the_inside_admits_the_other_ends_media_to_that_address) {
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(data(), "pass out_opaque");
    EXPECT_EQ(media(), "pass opaque_media");
    EXPECT_EQ(media(phone, pbx, 10000), "pass opaque_media"); // any guarded port of the address
    EXPECT_EQ(media(phone, pbx, 9999), "pass not_guarded");
    EXPECT_EQ(media("198.51.100.8"), "drop no_pinhole");
    EXPECT_EQ(media(phone, "192.0.2.11"), "drop no_pinhole");
    EXPECT_EQ(media(phone6, pbx6), "drop no_pinhole");
}

TEST_F(Opaque, works_for_ipv6_alike) {
    EXPECT_EQ(media(phone6, pbx6), "drop no_pinhole");
    EXPECT_EQ(data(phone6, 33000, pbx6), "pass out_opaque");
    EXPECT_EQ(media(phone6, pbx6), "pass opaque_media");
    EXPECT_EQ(media("2001:db8:99::8", pbx6), "drop no_pinhole");
    EXPECT_EQ(media(phone6, "2001:db8:1::11"), "drop no_pinhole");
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Opaque, admits_the_server_that_the_inside_is_a_client_of) {
    EXPECT_EQ(segment({.sport = 45000, .dport = 5062, .flags = ack}, 40), "pass out_other");
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(segment({.sport = 45000, .dport = 443, .flags = ack}, 40), "pass out_opaque");
    EXPECT_EQ(media(), "pass opaque_media");
    EXPECT_EQ(segment({.sport = 45000, .dport = 5061, .flags = ack}, 40, "203.0.115.1"), "pass out_opaque");
    EXPECT_EQ(media("203.0.115.1"), "pass opaque_media"); // no party to SIP, but the inside has called it
}

TEST_F(Opaque, admits_the_server_of_a_client_whose_port_lies_among_those_for_tcp_media) {
    EXPECT_EQ(segment({.sport = 30500, .dport = 443, .flags = ack}, 40), "pass out_opaque");
    EXPECT_EQ(media(), "pass opaque_media");
}

TEST_F(Opaque, only_data_makes_an_entry_as_only_a_handshake_leads_to_it) {
    for (uint8_t flags : {syn, uint8_t{syn | ack}, ack, rst, uint8_t{rst | ack}, fin})
        EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .flags = flags}, 0), "pass out_other") << int{flags};
    EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .flags = syn | ack}, 40), "pass out_other");
    EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .flags = rst}, 40), "pass out_other"); // a reset may say why
    EXPECT_EQ(in(eth / ip4{} / tcp{.dport = 5061, .flags = ack} / filled(40)), "pass sip_stream");
    EXPECT_EQ(out(eth / ip4{.src = pbx, .dst = phone} / udp{.sport = 5061} / filled(40, 0x17)), "pass out_other");
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(segment({.sport = 5060, .dport = 33000, .flags = ack}, 40), "pass out_stream"); // SIP that we read
    EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .doff = 8, .flags = ack}, 12), "pass out_other");
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .doff = 8, .flags = ack}, 13), "pass out_opaque");
    EXPECT_EQ(media(), "pass opaque_media");
}

TEST_F(Opaque, passes_media_only) {
    data();
    for (const raw& good : {rtcp(), stun(), bytes_of({22}, 60), bytes_of({128}, 12)})
        EXPECT_EQ(media(phone, pbx, 40000, good), "pass opaque_media");
    for (const raw& bad : {filled(60, 0x7f), bytes_of({4}, 60), bytes_of({192}, 60), bytes_of({128}, 11), raw{}})
        EXPECT_EQ(media(phone, pbx, 40000, bad), "drop no_pinhole");
}

TEST_F(Opaque, admits_a_declared_peers_networks_and_a_strict_ones_address) {
    EXPECT_EQ(data("203.0.113.1"), "pass out_opaque");
    EXPECT_EQ(media("203.0.113.1"), "pass opaque_media");
    EXPECT_EQ(media("203.0.113.200"), "pass opaque_media");
    EXPECT_EQ(media("203.0.114.1"), "drop no_pinhole");
    EXPECT_EQ(media("203.0.113.200", "192.0.2.11"), "drop no_pinhole");
    EXPECT_EQ(data("203.0.114.1"), "pass out_opaque");
    EXPECT_EQ(media("203.0.114.1"), "pass opaque_media");
    EXPECT_EQ(media("203.0.114.2"), "drop no_pinhole");
}

TEST_F(Opaque, knows_a_peer_by_its_name_when_a_reload_gives_its_number_to_another) {
    zone(zone_provider, ZONE_SIP | ZONE_PEER, {}, 0, 1111);
    data("203.0.113.1");
    EXPECT_EQ(media("203.0.113.2"), "pass opaque_media");
    zone(zone_provider, ZONE_SIP | ZONE_PEER, {}, 0, 2222);
    EXPECT_EQ(media("203.0.113.2"), "drop no_pinhole");
    zone(zone_phones, ZONE_SIP | ZONE_PEER, {}, 0, 1111);
    EXPECT_EQ(media("198.51.100.1"), "pass opaque_media");
}

TEST_F(Opaque, is_off_where_the_zone_says_so_and_at_once_after_a_reload) {
    data();
    zone(zone_phones, ZONE_SIP | ZONE_NO_OPAQUE);
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(data(), "pass out_other");
    EXPECT_EQ(media_out("198.51.100.9"), "pass out_flow");
    zone(zone_phones, ZONE_SIP);
    EXPECT_EQ(media(), "pass opaque_media");
    settings().flags = 0;
    apply_settings();
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(data(), "pass out_other");
}

TEST_F(Opaque, admits_none_who_may_not_talk_sip_to_us_and_none_who_is_denied) {
    EXPECT_EQ(data("203.0.115.1"), "pass out_other");
    EXPECT_EQ(media("203.0.115.1"), "drop no_pinhole");
    network("203.0.115.1", zone_other, NETWORK_ALLOWED);
    EXPECT_EQ(data("203.0.115.1"), "pass out_opaque");
    settings().flags |= WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(data("203.0.115.2"), "pass out_opaque");
    EXPECT_EQ(media("203.0.115.2"), "pass opaque_media");
    network("203.0.115.2", zone_other, NETWORK_DENIED);
    EXPECT_EQ(media("203.0.115.2"), "drop denied");
    network("203.0.115.3", zone_other, NETWORK_DENIED);
    EXPECT_EQ(data("203.0.115.3"), "pass out_other");
    EXPECT_EQ(data("192.0.2.77"), "pass out_other"); // inside: what comes from there is spoofed
    EXPECT_EQ(data(phone, 33000, "203.0.113.50"), "pass out_other");
}

TEST_F(Opaque, ends_soon_after_the_inside_has_closed_the_last_connection) {
    data();
    data(phone, 33001);
    EXPECT_EQ(ended(33001), "pass out_other");
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");   // another one is open
    EXPECT_EQ(ended(33002), "pass out_other"); // none of ours
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");
    EXPECT_EQ(ended(33000), "pass out_other");
    pass_time(30s);
    EXPECT_EQ(media(), "pass opaque_media");
    pass_time(3s);
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Opaque, ends_by_a_reset_of_the_inside_too) {
    data();
    EXPECT_EQ(ended(33000, rst), "pass out_other");
    pass_time(33s);
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Opaque, a_close_from_outside_alone_ends_nothing) {
    data();
    EXPECT_EQ(in(eth / ip4{} / tcp{.sport = 33000, .dport = 5061, .flags = rst}), "pass sip_stream");
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");
}

TEST_F(Opaque, data_sent_once_more_behind_its_fin_opens_nothing_and_a_new_handshake_does) {
    data();
    ended();
    EXPECT_EQ(data(), "pass out_other");
    EXPECT_EQ(media_out(), "pass out_opaque"); // to the party still, and yet no renewal
    pass_time(33s);
    EXPECT_EQ(media("198.51.100.7", pbx, 40002), "drop no_pinhole");
    data(), ended();
    EXPECT_EQ(segment({.sport = 5061, .dport = 33000, .flags = syn | ack}, 0), "pass out_other");
    EXPECT_EQ(data(), "pass out_opaque");
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");
}

TEST_F(Opaque, lasts_an_hour_after_the_inside_sent_and_its_media_renews_it) {
    data();
    pass_time(59min);
    EXPECT_EQ(media(), "pass opaque_media"); // what comes in renews nothing
    EXPECT_EQ(media_out(), "pass out_opaque");
    pass_time(59min);
    EXPECT_EQ(media(), "pass opaque_media");
    EXPECT_EQ(data(), "pass out_opaque");
    pass_time(59min);
    EXPECT_EQ(media(), "pass opaque_media");
    pass_time(61s);
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Opaque, media_to_a_party_opens_no_way_back_beside) {
    data();
    EXPECT_EQ(media_out(), "pass out_opaque");
    each_set([](opaque_set& set) { set = {}; });
    EXPECT_EQ(media(), "drop no_pinhole");
    EXPECT_EQ(media_out(), "pass out_flow"); // to no party: a flow like any
    EXPECT_EQ(media(), "pass return_path");
}

TEST_F(Opaque, remembers_the_four_connections_that_spoke_last) {
    for (uint16_t port = 1; port <= 5; ++port) data(phone, port);
    for (uint16_t port = 2; port <= 4; ++port) ended(port);
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");
    ended(1); // forgotten: the fifth took its place
    pass_time(33s);
    EXPECT_EQ(media(), "pass opaque_media");
    data(phone, 5); // at the front already
    ended(5);
    pass_time(33s);
    EXPECT_EQ(media(), "drop no_pinhole");
}

TEST_F(Opaque, gives_way_to_a_live_hole_and_overrides_a_tombstone) {
    data();
    open({.peer = "203.0.113.9"});
    EXPECT_EQ(media(), "drop rtp_bleed"); // that port is another call's
    EXPECT_EQ(media(phone, pbx, 40002), "pass opaque_media");
    open({.phase = PHASE_CLOSED, .peer = phone, .deadline = 60s});
    EXPECT_EQ(media(), "pass opaque_media");
    EXPECT_EQ(media_out(), "pass out_opaque");
    EXPECT_EQ(media("198.51.100.8"), "drop call_ended");
}

TEST_F(Opaque, is_capped_for_a_party_and_wider_for_a_declared_peer) {
    // 2,000 packets at once: a second ahead. 500 us each; a declared peer's cost a 64th of that.
    for (auto [from, cost] : {std::pair{phone, 500000U}, {std::string("203.0.113.1"), 7812U}}) {
        each_set([](opaque_set& set) { set = {}; });
        data(from);
        const auto refused = set_debt(60s);
        EXPECT_EQ(media(from), "drop opaque_rate");
        EXPECT_EQ(only_way().tat_ns, refused) << "a refused packet pays nothing";
        const auto before = set_debt(900ms);
        EXPECT_EQ(media(from), "pass opaque_media");
        EXPECT_EQ(only_way().tat_ns, before + cost);
    }
}

TEST_F(Opaque, refuses_the_new_when_full_and_evicts_nobody) {
    data();
    auto fill = [](uint64_t until) {
        return [=](opaque_set& set) {
            for (auto& way : set.way)
                if (way.until_ns == 0 || way.fingerprint == 2) way = {.fingerprint = 2, .until_ns = until};
        };
    };
    each_set(fill(now_ns() + 3600000000000));
    EXPECT_EQ(data("198.51.100.8"), "pass out_no_room");
    EXPECT_EQ(data("203.0.113.1"), "pass out_no_room");
    EXPECT_EQ(event(EVENT_opaque_full), 2U);
    EXPECT_EQ(media("198.51.100.8"), "drop no_pinhole");
    EXPECT_EQ(media(), "pass opaque_media");
    each_set(fill(0));
    EXPECT_EQ(data("198.51.100.8"), "pass out_opaque");
}

TEST_F(Opaque, one_ipv6_network_cannot_use_up_the_room_of_others) {
    auto numbered = [](int i) { return "2001:db8:99::1:" + std::to_string(i); };
    for (int i = 1; i <= 16; ++i) EXPECT_EQ(data(numbered(i), 1, pbx6), "pass out_opaque") << i;
    EXPECT_EQ(data(numbered(17), 1, pbx6), "pass out_no_room");
    EXPECT_EQ(data("2001:db8:99:1::1", 1, pbx6), "pass out_opaque");
    EXPECT_EQ(data(), "pass out_opaque");
    network("64:ff9b::/96", zone_phones);
    for (int i = 1; i <= 17; ++i) // each an IPv4 host behind a NAT64 (RFC 6052)
        EXPECT_EQ(data("64:ff9b::203.0.113." + std::to_string(i), 1, pbx6), "pass out_opaque") << i;
}

} // namespace
} // namespace ringwall::test

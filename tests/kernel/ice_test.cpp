// SPDX-License-Identifier: Apache-2.0
// ICE at a pinhole: checks with our username fragment from anywhere, all else from negotiated peers and from pairs that
// the inside has used. Time passes by rewriting the pairs, never by waiting.
#include "maps/abi/ice.h"

#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const std::string ufrag = "8hhY", peer = "198.51.100.7", third = "203.0.113.20", third6 = "2001:db8:77::20";

void put16(Bytes& to, size_t value) {
    to.push_back(static_cast<uint8_t>(value >> 8));
    to.push_back(static_cast<uint8_t>(value));
}
void put_attribute(Bytes& to, uint16_t type, const std::string& value, std::optional<size_t> length = {}) {
    put16(to, type);
    put16(to, length.value_or(value.size()));
    to.insert(to.end(), value.begin(), value.end());
    to.resize((to.size() + 3) / 4 * 4);
}
raw message(uint16_t type, const Bytes& attributes = {}) {
    Bytes out;
    put16(out, type);
    put16(out, attributes.size());
    put16(out, 0x2112);
    put16(out, 0xa442);
    out.resize(20, 9);
    out.insert(out.end(), attributes.begin(), attributes.end());
    return {out};
}
// A connectivity check, with `before` small attributes in front of the USERNAME.
raw check(const std::string& username, int before = 1) {
    Bytes attributes;
    for (int i = 0; i < before; ++i) put_attribute(attributes, 0x0024, "prio");
    put_attribute(attributes, 0x0006, username);
    put_attribute(attributes, 0x0008, std::string(20, 'i'));
    return message(0x0001, attributes);
}
const raw success = message(0x0101), request = message(0x0001), refusal_401 = message(0x0111);

class Ice : public Wall {
protected:
    const Hole ice{.flags = PINHOLE_ICE | PINHOLE_CHECK_MEDIA, .ufrag = ufrag};

    std::string from(const std::string& source, const raw& payload, uint16_t sport = 4444) {
        udp ports{.sport = sport};
        if (source.find(':') != std::string::npos) return in(eth / ip6{.src = source} / ports / payload);
        return in(eth / ip4{.src = source} / ports / payload);
    }
    std::string to(const std::string& target, const raw& payload, uint16_t dport = 4444, uint16_t sport = 40000) {
        udp ports{.sport = sport, .dport = dport};
        if (target.find(':') != std::string::npos)
            return out(eth / ip6{.src = "2001:db8:1::10", .dst = target} / ports / payload);
        return out(eth / ip4{.src = "192.0.2.10", .dst = target} / ports / payload);
    }
    template <class Change>
    void each_set(Change change) {
        for (uint32_t index = 0; index < ICE_PAIR_SETS; ++index) {
            return_set set{};
            ASSERT_EQ(bpf_map_lookup_elem(map("ice_pairs"), &index, &set), 0);
            change(set);
            ASSERT_EQ(bpf_map_update_elem(map("ice_pairs"), &index, &set, BPF_ANY), 0);
        }
    }
    void pass_time(Duration span) {
        each_set([&](return_set& set) {
            for (auto& way : set.way)
                if (way.until) way.until -= static_cast<uint64_t>(span.count());
        });
    }
};

TEST_F(Ice, a_check_with_our_ufrag_passes_from_anywhere_and_nothing_else_does) {
    open(ice);
    EXPECT_EQ(from(third, check("8hhY:theirs")), "pass pinhole_stun");
    EXPECT_EQ(from(third, check("8hhX:theirs")), "drop no_ufrag");
    EXPECT_EQ(from(third, check("8hh:theirs")), "drop no_ufrag");
    EXPECT_EQ(from(third, check("8hhYY:theirs")), "drop no_ufrag");
    EXPECT_EQ(from(third, check("8hhY")), "drop no_ufrag");
    EXPECT_EQ(from(third, check(":8hhY")), "drop no_ufrag");
    EXPECT_EQ(from(third, check("theirs:8hhY")), "drop no_ufrag"); // as the one who is asked would ask
    EXPECT_EQ(from(third, check("")), "drop no_ufrag");
    EXPECT_EQ(from(third, request), "drop no_ufrag");
    EXPECT_EQ(from(third, success), "drop wrong_source");
    EXPECT_EQ(from(third, rtp()), "drop rtp_bleed");
    EXPECT_EQ(from(third, check("8hhY:theirs")), "pass pinhole_stun");
    EXPECT_EQ(hole().packets, 0U); // it is nobody's media
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_rtp_bleed));
}

TEST_F(Ice, works_for_ipv6_alike) {
    Hole six = ice;
    six.local = "2001:db8:1::10", six.peer = "2001:db8:99::7";
    EXPECT_EQ(from(third6, check("8hhY:t")), "drop no_pinhole");
    open(six);
    EXPECT_EQ(from(third6, check("8hhY:t")), "pass pinhole_stun");
    EXPECT_EQ(from(third6, check("8hhX:t")), "drop no_ufrag");
    EXPECT_EQ(from(third6, rtp()), "drop rtp_bleed");
    EXPECT_EQ(to(third6, success), "pass out_media");
    EXPECT_EQ(from(third6, rtp()), "pass pinhole_rtp");
    EXPECT_EQ(from("2001:db8:77::21", rtp()), "drop rtp_injection");
    EXPECT_EQ(from(third, check("8hhY:t")), "drop no_pinhole");
}

TEST_F(Ice, a_hole_without_ice_admits_no_check) {
    Hole plain = ice;
    plain.flags = PINHOLE_CHECK_MEDIA;
    open(plain);
    EXPECT_EQ(from(third, check("8hhY:theirs")), "drop wrong_source");
    EXPECT_EQ(to(third, success), "pass out_media");
    EXPECT_EQ(from(third, rtp()), "drop rtp_bleed");
    plain.flags = PINHOLE_ICE, plain.ufrag = ""; // a fragment of ours is not known
    open(plain);
    EXPECT_EQ(from(third, check(":theirs")), "drop no_ufrag");
}

TEST_F(Ice, finds_the_username_behind_seven_attributes_and_no_further) {
    open(ice);
    EXPECT_EQ(from(third, check("8hhY:t", 0)), "pass pinhole_stun");
    EXPECT_EQ(from(third, check("8hhY:t", 7)), "pass pinhole_stun");
    EXPECT_EQ(from(third, check("8hhY:t", 8)), "drop no_ufrag");
    Bytes odd;
    put_attribute(odd, 0x8022, "software of 21 bytes.");
    put_attribute(odd, 0x0006, "8hhY:t");
    EXPECT_EQ(from(third, message(0x0001, odd)), "pass pinhole_stun");
}

TEST_F(Ice, reads_no_further_than_the_message_goes) {
    open(ice);
    Bytes beyond;
    put_attribute(beyond, 0x0006, "8hhY:t", 200);
    EXPECT_EQ(from(third, message(0x0001, beyond)), "drop no_ufrag");
    Bytes cut{0, 6};
    EXPECT_EQ(from(third, message(0x0001, cut)), "drop no_ufrag");
    Bytes leap;
    put_attribute(leap, 0x8022, "", 0xffff);
    put_attribute(leap, 0x0006, "8hhY:t");
    EXPECT_EQ(from(third, message(0x0001, leap)), "drop no_ufrag");
    raw other_cookie = check("8hhY:t");
    other_cookie.bytes[4] = 0x20;
    EXPECT_EQ(from(third, other_cookie), "drop wrong_source");
    EXPECT_EQ(from(third, message(0x0011, check("8hhY:t").bytes)), "drop wrong_source"); // an indication
}

TEST_F(Ice, hashes_a_long_fragment_by_its_first_64_characters) {
    const std::string longest(256, 'u'), other = std::string(63, 'u') + 'v' + std::string(192, 'u');
    for (size_t length : {63U, 64U, 65U, 256U}) {
        Hole hole = ice;
        hole.ufrag = longest.substr(0, length);
        open(hole);
        EXPECT_EQ(from(third, check(hole.ufrag + ":theirs")), "pass pinhole_stun") << length;
        EXPECT_EQ(from(third, check(longest.substr(0, 62) + ":theirs")), "drop no_ufrag") << length;
        EXPECT_EQ(from(third, check(other + ":theirs")), "drop no_ufrag") << length;
    }
}

TEST_F(Ice, a_check_or_a_success_response_of_the_inside_makes_the_pair) {
    open(ice);
    for (const raw& other : {refusal_401, message(0x0011), message(0x0003), rtp()}) {
        EXPECT_EQ(to(third, other), "pass out_media");
        EXPECT_EQ(from(third, rtp()), "drop rtp_bleed");
    }
    EXPECT_EQ(to(third, success), "pass out_media");
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
    EXPECT_EQ(from(third, rtp(), 4445), "drop rtp_injection"); // that port of that address
    EXPECT_EQ(from("203.0.113.21", rtp()), "drop rtp_injection");
    EXPECT_EQ(from(third, request), "pass pinhole_rtp"); // whatever it says
    EXPECT_EQ(from(third, filled(60, 0x7f)), "drop not_media");
    EXPECT_EQ(to("203.0.113.30", request), "pass out_media"); // the inside checks first
    EXPECT_EQ(from("203.0.113.30", success), "pass pinhole_rtp");
    EXPECT_EQ(hole().packets, 3U);
}

TEST_F(Ice, what_the_inside_sends_keeps_the_pair_and_what_comes_in_does_not) {
    auto refused = testing::AnyOf("drop rtp_injection", "drop rtp_bleed"); // the pair may have been silent for a second
    open(ice);
    to(third, success);
    pass_time(30s);
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
    EXPECT_EQ(to(third, rtp()), "pass out_media");
    pass_time(30s);
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
    EXPECT_EQ(from(third, check("8hhY:t")), "pass pinhole_rtp");
    pass_time(11s);
    EXPECT_THAT(from(third, rtp()), refused);
    EXPECT_EQ(to(third, rtp()), "pass out_media"); // too late
    EXPECT_THAT(from(third, rtp()), refused);
    EXPECT_EQ(from(third, check("8hhY:t")), "pass pinhole_stun"); // and yet ICE may begin again
}

TEST_F(Ice, a_pair_counts_only_at_its_own_port) {
    open(ice);
    Hole other = ice;
    other.port = 40002;
    open(other);
    to(third, success);
    EXPECT_EQ(in(eth / ip4{.src = third} / udp{.sport = 4444, .dport = 40002} / rtp()), "drop rtp_bleed");
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
}

TEST_F(Ice, negotiated_peers_need_no_check_and_their_stun_no_ufrag) {
    open(ice);
    EXPECT_EQ(from(peer, rtp(), 30000), "pass pinhole_rtp");
    EXPECT_EQ(from(peer, request, 30000), "pass pinhole_rtp");
    EXPECT_EQ(from(peer, request, 30001), "drop no_ufrag"); // another port of it must show that it takes part
    EXPECT_EQ(from(peer, check("8hhY:t"), 30001), "pass pinhole_stun");
    EXPECT_EQ(from(peer, rtp(), 30001), "drop probation");
    Hole behind_nat = ice;
    behind_nat.peer_port = 0;
    open(behind_nat);
    EXPECT_EQ(from(peer, request, 31000), "pass pinhole_rtp");
}

TEST_F(Ice, a_hole_that_names_nobody_waits_for_the_pair) {
    Hole trickle = ice;
    trickle.slot = 5;
    peers(5, {});
    open(trickle);
    EXPECT_EQ(from(peer, rtp(), 30000), "drop rtp_bleed");
    EXPECT_EQ(from(peer, check("8hhY:t"), 30000), "pass pinhole_stun");
    EXPECT_EQ(to(peer, success, 30000), "pass out_media");
    EXPECT_EQ(from(peer, rtp(), 30000), "pass pinhole_rtp");
}

TEST_F(Ice, before_the_answer_checks_need_the_ufrag_too) {
    Hole offered = ice;
    offered.phase = PHASE_OFFERED, offered.constraint = CONSTRAINT_ANY, offered.flags |= PINHOLE_EARLY_RATE;
    open(offered);
    EXPECT_EQ(from(third, check("8hhY:t")), "pass pinhole_stun");
    EXPECT_EQ(from(third, request), "drop no_ufrag");
    EXPECT_EQ(from(third, rtp()), "pass pinhole_early"); // one who has no ICE may be heard before its answer
    to(third, success);
    EXPECT_EQ(from(third, request), "pass pinhole_early");
    offered.constraint = CONSTRAINT_NETWORKS, offered.zone = zone_provider;
    open(offered);
    EXPECT_EQ(from("203.0.113.99", rtp()), "drop rtp_bleed");
    EXPECT_EQ(from("203.0.113.99", check("8hhY:t")), "pass pinhole_stun");
}

TEST_F(Ice, ends_with_the_hole) {
    Hole over = ice;
    over.deadline = -1s;
    open(over);
    EXPECT_EQ(from(third, check("8hhY:t")), "drop pinhole_expired");
    over.phase = PHASE_CLOSED, over.deadline = 60s;
    open(over);
    EXPECT_EQ(from(third, check("8hhY:t")), "drop call_ended");
    EXPECT_EQ(to(third, success), "pass out_flow");
    close(over);
    EXPECT_EQ(from("203.0.113.22", check("8hhY:t")), "drop no_pinhole");
}

TEST_F(Ice, a_sleeping_hole_is_found_again_by_a_check) {
    Hole asleep = ice;
    asleep.idle_s = 30, asleep.last_in = 31s;
    open(asleep);
    EXPECT_EQ(from("203.0.113.22", rtp()), "drop pinhole_idle");
    EXPECT_EQ(from(third, check("8hhY:t")), "pass pinhole_stun");
    EXPECT_EQ(from("203.0.113.22", rtp()), "drop pinhole_idle");
    to(third, success);
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
}

TEST_F(Ice, caps_checks_to_one_port_but_not_those_of_pairs) {
    open(ice);
    to(third, success);
    int passed = 0;
    std::string verdict;
    while (passed < 5000 && (verdict = from("203.0.113.66", check("8hhY:t"))) == "pass pinhole_stun") ++passed;
    EXPECT_EQ(verdict, "drop stun_rate");
    EXPECT_GE(passed, 200);
    EXPECT_EQ(from(third, check("8hhY:t")), "pass pinhole_rtp");
    Hole other = ice;
    other.port = 40002;
    open(other);
    EXPECT_EQ(in(eth / ip4{.src = third} / udp{.dport = 40002} / check("8hhY:t")), "pass pinhole_stun");
}

TEST_F(Ice, one_port_has_128_new_pairs_and_takes_them_from_no_other) {
    open(ice);
    for (uint16_t port = 1; port <= 128; ++port) to(third, request, port);
    EXPECT_EQ(event(EVENT_ice_pairs_full), 0U);
    for (uint16_t port = 200; port < 203; ++port) to(third, request, port);
    EXPECT_GE(event(EVENT_ice_pairs_full), 1U);
    EXPECT_EQ(from(third, rtp(), 128), "pass pinhole_rtp");
    Hole other = ice;
    other.port = 40002;
    open(other);
    to(third, request, 4444, 40002);
    EXPECT_EQ(in(eth / ip4{.src = third} / udp{.sport = 4444, .dport = 40002} / rtp()), "pass pinhole_rtp");
}

TEST_F(Ice, refuses_the_new_pair_when_full_and_evicts_none) {
    open(ice);
    to(third, success);
    each_set([](return_set& set) {
        for (auto& way : set.way)
            if (way.until < now_ns()) way = {.fingerprint = 2, .until = now_ns() + 3600000000000};
    });
    to("203.0.113.30", success);
    EXPECT_EQ(event(EVENT_ice_pairs_full), 1U);
    EXPECT_EQ(from("203.0.113.30", rtp()), "drop rtp_bleed");
    EXPECT_EQ(from(third, rtp()), "pass pinhole_rtp");
    each_set([](return_set& set) { set = {}; });
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Media of the right sender, held against what was negotiated: kinds, shapes, payload types, sources and rates, and what
// each mode makes of the difference. Then who is told apart among wrong sources.
#include <cstring>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr uint32_t counting = PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_COUNT;
constexpr uint32_t enforcing = PINHOLE_CHECK_MEDIA | PINHOLE_CONFORM_ENFORCE;

class Conformance : public Wall {
protected:
    std::string media(const raw& payload) { return in(eth / ip4{} / udp{} / payload); }
    std::string bytes(std::initializer_list<uint8_t> first, size_t length) { return media(bytes_of(first, length)); }
    std::string typed(uint8_t type) { return bytes({0x80, type}, 172); }
    std::string from(const std::string& source, const raw& payload = rtp()) {
        return in(eth / ip4{.src = source} / udp{.sport = 666} / payload);
    }
    // A hole of those types only; 8 is what rtp() sends.
    void open_for(Hole hole, std::initializer_list<uint32_t> types, uint32_t period_ns = 0) {
        auto value = value_of(hole);
        value.payload_types[0] = value.payload_types[1] = 0;
        for (uint32_t type : types) value.payload_types[type / 64] |= uint64_t{1} << type % 64;
        value.packet_period_ns = period_ns;
        put_hole(hole, value);
    }
    // Moves the start of the candidate's probation, as if that time had passed.
    void age_candidate(uint32_t ms) {
        auto value = hole();
        value.ssrc_candidate = (value.ssrc_candidate & ~0xffffffULL) | ((value.ssrc_candidate - ms) & 0xffffff);
        put_hole({}, value);
    }
};

TEST_F(Conformance, counts_or_drops_or_does_not_look_by_the_holes_mode) {
    open_for({.flags = PINHOLE_CHECK_MEDIA}, {0, 101});
    EXPECT_EQ(typed(8), "pass pinhole_rtp");
    EXPECT_EQ(refused().count, 0U);

    open_for({.flags = counting}, {0, 101});
    EXPECT_EQ(typed(8), "pass pinhole_nonconformant");
    EXPECT_EQ(refused().count, 1U);
    EXPECT_EQ(refused().nonconformant, 1U);
    EXPECT_EQ(refused().last_passed, 1U);
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_wrong_payload_type));
    EXPECT_EQ(refused().owner, 77U);
    EXPECT_EQ(hole().packets, 1U);
    EXPECT_EQ(from("203.0.113.66", raw{Bytes(40, 'x')}), "drop wrong_source"); // as ever
    EXPECT_EQ(refused().count, 2U);
    EXPECT_EQ(refused().nonconformant, 1U);
    EXPECT_EQ(refused().last_passed, 0U);

    open_for({.flags = enforcing}, {0, 101});
    auto before = hole();
    EXPECT_EQ(typed(8), "drop wrong_payload_type");
    EXPECT_EQ(hole().packets, before.packets);
    EXPECT_EQ(hole().last_peer_ns, before.last_peer_ns);
    EXPECT_EQ(refused().count, 3U);
    EXPECT_EQ(refused().nonconformant, 1U);
    settings().flags = WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(typed(8), "pass wrong_payload_type");
}

TEST_F(Conformance, admits_the_payload_types_negotiated_and_no_others) {
    open_for({.flags = enforcing}, {0, 63, 101});
    for (uint8_t type : std::initializer_list<uint8_t>{0, 63, 101})
        EXPECT_EQ(typed(type), "pass pinhole_rtp") << int(type);
    EXPECT_EQ(typed(0x80 | 101), "pass pinhole_rtp"); // the marker is no part of it
    for (uint8_t type : std::initializer_list<uint8_t>{1, 62, 100, 102, 127})
        EXPECT_EQ(typed(type), "drop wrong_payload_type") << int(type);
    open_for({.flags = enforcing}, {64, 127});
    for (uint8_t type : std::initializer_list<uint8_t>{64, 127})
        EXPECT_EQ(typed(type), "pass pinhole_rtp") << int(type);
    for (uint8_t type : std::initializer_list<uint8_t>{0, 63, 65, 126})
        EXPECT_EQ(typed(type), "drop wrong_payload_type") << int(type);
}

TEST_F(Conformance, is_the_same_for_ipv6_and_behind_vlan_tags) {
    Hole six{.local = "2001:db8:1::10", .flags = enforcing, .peer = "2001:db8:99::7"};
    open_for(six, {8});
    EXPECT_EQ(in(eth / ip6{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / ip6{} / udp{} / bytes_of({0x80, 9}, 172)), "drop wrong_payload_type");
    EXPECT_EQ(in(eth / ip6{} / udp{} / bytes_of({0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40}, 172)),
              "drop not_media");
    open_for({.flags = enforcing}, {8});
    EXPECT_EQ(in(eth / vlan{} / ip4{} / udp{} / rtp()), "pass pinhole_rtp");
    EXPECT_EQ(in(eth / vlan{} / ip4{} / udp{} / bytes_of({0x80, 9}, 172)), "drop wrong_payload_type");
    EXPECT_EQ(in(eth / vlan{} / ip4{} / udp{} / bytes_of({0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40}, 172)),
              "drop not_media");
}

TEST_F(Conformance, asks_the_version) {
    open_for({.flags = enforcing}, {8});
    EXPECT_EQ(bytes({0x80, 8}, 172), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x40, 8}, 172), "drop not_media");
    EXPECT_EQ(bytes({0xc0, 8}, 172), "drop not_media");
    EXPECT_EQ(bytes({0x00, 8}, 172), "drop not_media");
}

TEST_F(Conformance, counts_sources_and_extension_within_the_payload) {
    open_for({.flags = enforcing}, {8});
    EXPECT_EQ(bytes({0x80, 8}, 12), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x80, 8}, 11), "drop not_media");
    EXPECT_EQ(bytes({0x8f, 8}, 12 + 15 * 4), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x8f, 8}, 12 + 15 * 4 - 1), "drop not_media");
    EXPECT_EQ(bytes({0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 2}, 24), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 2}, 23), "drop not_media");
    EXPECT_EQ(bytes({0x90, 8}, 16), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x90, 8}, 15), "drop not_media");
    EXPECT_EQ(bytes({0x90, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 172), "drop not_media");
}

TEST_F(Conformance, counts_padding_within_the_payload_where_it_can_be_read) {
    open_for({.flags = enforcing}, {8});
    auto padded = [this](uint8_t padding) {
        raw packet = bytes_of({0xa0, 8}, 32);
        packet.bytes.back() = padding;
        return media(packet);
    };
    EXPECT_EQ(padded(0), "drop not_media");
    EXPECT_EQ(padded(1), "pass pinhole_rtp");
    EXPECT_EQ(padded(20), "pass pinhole_rtp");
    EXPECT_EQ(padded(21), "drop not_media");
    open_for({.flags = enforcing | PINHOLE_SRTP}, {8});
    EXPECT_EQ(padded(21), "pass pinhole_rtp"); // encrypted
}

TEST_F(Conformance, knows_rtcp_by_type_and_length_on_its_port) {
    open_for({.component = COMPONENT_RTCP, .flags = enforcing}, {8});
    for (uint8_t type : std::initializer_list<uint8_t>{192, 195, 200, 201, 205, 206, 207, 213})
        EXPECT_EQ(bytes({0x80, type, 0, 1}, 8), "pass pinhole_rtcp") << int(type);
    for (uint8_t type : std::initializer_list<uint8_t>{196, 199, 214, 223})
        EXPECT_EQ(bytes({0x80, type, 0, 1}, 8), "drop not_media") << int(type);
    EXPECT_EQ(bytes({0x80, 200, 0, 6}, 28), "pass pinhole_rtcp");
    EXPECT_EQ(bytes({0x80, 200, 0, 7}, 28), "drop not_media");
    EXPECT_EQ(bytes({0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 202, 0, 4}, 28), "pass pinhole_rtcp"); // a compound
    EXPECT_EQ(bytes({0x80, 201, 0, 0}, 7), "drop not_media");
    EXPECT_EQ(media(rtp()), "drop not_media");
    EXPECT_EQ(bytes({0x10, 0}, 24), "drop not_media"); // ZRTP is on the RTP port
}

TEST_F(Conformance, admits_rtcp_on_the_port_of_rtp_where_that_was_agreed_or_is_being_asked) {
    open_for({.component = COMPONENT_RTP_RTCP, .flags = enforcing}, {8});
    EXPECT_EQ(media(rtcp()), "pass pinhole_rtcp");
    EXPECT_EQ(media(rtp()), "pass pinhole_rtp");
    open_for({.flags = enforcing}, {8});
    EXPECT_EQ(media(rtcp()), "drop not_media");
    open_for({.phase = PHASE_OFFERED, .flags = enforcing}, {8});
    EXPECT_EQ(media(rtcp()), "pass pinhole_early");
    open_for({.flags = enforcing}, {72}); // 200 with the marker's bit: here it is RTP, for so it was negotiated
    EXPECT_EQ(media(rtcp()), "pass pinhole_rtp");
}

TEST_F(Conformance, admits_stun_and_zrtp_with_rtp_and_dtls_with_srtp_only) {
    open_for({.flags = enforcing}, {8});
    EXPECT_EQ(media(stun()), "pass pinhole_rtp");
    EXPECT_EQ(bytes({0x10, 0}, 24), "pass pinhole_rtp");
    EXPECT_EQ(bytes({22, 0xfe, 0xfd}, 60), "drop not_media");
    open_for({.flags = counting}, {8});
    EXPECT_EQ(bytes({22, 0xfe, 0xfd}, 60), "pass pinhole_nonconformant");
    EXPECT_EQ(bytes({'x'}, 60), "drop not_media"); // no media at all: in every mode that looks
    open_for({.flags = enforcing | PINHOLE_SRTP}, {8});
    EXPECT_EQ(bytes({22, 0xfe, 0xfd}, 60), "pass pinhole_rtp");
    EXPECT_EQ(media(stun()), "pass pinhole_rtp");
}

TEST_F(Conformance, knows_of_udptl_only_that_it_has_a_size) {
    for (uint32_t component : {COMPONENT_UDPTL, COMPONENT_RTP_UDPTL}) {
        open_for({.component = component, .flags = PINHOLE_CONFORM_ENFORCE}, {8});
        EXPECT_EQ(bytes({0, 1, 1, 0x20}, 5), "pass pinhole_rtp");
        EXPECT_EQ(bytes({0, 1, 1, 0x20}, 4), "drop not_media");
        EXPECT_EQ(bytes({0xff, 0xff, 3}, 1400), "pass pinhole_rtp");
        EXPECT_EQ(media(rtp()), "pass pinhole_rtp");
    }
}

TEST_F(Conformance, takes_another_ssrc_after_its_probation) {
    open_for({.flags = enforcing | PINHOLE_ONE_SOURCE}, {8});
    EXPECT_EQ(media(rtp(1)), "pass pinhole_rtp");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(media(rtp(2)), "drop wrong_ssrc");
    EXPECT_EQ(media(rtp(1)), "pass pinhole_rtp"); // the call's own speaks: from the beginning
    for (int i = 0; i < 10; ++i) EXPECT_EQ(media(rtp(2)), "drop wrong_ssrc") << "many at once are no longer than one";
    age_candidate(60);
    EXPECT_EQ(media(rtp(2)), "pass pinhole_rtp");
    EXPECT_EQ(hole().ssrc, 2U);
    EXPECT_EQ(media(rtp(1)), "drop wrong_ssrc");
    age_candidate(1000);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(media(rtp(1)), "drop wrong_ssrc") << "long, but too few";
    EXPECT_EQ(media(rtp(1)), "pass pinhole_rtp");
}

TEST_F(Conformance, lets_many_sources_be_where_one_was_not_negotiated) {
    open_for({.flags = enforcing}, {8});
    for (uint32_t ssrc : {1U, 2U, 3U, 1U, 2U, 3U}) EXPECT_EQ(media(rtp(ssrc)), "pass pinhole_rtp");
    open_for({.phase = PHASE_OFFERED, .flags = enforcing | PINHOLE_ONE_SOURCE}, {8});
    for (uint32_t ssrc : {1U, 2U, 3U}) EXPECT_EQ(media(rtp(ssrc)), "pass pinhole_early");
    open_for({.flags = counting | PINHOLE_ONE_SOURCE}, {8});
    EXPECT_EQ(media(rtp(1)), "pass pinhole_rtp");
    EXPECT_EQ(media(rtp(2)), "pass pinhole_nonconformant");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_wrong_ssrc));
}

TEST_F(Conformance, takes_any_ssrc_after_a_new_offer_and_answer) {
    open_for({.flags = enforcing | PINHOLE_ONE_SOURCE}, {8});
    EXPECT_EQ(media(rtp(1)), "pass pinhole_rtp");
    EXPECT_EQ(media(rtp(2)), "drop wrong_ssrc");
    for (uint32_t field : {FIELD_SSRC, FIELD_RELATCH}) {
        operation change{.code = OP_CHANGE_PINHOLE, .fields = field};
        auto key = key_of("192.0.2.10", 40000);
        auto value = hole();
        std::memcpy(change.key, &key, sizeof key);
        std::memcpy(change.value, &value, sizeof value);
        std::vector<operation> operations{change};
        EXPECT_EQ(apply(operations), 0);
        EXPECT_EQ(media(rtp(2 + field)), "pass pinhole_rtp");
        EXPECT_EQ(media(rtp(1)), "drop wrong_ssrc");
    }
}

TEST_F(Conformance, caps_the_rate_with_a_second_of_slack) {
    constexpr uint32_t period = 20'000'000; // 50 a second, and 50 at once
    open_for({.flags = enforcing}, {8}, period);
    auto value = hole();
    value.rate_tat_ns = now_ns() + 990'000'000;
    put_hole({}, value);
    EXPECT_EQ(media(rtp()), "pass pinhole_rtp");
    value.rate_tat_ns = now_ns() + 1'500'000'000;
    put_hole({}, value);
    EXPECT_EQ(media(rtp()), "drop over_rate");
    EXPECT_EQ(hole().rate_tat_ns, value.rate_tat_ns) << "what is refused is not charged";
    open_for({.flags = enforcing}, {8}, period);
    int passed = 0;
    for (int i = 0; i < 200; ++i) passed += media(rtp()) == "pass pinhole_rtp";
    EXPECT_GE(passed, 50);
    open_for({.flags = counting}, {8}, 1'000'000'000);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(media(rtp()), "pass pinhole_rtp");
    EXPECT_EQ(media(rtp()), "pass pinhole_nonconformant");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_over_rate));
    open_for({.flags = enforcing}, {8}); // no cap
    for (int i = 0; i < 300; ++i) EXPECT_EQ(media(rtp()), "pass pinhole_rtp");
}

TEST_F(Conformance, is_asked_of_stand_ins_too) {
    open_for({.flags = enforcing}, {8});
    auto stand_in = [this](uint8_t type) {
        return in(eth / ip4{} / udp{.sport = 31000} / bytes_of({0x80, type}, 172));
    };
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stand_in(8), "drop probation");
    EXPECT_EQ(stand_in(8), "pass pinhole_other_source");
    EXPECT_EQ(stand_in(9), "drop wrong_payload_type");
}

TEST_F(Conformance, tells_injection_from_bleed_by_whether_the_peer_speaks) {
    open({.flags = enforcing});
    EXPECT_EQ(from("203.0.113.66"), "drop rtp_bleed"); // it never spoke
    open({.flags = enforcing, .last_peer = 500ms});
    EXPECT_EQ(from("203.0.113.66"), "drop rtp_injection");
    EXPECT_EQ(refused().last_reason, static_cast<uint32_t>(REASON_rtp_injection));
    open({.flags = enforcing, .last_peer = 1100ms});
    EXPECT_EQ(from("203.0.113.66"), "drop rtp_bleed");
    EXPECT_EQ(from("203.0.113.66", rtcp()), "drop wrong_source");
    EXPECT_EQ(from("203.0.113.66", stun()), "drop wrong_source");
    Hole six{.local = "2001:db8:1::10", .peer = "2001:db8:99::7", .last_peer = 500ms};
    open(six);
    EXPECT_EQ(in(eth / ip6{.src = "2001:db8:99::8"} / udp{} / rtp()), "drop rtp_injection");
    open({.component = COMPONENT_UDPTL, .last_peer = 500ms});
    EXPECT_EQ(from("203.0.113.66"), "drop wrong_source"); // no RTP was negotiated
}

} // namespace
} // namespace ringwall::test

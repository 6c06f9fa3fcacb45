// SPDX-License-Identifier: Apache-2.0
// Whose SIP has a way back: not that of a configured port to who may talk SIP to it in any case, but that of hosts beside
// the protected ones, too, as such a port is judged at every address.
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

const raw crlf = text("\r\n\r\n"), invite = text("INVITE sip:x SIP/2.0\r\n\r\n");
const raw options = text("OPTIONS sip:x SIP/2.0\r\n\r\n"), reg = text("REGISTER sip:x SIP/2.0\r\n\r\n"),
          ok = text("SIP/2.0 200 OK\r\n\r\n");

class SipWayBack : public Wall, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        Wall::SetUp();
        put_all(map("return_paths"), 0, std::vector<return_set>(RETURN_SETS));
        zone(zone_provider, ZONE_SIP | ZONE_PEER);
        zone(zone_phones, ZONE_SIP);
        zone(zone_strict, 0);
    }
    static bool is_v6() { return GetParam(); }
    Packet between(const std::string& source, uint16_t sport, const std::string& destination, uint16_t dport,
                   const raw& payload) const {
        const udp ports{.sport = sport, .dport = dport};
        if (is_v6()) return eth / ip6{.src = source, .dst = destination} / ports / payload;
        return eth / ip4{.src = source, .dst = destination} / ports / payload;
    }
    std::string send(const raw& payload, uint16_t sport = 5060, uint16_t dport = 5070) {
        return out(between(inside, sport, outside, dport, payload));
    }
    std::string answer(const raw& payload, uint16_t dport = 5060, uint16_t sport = 5070) {
        return in(between(outside, sport, inside, dport, payload));
    }
    void admit(uint32_t number, uint32_t flags = 0) {
        network(is_v6() ? "2001:db8:99::/48" : "203.0.113.0/24", number, flags);
    }
    size_t ways() {
        size_t count = 0;
        for (const return_set& set : get_all<return_set>(map("return_paths"), RETURN_SETS))
            for (const auto& way : set.way) count += way.until > now_ns();
        return count;
    }

    const std::string inside = is_v6() ? "2001:db8:1::10" : "192.0.2.10";
    const std::string outside = is_v6() ? "2001:db8:99::7" : "203.0.113.5";
};
INSTANTIATE_TEST_SUITE_P(, SipWayBack, testing::Bool(), [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

TEST_P(SipWayBack, is_made_to_who_may_not_talk_sip_to_us_and_to_nobody_else) {
    for (const uint32_t admitted : {zone_provider, zone_phones}) {
        admit(admitted);
        for (const raw& request : {options, reg}) EXPECT_EQ(send(request), "pass out_sip");
        EXPECT_EQ(ways(), 0U);
        EXPECT_EQ(answer(ok), "pass sip");
    }
    admit(zone_strict, NETWORK_ALLOWED);
    EXPECT_EQ(send(options), "pass out_sip");
    EXPECT_EQ(ways(), 0U);
    EXPECT_EQ(answer(ok), "pass sip");
    EXPECT_EQ(ring("ring_inside").size(), 5U);

    admit(zone_strict); // as a reload does
    EXPECT_EQ(answer(ok), "drop not_a_peer") << "nothing was asked of who is no longer admitted";
    EXPECT_EQ(send(options), "pass out_sip");
    EXPECT_EQ(ways(), 1U);
    EXPECT_EQ(answer(ok), "pass sip_return_path");
}

TEST_P(SipWayBack, needs_nobody_where_everybody_is_admitted) {
    settings().flags |= WALL_ADMIT_ALL;
    apply_settings();
    EXPECT_EQ(send(reg), "pass out_sip");
    EXPECT_EQ(ways(), 0U);
    EXPECT_EQ(answer(ok), "pass sip");
}

TEST_P(SipWayBack, is_made_from_every_other_port) {
    admit(zone_provider);
    EXPECT_EQ(send(options, 45000), "pass out_sip");
    EXPECT_EQ(answer(ok, 45000), "pass sip_return_path");
    EXPECT_EQ(send(options, 33000), "pass out_sip");
    EXPECT_EQ(answer(ok, 33000), "pass sip_return_path");
    learned(inside, 5066, {});
    EXPECT_EQ(send(options, 5066), "pass out_sip");
    EXPECT_EQ(answer(ok, 5066), "pass sip_return_path");
    EXPECT_EQ(ways(), 3U);
}

TEST_P(SipWayBack, of_many_admitted_telephones_spends_no_quota) {
    admit(zone_phones);
    for (uint16_t port = 20001; port <= 21200; ++port) ASSERT_EQ(send(options, 5060, port), "pass out_sip");
    EXPECT_EQ(send(rtp(), 40000, 30000), "pass out_flow");
    EXPECT_EQ(answer(rtp(), 40000, 30000), "pass return_path");
    EXPECT_EQ(event(EVENT_return_path_quota), 0U);

    admit(zone_strict);
    for (uint16_t port = 20001; port < 30000 && event(EVENT_return_path_quota) == 0; ++port) send(options, 5060, port);
    EXPECT_EQ(event(EVENT_return_path_quota), 1U);
    EXPECT_GE(ways(), 1024U);
}

// A telephone behind the wall that is not protected.
class SipBeside : public SipWayBack {
protected:
    std::string send(const raw& payload, uint16_t sport = 5060) {
        return out(between(beside, sport, outside, 5070, payload));
    }
    std::string answer(const raw& payload, uint16_t dport = 5060, uint16_t sport = 5070) {
        return in(between(outside, sport, beside, dport, payload));
    }
    // Makes every way that is open now end `by` earlier.
    void age(Duration by) {
        change_all<return_set>(map("return_paths"), RETURN_SETS, [by](return_set& set) {
            for (auto& way : set.way)
                if (way.until > now_ns()) way.until -= static_cast<uint64_t>(by.count()) & ~uint64_t{RETURN_SIP};
        });
    }
    size_t mirrored() { return ring("ring_inside").size() + ring("ring_known").size() + ring("ring_strangers").size(); }

    const std::string beside = is_v6() ? "2001:db8:55::50" : "192.88.99.50";
};
INSTANTIATE_TEST_SUITE_P(, SipBeside, testing::Bool(), [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

TEST_P(SipBeside, has_its_answers_and_nobody_follows_them) {
    for (const raw& request : {options, reg}) {
        EXPECT_EQ(send(request), "pass out_other");
        EXPECT_EQ(answer(ok), "pass sip_return_path");
        EXPECT_EQ(answer(invite), "pass sip_return_path"); // by its registrar
        EXPECT_EQ(answer(ok, 5060, 5071), "drop not_a_peer");
        EXPECT_EQ(in(between(outside, 5070, inside, 5060, ok)), "drop not_a_peer");
    }
    EXPECT_EQ(ways(), 1U);
    EXPECT_EQ(mirrored(), 0U);
}

TEST_P(SipBeside, answers_and_keepalives_begin_none) {
    for (const raw& payload : {ok, crlf, stun(), filled(60, 0xff)}) EXPECT_EQ(send(payload), "pass out_other");
    EXPECT_EQ(answer(ok), "drop not_a_peer");
    EXPECT_EQ(ways(), 0U);
}

TEST_P(SipBeside, a_keepalive_renews) {
    settings().sip_return_path_ns = 300'000'000'000;
    apply_settings();
    EXPECT_EQ(send(options), "pass out_other");
    age(240s);
    EXPECT_EQ(send(crlf), "pass out_other");
    age(240s);
    EXPECT_EQ(answer(ok), "pass sip_return_path");
    age(120s);
    EXPECT_EQ(answer(ok), "drop not_a_peer");
}

TEST_P(SipBeside, from_another_port_is_none_of_ours) {
    learned(beside, 45000, {});
    for (const uint16_t port : {uint16_t{45000}, uint16_t{33000}}) {
        EXPECT_EQ(send(options, port), "pass out_other");
        EXPECT_EQ(answer(ok, port), "pass out_of_scope");
    }
    EXPECT_EQ(ways(), 0U);
}

TEST_P(SipBeside, needs_none_to_who_is_admitted) {
    admit(zone_phones);
    EXPECT_EQ(send(reg), "pass out_other");
    EXPECT_EQ(ways(), 0U);
    EXPECT_EQ(answer(ok), "pass sip");
    EXPECT_EQ(mirrored(), 1U); // as all SIP of who is admitted
}

TEST_P(SipBeside, is_refused_nothing) {
    settings().flags |= WALL_OUTBOUND_ADMITTED;
    apply_settings();
    EXPECT_EQ(send(reg), "pass out_other");
    EXPECT_EQ(answer(ok), "pass sip_return_path");
    network(is_v6() ? "2001:db8:99::/48" : "203.0.113.0/24", 0, NETWORK_DENIED);
    EXPECT_EQ(answer(ok), "drop denied");
}

TEST_P(SipBeside, leaves_half_of_the_room_to_the_protected) {
    return_set half{};
    for (size_t i = 0; i < RETURN_WAYS / 2; ++i) half.way[i] = {2, ~uint64_t{0}};
    put_all(map("return_paths"), 0, std::vector<return_set>(RETURN_SETS, half));
    EXPECT_EQ(send(options), "pass out_other");
    EXPECT_EQ(answer(ok), "drop not_a_peer");
    EXPECT_EQ(event(EVENT_return_paths_full), 1U);
    EXPECT_EQ(SipWayBack::send(options), "pass out_sip");
    EXPECT_EQ(SipWayBack::answer(ok), "pass sip_return_path");
    put_all(map("return_paths"), 0, std::vector<return_set>(RETURN_SETS));
}

} // namespace
} // namespace ringwall::test

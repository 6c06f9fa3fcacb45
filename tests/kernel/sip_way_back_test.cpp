// SPDX-License-Identifier: Apache-2.0
// Whose SIP needs a way back: not that of a configured port to who may talk SIP to it in any case.
#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

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

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Step 5c, in short: a source that was over its limit a moment ago is refused from memory, as long as its bucket has no room
// and no longer, and by nothing but its own packets.
#include "maps/abi/spent.h"

#include <sched.h>

#include <algorithm>

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class Spent : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        const auto here = static_cast<size_t>(sched_getcpu()); // the memory is of one CPU
        sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(here, &one);
        ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:77::/48", zone_phones);
        zone(zone_phones, ZONE_SIP, {{CLASS_OPTIONS, hourly(1)}, {CLASS_INVITE, hourly(1)}});
    }
    void TearDown() override {
        sched_setaffinity(0, sizeof before_, &before_);
        Wall::TearDown();
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string source(int number = 5) const {
        return is_v4() ? "203.0.113." + std::to_string(number) : "2001:db8:77:" + std::to_string(number) + "::1";
    }
    Packet request(const std::string& method, const std::string& from) const {
        static int number = 0;
        const auto message = text(method + " sip:pbx SIP/2.0\r\nCSeq: " + std::to_string(++number) + "\r\n\r\n");
        if (is_v4()) return eth / ip4{.src = from} / udp{.dport = 5060} / message;
        return eth / ip6{.src = from} / udp{.dport = 5060} / message;
    }
    std::string send(const std::string& method = "OPTIONS", int from = 5) { return in(request(method, source(from))); }
    void spend() {
        EXPECT_EQ(send(), "pass sip");
        EXPECT_EQ(send(), "drop rate_limited");
    }
    // What the CPUs remember of it.
    std::vector<spent> remembered(int number = 5) const {
        const auto address = IpAddress::parse(source(number)).value().abi();
        std::vector<spent> found;
        for (uint32_t page = 0; page < SPENT_PAGES; ++page)
            for (const spent_page& of_cpu : per_cpu<spent_page>(map("spent"), page))
                std::ranges::copy_if(of_cpu.slot, std::back_inserter(found), [&](const spent& slot) {
                    return std::memcmp(&slot.address, &address, sizeof address) == 0 && slot.until != 0;
                });
        return found;
    }
    // Not by zone(), which makes the wall forget.
    void limit_behind_its_back(const limit& limit) {
        auto value = look_up<struct zone>(map("zones"), uint32_t{zone_phones});
        value.limits[CLASS_OPTIONS] = limit;
        put(map("zones"), uint32_t{zone_phones}, value);
    }
    cpu_set_t before_{};
};

TEST_P(Spent, an_hour_is_remembered_for_a_moment) {
    const uint64_t began = now_ns();
    spend();
    const auto slots = remembered();
    ASSERT_EQ(slots.size(), 1U);
    EXPECT_GT(slots[0].until, began);
    EXPECT_LE(slots[0].until & ~SPENT_ABOUT, now_ns() + SPENT_LIFE);
    EXPECT_EQ(slots[0].until & SPENT_ABOUT, uint64_t{CLASS_OPTIONS} << 1);
}

TEST_P(Spent, who_has_room_sooner_is_remembered_no_longer) {
    constexpr uint64_t period = 20000000;
    limit_behind_its_back(limit_of(period, 1));
    const uint64_t began = now_ns();
    std::string verdict;
    for (int i = 0; i < 100 && remembered().empty(); ++i) verdict = send(); // the machine may be slower than the limit
    const auto slots = remembered();
    ASSERT_EQ(slots.size(), 1U);
    EXPECT_EQ(verdict, "drop rate_limited");
    EXPECT_GT(slots[0].until, began);
    EXPECT_LE(slots[0].until & ~SPENT_ABOUT, now_ns() + period);
    while (now_ns() <= slots[0].until + period) sched_yield();
    EXPECT_EQ(send(), "pass sip");
}

TEST_P(Spent, what_is_remembered_is_not_asked_again_until_it_is_over) {
    spend();
    const uint64_t until = remembered().at(0).until;
    limit_behind_its_back({}); // unlimited
    const std::string verdict = send();
    if (now_ns() < until) { EXPECT_EQ(verdict, "drop rate_limited"); }
    while (now_ns() < until) sched_yield();
    EXPECT_EQ(send(), "pass sip");
}

TEST_P(Spent, it_is_of_one_source_and_class) {
    spend();
    EXPECT_EQ(send("INVITE"), "pass sip");
    EXPECT_EQ(send("OPTIONS", 6), "pass sip");
    EXPECT_EQ(send("BYE"), "pass sip"); // no limit
    EXPECT_EQ(send("INVITE"), "drop rate_limited");
    EXPECT_EQ(send(), "drop rate_limited");
}

TEST_P(Spent, it_is_of_one_configuration) {
    network("192.0.2.0/24", 0, NETWORK_PROTECTED, 1);
    network("2001:db8:1::/48", 0, NETWORK_PROTECTED, 1);
    settings().flags |= WALL_ADMIT_ALL;
    put(map("wall"), 1, settings());
    put(map("ports"), uint32_t{1024 + (5060 >> 6)}, look_up<port_policy>(map("ports"), uint32_t{5060 >> 6}));
    spend();
    activate(1);
    EXPECT_EQ(send(), "pass sip");
    activate(0);
    EXPECT_EQ(send(), "drop rate_limited");
}

TEST_P(Spent, who_is_known_is_not_remembered_and_not_refused_by_it) {
    spend();
    known(source(), 0, KNOWN_REGISTRAR);
    EXPECT_EQ(send(), "pass sip"); // its own bucket
    known(source(7), 0, KNOWN_REGISTRAR);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(send("OPTIONS", 7), "pass sip");
    EXPECT_EQ(send("OPTIONS", 7), "drop rate_limited");
    EXPECT_TRUE(remembered(7).empty());
}

TEST_P(Spent, nothing_is_remembered_where_nothing_is_dropped) {
    settings().flags |= WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(send(), "pass sip");
    EXPECT_EQ(send(), "pass rate_limited");
    EXPECT_TRUE(remembered().empty());
}

INSTANTIATE_TEST_SUITE_P(OfBothFamilies, Spent, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Step 5c, in short: a source that was over its limit is refused from memory, as long as its bucket has no room and no longer,
// and by nothing but its own packets.
#include "maps/abi/spent.h"

#include <sched.h>

#include <algorithm>

#include "tests/kernel/map_access.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

constexpr uint64_t tick_ns = uint64_t{1} << SPENT_TICK;
constexpr uint64_t short_period = 300000000;

class Spent : public Wall, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        Wall::SetUp();
        fill_excuses();
        put_all(map("spent"), 0, std::vector<spent_set>(SPENT_SETS));
        network("203.0.113.0/24", zone_phones);
        network("2001:db8:77::/48", zone_phones);
        zone(zone_phones, ZONE_SIP, {{CLASS_OPTIONS, hourly(1)}, {CLASS_INVITE, hourly(1)}});
    }
    void TearDown() override {
        if (is_limiter_full_) fill_limiter(0);
        Wall::TearDown();
    }
    bool is_v4() const { return std::string_view(GetParam()) == "IPv4"; }
    std::string source(int number = 5) const {
        return is_v4() ? "203.0.113." + std::to_string(number) : "2001:db8:77:" + std::to_string(number) + "::1";
    }
    Packet request(const std::string& method, const std::string& from) const {
        // Without a checksum what tells copies at first sight is the length: one that may be a copy goes the long way.
        static size_t number = 0;
        const std::string length(++number % 64, 'x');
        const auto message =
            text(method + " sip:pbx" + length + " SIP/2.0\r\nCSeq: " + std::to_string(number) + "\r\n\r\n");
        if (is_v4()) return eth / ip4{.src = from} / udp{.dport = 5060} / message;
        return eth / ip6{.src = from} / udp{.dport = 5060} / message;
    }
    std::string send(const std::string& method = "OPTIONS", int from = 5) { return in(request(method, source(from))); }
    void spend() {
        EXPECT_EQ(send(), "pass sip");
        EXPECT_EQ(send(), "drop rate_limited");
    }
    // The sets in which somebody is remembered.
    std::vector<spent_set> remembered() const {
        auto sets = get_all<spent_set>(map("spent"), SPENT_SETS);
        std::erase_if(sets, [](const spent_set& set) { return set.head == 0; });
        return sets;
    }
    // CLOCK_MONOTONIC; the first that is.
    uint64_t remembered_until() const {
        const auto sets = remembered();
        return sets.empty() ? 0 : uint64_t{sets[0].head >> 5} << SPENT_TICK;
    }
    // Not by zone(), which makes the wall forget.
    void limit_behind_its_back(const limit& limit) {
        auto value = look_up<struct zone>(map("zones"), uint32_t{zone_phones});
        value.limits[CLASS_OPTIONS] = limit;
        put(map("zones"), uint32_t{zone_phones}, value);
    }
    // Every way but those that zones share: in use until then, or free.
    void fill_limiter(uint64_t until) {
        is_limiter_full_ = until != 0;
        put_all(map("limiter"), 0, std::vector<limiter_set>(LIMITER_SETS - LIMITER_SHARED_SETS, taken(until)));
    }
    static limiter_set taken(uint64_t until) {
        constexpr uint32_t exponent = 20; // units of a millisecond
        limiter_set set{};
        if (until != 0)
            std::ranges::fill(set.way,
                              uint64_t{0x7ffffff} << 37 | uint64_t{exponent} << 32 | (until >> exponent & ~0U));
        return set;
    }
    // Where this source's buckets are, of sets that are free.
    std::vector<uint32_t> own_sets() {
        EXPECT_EQ(send(), "pass sip");
        std::vector<uint32_t> own;
        const auto sets = get_all<limiter_set>(map("limiter"), LIMITER_SETS);
        for (uint32_t i = 0; i < LIMITER_SETS - LIMITER_SHARED_SETS; ++i)
            if (std::ranges::any_of(sets[i].way, [](uint64_t way) { return way != 0; })) own.push_back(i);
        return own;
    }
    // As long as something is remembered it is refused so, and passes soon after.
    void refused_until_it_is_over(const std::string& as) {
        const uint64_t until = remembered_until();
        ASSERT_GT(until, 0U);
        std::string verdict = as;
        while (verdict == as && now_ns() < until + 4 * short_period) {
            verdict = send();
            if (now_ns() < until) { ASSERT_EQ(verdict, as); }
        }
        EXPECT_EQ(verdict, "pass sip");
    }
    bool is_limiter_full_ = false;
};

TEST_P(Spent, an_hour_is_remembered_for_seconds) {
    const uint64_t began = now_ns();
    spend();
    const auto sets = remembered();
    ASSERT_EQ(sets.size(), 1U);
    EXPECT_EQ(sets[0].head & SPENT_TAKEN, 1U);
    EXPECT_GE(remembered_until() + tick_ns, began + SPENT_LIFE * tick_ns);
    EXPECT_LE(remembered_until(), now_ns() + 2 * SPENT_LIFE * tick_ns);
    EXPECT_EQ(send(), "drop rate_limited");
    EXPECT_EQ(remembered()[0].head, sets[0].head); // once
}

TEST_P(Spent, who_has_room_sooner_is_remembered_no_longer) {
    limit_behind_its_back(limit_of(short_period, 1));
    std::string verdict;
    for (int i = 0; i < 100 && remembered().empty(); ++i) verdict = send(); // the machine may be slower than the limit
    EXPECT_EQ(verdict, "drop rate_limited");
    EXPECT_LE(remembered_until(), now_ns() + short_period);
    refused_until_it_is_over("drop rate_limited");
}

TEST_P(Spent, what_is_remembered_is_not_asked_again_until_it_is_over) {
    limit_behind_its_back(limit_of(short_period, 1));
    for (int i = 0; i < 100 && remembered().empty(); ++i) send();
    const uint64_t until = remembered_until();
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
    activate(4);
    spend();
    activate(5);
    EXPECT_EQ(send(), "pass sip");
    activate(4);
    EXPECT_EQ(send(), "drop rate_limited");
    limit_behind_its_back({});
    EXPECT_EQ(send(), "drop rate_limited");
    activate(6); // the same of the two, two reloads later
    EXPECT_EQ(send(), "pass sip");
}

TEST_P(Spent, who_is_known_is_not_remembered_and_not_refused_by_it) {
    spend();
    known(source(), 0, KNOWN_REGISTRAR);
    EXPECT_EQ(send(), "pass sip"); // its own bucket
    known(source(7), 0, KNOWN_REGISTRAR);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(send("OPTIONS", 7), "pass sip");
    EXPECT_EQ(send("OPTIONS", 7), "drop rate_limited");
    ASSERT_EQ(remembered().size(), 1U); // the first
    EXPECT_EQ(remembered()[0].head & SPENT_TAKEN, 1U);
}

TEST_P(Spent, who_is_banned_meanwhile_is_refused_as_that) {
    spend();
    ban(source(), 0, 1h);
    EXPECT_EQ(send(), "drop banned");
}

TEST_P(Spent, nothing_is_remembered_where_nothing_is_dropped) {
    settings().flags |= WALL_MONITOR;
    apply_settings();
    EXPECT_EQ(send(), "pass sip");
    EXPECT_EQ(send(), "pass rate_limited");
    EXPECT_TRUE(remembered().empty());
}

// A flood of more sources than the limiter has ways for: who has none is refused until the shared bucket has room again.
TEST_P(Spent, who_found_no_way_is_refused_until_the_shared_bucket_has_room) {
    limit_behind_its_back(limit_of(short_period, 1));
    fill_limiter(now_ns() + 3600000000000);
    for (int i = 0; i < 100 && remembered().empty(); ++i) send();
    EXPECT_LE(remembered_until(), now_ns() + short_period);
    refused_until_it_is_over("drop rate_limit_full");
}

TEST_P(Spent, who_found_no_way_is_refused_until_the_first_is_free) {
    fill_limiter(0);
    const auto own = own_sets();
    ASSERT_FALSE(own.empty());
    fill_limiter(now_ns() + 3600000000000);
    EXPECT_EQ(send("OPTIONS", 9), "pass sip"); // by the shared bucket
    for (const uint32_t set : own) put(map("limiter"), set, taken(now_ns() + short_period));
    for (int i = 0; i < 100 && remembered().empty(); ++i) send();
    EXPECT_LE(remembered_until(), now_ns() + short_period);
    refused_until_it_is_over("drop rate_limit_full");
}

TEST_P(Spent, who_found_no_way_is_counted_each_time) {
    fill_limiter(now_ns() + 3600000000000);
    EXPECT_EQ(send("OPTIONS", 9), "pass sip");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(send(), "drop rate_limit_full");
    EXPECT_EQ(event(EVENT_limiter_full), 4U);
    EXPECT_EQ(remembered().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(OfBothFamilies, Spent, testing::Values("IPv4", "IPv6"),
                         [](const auto& family) { return std::string(family.param); });

} // namespace
} // namespace ringwall::test

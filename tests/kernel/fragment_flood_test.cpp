// SPDX-License-Identifier: Apache-2.0
// Fragments in numbers: the caps on those without a first, and a table that whoever forges addresses can neither grow
// nor close to those we know.
#include <algorithm>

#include "tests/kernel/fragments.hpp"

namespace ringwall::test {
namespace {

constexpr int source_burst = 128, strangers_burst = 512; // a second's worth each, as in bpf/fragment.bpf.h

class FragmentFlood : public FragmentWall {
protected:
    void SetUp() override {
        FragmentWall::SetUp();
        zone(zone_provider, ZONE_PEER);
        network(outside() + (is_v4() ? "/32" : "/128"), zone_provider);
    }
    // How many later fragments without a first pass until one is dropped, and at most how many the clock allowed.
    template <typename Send>
    std::pair<int, int> passed_until_cap(Send&& send, int a_second) {
        auto begin = now_ns();
        int passed = 0;
        for (; passed < 20000; ++passed) {
            auto verdict = send(passed);
            if (verdict == "drop fragment_cap") break;
            EXPECT_EQ(verdict, "pass fragment_unpaired");
        }
        auto periods = (now_ns() - begin + 8000000) * static_cast<uint64_t>(a_second) / 1000000000;
        return {passed, a_second + static_cast<int>(periods) + 1};
    }
};
INSTANTIATE_TEST_SUITE_P(Over, FragmentFlood, testing::ValuesIn(paths), name_of);

TEST_P(FragmentFlood, one_source_has_a_cap_at_each_inside_address) {
    auto datagram = media();
    auto send = [&](int id) { return in_piece(datagram, {1480, 2960, static_cast<uint32_t>(id)}); };
    auto [passed, at_most] = passed_until_cap(send, source_burst);
    EXPECT_GE(passed, source_burst);
    EXPECT_LE(passed, at_most);
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .destination = is_v4() ? "192.0.2.11" : "2001:db8:1::11"}),
              "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .source = stranger()}), "pass fragment_unpaired");
    ASSERT_EQ(in_piece(datagram, {0, 1480, 50000}), "pass pinhole_rtp");
    EXPECT_EQ(in_piece(datagram, {1480, 2960, 50000}), "pass later_fragment"); // what has its first pays nothing
}

TEST_P(FragmentFlood, each_ipv4_host_behind_a_nat64_has_its_own) {
    if (is_v4()) return;
    const auto datagram = media();
    const auto send_from = [&](const std::string& source) {
        return in_piece(datagram, {.from = 1480, .to = 2960, .source = source});
    };
    passed_until_cap([&](int) { return send_from("64:ff9b::203.0.113.5"); }, source_burst);
    EXPECT_EQ(send_from("64:ff9b::203.0.113.6"), "pass fragment_unpaired");
}

TEST_P(FragmentFlood, strangers_have_one_together_and_cost_those_we_know_nothing) {
    auto datagram = media();
    auto send = [&](int number) { return in_piece(datagram, {.from = 1480, .to = 2960, .source = stranger(number)}); };
    auto [passed, at_most] = passed_until_cap(send, strangers_burst);
    EXPECT_GE(passed, strangers_burst);
    EXPECT_LE(passed, at_most);
    EXPECT_EQ(in_piece(datagram, {1480, 2960}), "pass fragment_unpaired");
    EXPECT_EQ(in_piece(datagram, {.from = 1480, .to = 2960, .destination = is_v4() ? "192.0.2.11" : "2001:db8:1::11"}),
              "pass fragment_unpaired");
}

TEST_P(FragmentFlood, forged_firsts_that_are_dropped_leave_nothing_for_any_id) {
    settings().flags = 0;
    apply_settings();
    auto closed = media(40002);
    auto victim = media();
    for (uint32_t id = 0; id < 65536; ++id) ASSERT_FALSE(passes(frame(closed, {0, 1480, id})));
    EXPECT_TRUE(table().empty());
    for (uint32_t id : {0U, 7U, 65535U}) {
        EXPECT_EQ(in_piece(victim, {0, 1480, id}), "pass pinhole_rtp") << id;
        EXPECT_EQ(in_piece(victim, {1480, 3000, id}), "pass later_fragment") << id;
    }
}

class FragmentTable : public FragmentWall {
protected:
    Path path() const override { return {4, 0}; }
};

// Half of each set is all that strangers get; here they have it, from firsts to a port that is not guarded.
TEST_F(FragmentTable, keeps_half_of_each_set_for_those_we_know) {
    zone(zone_provider, ZONE_PEER);
    network(outside() + "/32", zone_provider);
    settings().flags = WALL_ADMIT_ALL;
    apply_settings();
    auto ours_not = media(9000);
    for (uint32_t id = 100; id < 120; ++id) {
        fill_open_ways();
        auto source = stranger(static_cast<int>(id));
        EXPECT_EQ(in_piece(ours_not, {.from = 0, .to = 1480, .source = source}), "pass not_guarded"); // not shut out
        EXPECT_EQ(in_piece(ours_not, {.from = 1480, .to = 3000, .source = source}), "drop fragment_cap");
        EXPECT_EQ(in_piece(sip(), {0, 1480, id}), "pass sip");
        EXPECT_EQ(in_piece(sip(), {1480, 3000, id}), "pass later_fragment");
        EXPECT_EQ(in_piece(media(), {1480, 3000, 1000 + id}), "pass fragment_unpaired");
        EXPECT_EQ(in_piece(media(), {0, 1480, 1000 + id}), "pass pinhole_rtp");
    }
    EXPECT_EQ(event(EVENT_fragments_full), 40U); // a first and a later one of each stranger
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// How long a learned port lasts, a full table of them, and peers that change their order.
#include "agent/dialog/learned_ports.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/dialog/filled_table.hpp"
#include "tests/unit/dialog/policy_view.hpp"

namespace ringwall::dialog {
namespace {

TEST(LearnedPorts, refuse_what_is_new_to_a_full_table_and_count_it) {
    LearnedPorts ports;
    const Counterpart party{.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}}};
    for (uint32_t i = 0; i < LearnedPorts::capacity; ++i)
        ports.note({{numbered(i), Port{5070}}}, party, true, {std::chrono::hours(1)}, now);
    EXPECT_EQ(ports.refused_full(), 0U);
    ports.note({{numbered(0), Port{5071}}}, party, true, {std::chrono::hours(1)}, now);
    EXPECT_EQ(ports.refused_full(), 1U);
    ports.note({{numbered(0), Port{5070}}}, party, true, {std::chrono::hours(2)}, now);
    EXPECT_EQ(ports.refused_full(), 1U);
    EXPECT_EQ(operations_of(ports), LearnedPorts::capacity + 1);
}

// One port, learned from a party: until when, by what the kernel was told last.
class LearnedPort : public testing::Test {
protected:
    using minutes = std::chrono::minutes;

    void needed(const LearnedPorts::Need& need, TimePoint at) { ports.note({inside}, party, true, need, at); }
    std::chrono::seconds told_at(TimePoint at) {
        for (const auto& operation : taken_from(ports)) {
            struct learned_port value;
            std::memcpy(&value, operation.value, sizeof value);
            told = operation.code == OP_PUT_LEARNED ? pinhole::from_ns(value.until_ns) : TimePoint();
        }
        return std::chrono::duration_cast<std::chrono::seconds>(told - at);
    }

    LearnedPorts ports;
    const Endpoint inside{numbered(1), Port{65002}};
    const Counterpart party{.signalling = {*IpAddress::parse("198.51.100.7"), Port{5060}}};
    TimePoint told{};
};

TEST_F(LearnedPort, that_is_let_go_of_lasts_five_minutes_or_as_long_as_a_registration_needs_it) {
    needed({.life = minutes(60), .is_registered = true}, now);
    EXPECT_EQ(told_at(now), minutes(60));
    ports.let_go(inside, now + minutes(20), now);
    EXPECT_EQ(told_at(now), minutes(20));
    ports.let_go(inside, now + minutes(21), now); // closes, and opens nothing
    EXPECT_EQ(told_at(now), minutes(20));
    ports.let_go(inside, TimePoint{}, now);
    EXPECT_EQ(told_at(now), minutes(5));
}

TEST_F(LearnedPort, that_is_let_go_of_stays_for_what_else_needs_it) {
    needed({.life = minutes(60), .is_registered = true}, now);
    EXPECT_EQ(told_at(now), minutes(60));
    needed({}, now + minutes(50)); // an INVITE, which asks for less: the kernel is told nothing new
    EXPECT_EQ(operations_of(ports), 0U);
    ports.let_go(inside, TimePoint{}, now + minutes(49));
    EXPECT_EQ(told_at(now), minutes(55));
}

TEST_F(LearnedPort, by_a_registration_that_nobody_can_take_back_stays) {
    needed({.life = minutes(60)}, now); // there was no room to remember it
    needed({.life = minutes(30), .is_registered = true}, now);
    ports.let_go(inside, TimePoint{}, now);
    EXPECT_EQ(told_at(now), minutes(60));
}

TEST_F(LearnedPort, of_before_a_restart_stays_as_long_as_it_was) {
    struct learned_port port{};
    port.until_ns = pinhole::to_ns(now + minutes(40));
    const pinhole::HoleKey udp{inside, Protocol::udp};
    pinhole::Present present;
    present.learned.emplace_back(udp.abi(), port);
    ports.restore(present);
    needed({.life = minutes(60), .is_registered = true}, now);
    ports.let_go(inside, TimePoint{}, now);
    EXPECT_EQ(told_at(now), minutes(40));
}

TEST_F(LearnedPort, that_is_let_go_of_goes_over_tcp_too_and_no_other) {
    const Endpoint other{inside.address, Port{65003}};
    for (const Endpoint& port : {inside, other})
        for (const Protocol protocol : {Protocol::udp, Protocol::tcp})
            ports.note({port, protocol}, party, true, {.life = minutes(60), .is_registered = true}, now);
    taken_from(ports);
    ports.let_go(inside, TimePoint{}, now);
    EXPECT_EQ(operations_of(ports), 2U);
    ports.let_go({inside.address, Port{65004}}, TimePoint{}, now);
    EXPECT_EQ(operations_of(ports), 0U);
}

TEST(LearnedPorts, tell_only_of_those_whose_zones_have_another_number_now) {
    const std::string branch = "{ name: branch, networks: [203.0.113.0/24] }",
                      provider = "{ name: provider, networks: [198.51.100.0/24] }";
    const auto both = policy_view("peers: [" + branch + ", " + provider + "]\n"),
               without_branch = policy_view("peers: [" + provider + "]\n"),
               swapped = policy_view("peers: [" + provider + ", " + branch + "]\n");
    LearnedPorts ports;
    const auto learn = [&](uint16_t port, const char* from) {
        ports.note({{numbered(1), Port{port}}}, counterpart_of({*IpAddress::parse(from), Port{5060}}, both), true,
                   {std::chrono::hours(1)}, now);
    };
    learn(5070, "198.51.100.1"); // of provider
    learn(5071, "203.0.113.1");  // of branch
    learn(5072, "198.51.100.1"); // of both
    learn(5072, "203.0.113.1");
    learn(5073, "192.168.5.5"); // of neither
    taken_from(ports);
    const auto told = [&] { // port -> numbers of zones
        std::map<uint32_t, uint64_t> zones;
        for (const auto& operation : taken_from(ports)) {
            EXPECT_EQ(operation.code, uint32_t{OP_PUT_LEARNED});
            struct pinhole_key key;
            struct learned_port value;
            std::memcpy(&key, operation.key, sizeof key);
            std::memcpy(&value, operation.value, sizeof value);
            zones[pinhole::HoleKey::from(key).local.port.value] = value.zones[0];
        }
        return zones;
    };
    using Told = std::map<uint32_t, uint64_t>;
    const auto renumber = [&](const policy::View& before, const policy::View& after) {
        ports.renumber(policy::renumbering(before.config(), after.config()));
    };
    renumber(both, both);
    EXPECT_EQ(told(), Told());
    renumber(both, swapped);
    EXPECT_EQ(told(), (Told{{5070, 1 << 1}, {5071, 1 << 2}}));
    renumber(swapped, without_branch);
    EXPECT_EQ(told(), (Told{{5071, 0}, {5072, 1 << 1}}));
    renumber(without_branch, policy_view());
    EXPECT_EQ(told(), (Told{{5070, 0}, {5072, 0}}));
}

} // namespace
} // namespace ringwall::dialog

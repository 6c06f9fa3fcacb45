// SPDX-License-Identifier: Apache-2.0
#include "agent/dialog/externals.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "agent/pinhole/map_value.hpp"
#include "tests/unit/dialog/policy_view.hpp"
#include "tests/unit/sip/stun_bytes.hpp"

namespace ringwall::dialog {
namespace {

using namespace std::chrono_literals;
using namespace ringwall::test;
using ::testing::Eq;
using ::testing::Optional;

Endpoint endpoint(const std::string& text) { return Endpoint::parse(text).value(); }
IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

class ExternalsTest : public ::testing::Test {
protected:
    ExternalsTest() {
        config.external.clear();
        config.learns_external = true;
    }

    std::optional<Externals::News> hear(const std::string& payload, bool outbound, const Endpoint& inside,
                                        const Endpoint& at) {
        const auto binding = sip::stun_binding(payload);
        EXPECT_TRUE(binding);
        return externals.hear(*binding,
                              {.outbound = outbound,
                               .source = outbound ? inside : at,
                               .destination = outbound ? at : inside,
                               .payload = payload},
                              view(), now);
    }
    std::optional<Externals::News> learn(const std::string& inside, const std::string& seen) {
        const std::string transaction = std::to_string(++transactions);
        hear(stun_request(transaction), true, endpoint(inside), server);
        return hear(stun_answer(transaction, endpoint(seen)), false, endpoint(inside), server);
    }
    std::string inside_of(const std::string& named, const std::string& speaker = "192.0.2.99") {
        return externals.inside_of(endpoint(named), address(speaker), view()).to_string();
    }
    size_t operations() {
        pinhole::MapOps ops;
        externals.take_operations(ops);
        return ops.operations.size();
    }
    policy::View view() const { return policy::View(config, policy::Facts{}); }

    policy::Config config = policy_view("").config();
    Externals externals;
    pinhole::TimePoint now{std::chrono::hours(10)};
    const Endpoint server = endpoint("198.51.100.3:3478");
    int transactions = 0;
};

TEST_F(ExternalsTest, finds_the_port_that_asked) {
    const auto news = learn("192.0.2.10:40000", "203.0.113.7:61000");
    ASSERT_TRUE(news);
    EXPECT_EQ(news->inside.to_string(), "192.0.2.10");
    EXPECT_EQ(news->seen.to_string(), "203.0.113.7");
    EXPECT_EQ(news->server, server);
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "192.0.2.10:40000");
    EXPECT_EQ(inside_of("203.0.113.7:61001"), "192.0.2.10:40001") << "RTCP, without a=rtcp";
    EXPECT_EQ(inside_of("203.0.113.7:40010"), "192.0.2.10:40010") << "one that a router forwards as it is";
    EXPECT_EQ(inside_of("203.0.113.8:61000"), "203.0.113.8:61000");
    EXPECT_FALSE(learn("192.0.2.10:40002", "203.0.113.7:61002")) << "no news of that host";
}

TEST_F(ExternalsTest, of_ipv6_too) {
    learn("[2001:db8:1::10]:40000", "[2001:db8:ffff::7]:61000");
    EXPECT_EQ(inside_of("[2001:db8:ffff::7]:61000"), "[2001:db8:1::10]:40000");
}

TEST_F(ExternalsTest, of_two_hosts_behind_one_address_it_is_the_one_that_speaks) {
    learn("192.0.2.10:5060", "203.0.113.7:5060");
    learn("192.0.2.11:5060", "203.0.113.7:1024");
    EXPECT_EQ(inside_of("203.0.113.7:40000", "192.0.2.11"), "192.0.2.11:40000");
    EXPECT_EQ(inside_of("203.0.113.7:40000", "192.0.2.12"), "203.0.113.7:40000") << "a proxy: it could be either";
    EXPECT_TRUE(externals.is_inside(address("203.0.113.7"), view()));
}

TEST_F(ExternalsTest, an_address_that_changes_is_followed) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    EXPECT_TRUE(learn("192.0.2.10:40000", "203.0.113.9:61000"));
    EXPECT_EQ(inside_of("203.0.113.9:61000"), "192.0.2.10:40000");
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "203.0.113.7:61000");
    EXPECT_FALSE(externals.is_inside(address("203.0.113.7"), view()));
}

TEST_F(ExternalsTest, a_port_that_the_nat_gives_to_another_is_the_others) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    learn("192.0.2.11:40000", "203.0.113.7:61000");
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "192.0.2.11:40000");
}

TEST_F(ExternalsTest, believes_only_the_answer_to_a_question) {
    const Endpoint inside = endpoint("192.0.2.10:40000"), seen = endpoint("203.0.113.7:61000");
    hear(stun_answer("t", seen), false, inside, server); // to none
    hear(stun_request("t"), true, inside, server);
    hear(stun_answer("other", seen), false, inside, server);
    hear(stun_answer("t", seen), false, inside, endpoint("198.51.100.66:3478"));
    hear(stun_answer("t", seen), false, endpoint("192.0.2.11:40000"), server);
    hear(stun_answer("t", seen), true, inside, server); // says the inside itself, to one who has asked
    EXPECT_FALSE(externals.is_inside(seen.address, view()));
    EXPECT_TRUE(hear(stun_answer("t", seen), false, inside, server));
    EXPECT_FALSE(hear(stun_answer("t", endpoint("203.0.113.9:61000")), false, inside, server)) << "once";
    EXPECT_FALSE(externals.is_inside(address("203.0.113.9"), view()));
}

TEST_F(ExternalsTest, asks_no_party_of_a_call) {
    const Endpoint inside = endpoint("192.0.2.10:40000");
    hear(stun_message(0x0001, "t", stun_attribute(0x0006, "abcd:efgh")), true, inside, server);
    EXPECT_FALSE(hear(stun_answer("t", endpoint("203.0.113.7:61000")), false, inside, server));
}

TEST_F(ExternalsTest, a_question_is_good_for_40_seconds) {
    const Endpoint inside = endpoint("192.0.2.10:40000"), seen = endpoint("203.0.113.7:61000");
    for (const auto& [waited, is_heard] : {std::pair(39s, true), std::pair(40s, false)}) {
        externals = {};
        hear(stun_request("t"), true, inside, server);
        now += waited;
        EXPECT_EQ(hear(stun_answer("t", seen), false, inside, server).has_value(), is_heard);
    }
}

TEST_F(ExternalsTest, an_address_that_nobody_can_be_at_is_none) {
    for (const char* seen : {"0.0.0.0:61000", "224.0.0.1:61000", "203.0.113.7:0", "[2001:db8::7]:61000"})
        EXPECT_FALSE(learn("192.0.2.10:40000", seen)) << seen;
    EXPECT_EQ(operations(), 0U);
}

TEST_F(ExternalsTest, who_is_seen_as_a_protected_address_has_no_nat_before_it) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    EXPECT_FALSE(learn("192.0.2.10:40000", "192.0.2.10:40000"));
    EXPECT_FALSE(externals.is_inside(address("203.0.113.7"), view()));
    EXPECT_EQ(inside_of("192.0.2.10:40000"), "192.0.2.10:40000");
}

TEST_F(ExternalsTest, is_remembered_seven_days) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    now += Externals::remembered - 1s;
    externals.tick(now);
    EXPECT_TRUE(externals.is_inside(address("203.0.113.7"), view()));
    now += 11min;
    externals.tick(now);
    EXPECT_FALSE(externals.is_inside(address("203.0.113.7"), view()));
    EXPECT_EQ(operations(), 2U) << "put, and deleted";
}

TEST_F(ExternalsTest, tells_the_map_each_hour_of_what_stays_the_same) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    EXPECT_EQ(operations(), 1U);
    now += 59min;
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    EXPECT_EQ(operations(), 0U);
    now += 1min;
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    EXPECT_GE(operations(), 1U);
}

TEST_F(ExternalsTest, comes_back_from_the_map) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    pinhole::MapOps ops;
    externals.take_operations(ops);
    pinhole::Present present;
    struct pinhole_key key{};
    struct external value{};
    std::memcpy(&key, ops.operations.at(0).key, sizeof key);
    std::memcpy(&value, ops.operations.at(0).value, sizeof value);
    present.externals.emplace_back(key, value);
    externals = {};
    externals.restore(present);
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "192.0.2.10:40000");
    EXPECT_EQ(operations(), 0U);
}

TEST_F(ExternalsTest, learns_and_says_nothing_unless_it_shall) {
    learn("192.0.2.10:40000", "203.0.113.7:61000");
    config.learns_external = false;
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "203.0.113.7:61000");
    EXPECT_FALSE(externals.is_inside(address("203.0.113.7"), view()));
    EXPECT_FALSE(learn("192.0.2.10:40000", "203.0.113.9:61000"));
    config.learns_external = true;
    EXPECT_EQ(inside_of("203.0.113.7:61000"), "192.0.2.10:40000");
    EXPECT_FALSE(externals.is_inside(address("203.0.113.9"), view()));
}

TEST_F(ExternalsTest, a_full_memory_refuses_the_new_and_counts_them) {
    pinhole::Present present;
    for (unsigned i = 0; i < EXTERNALS; ++i) {
        const Port port{static_cast<uint16_t>(1 + i % 60000)};
        const Endpoint inside{IpAddress::v4(0xc0000200 + i / 60000), port},
            at{IpAddress::v4(0xcb007100 + i / 60000), port};
        present.externals.push_back({pinhole::HoleKey{inside, Protocol::udp}.abi(),
                                     {.seen = at.abi(), .zero = 0, .heard_ns = pinhole::to_ns(now)}});
    }
    externals.restore(present);
    learn("192.0.2.0:1", "203.0.113.0:1");
    EXPECT_EQ(externals.counters().refused_full, 0U);
    learn("192.0.2.10:40000", "203.0.113.77:40000");
    EXPECT_EQ(externals.counters().refused_full, 1U);
    EXPECT_FALSE(externals.is_inside(address("203.0.113.77"), view()));
    EXPECT_FALSE(learn("192.0.2.0:1", "203.0.113.0:2")) << "one that is there may move";
    EXPECT_EQ(inside_of("203.0.113.0:2"), "192.0.2.0:1");
}

} // namespace
} // namespace ringwall::dialog

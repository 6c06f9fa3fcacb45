// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_model.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace ringwall::cli {
namespace {

namespace json = boost::json;

json::value status(uint64_t banned, uint64_t passed) {
    return json::object{
        {"verdicts", json::array{json::object{{"reason", "banned"}, {"verdict", "drop"}, {"packets", banned}},
                                 json::object{{"reason", "sip"}, {"verdict", "pass"}, {"packets", passed}}}}};
}

TEST(TopModel, reckons_rates_from_two_looks) {
    TopModel model;
    EXPECT_EQ(model.trouble(), "asking the agent");
    EXPECT_TRUE(model.is_first());
    model.take_status(status(100, 7), 10);
    EXPECT_EQ(model.trouble(), "");
    EXPECT_FALSE(model.is_first());
    ASSERT_EQ(model.reasons().size(), 1U);
    EXPECT_EQ(model.reasons()[0].rate, 0);
    model.take_status(status(150, 27), 12);
    EXPECT_EQ(model.reasons()[0].rate, 25);
    EXPECT_EQ(model.reasons()[0].total, 150U);
    EXPECT_EQ(model.rate(true), 25);
    EXPECT_EQ(model.rate(false), 10);
}

TEST(TopModel, takes_a_reason_that_comes_late_and_a_counter_that_begins_anew) {
    TopModel model;
    model.take_status(json::object{}, 1);
    model.take_status(status(10, 0), 2);
    EXPECT_EQ(model.reasons()[0].rate, 10);
    model.take_status(status(3, 0), 3); // another wall: not 2^64 packets
    EXPECT_EQ(model.reasons()[0].rate, 0);
    model.take_status(status(4, 0), 3); // no time has passed
    EXPECT_EQ(model.reasons()[0].rate, 0);
}

TEST(TopModel, keeps_a_bounded_history_and_what_it_knew_when_the_agent_goes) {
    TopModel model;
    for (uint64_t i = 0; i < 200; ++i) model.take_status(status(i, 0), static_cast<double>(i));
    EXPECT_EQ(model.reasons()[0].history.size(), TopModel::longest_history);
    model.lose_agent("gone");
    EXPECT_EQ(model.trouble(), "gone");
    EXPECT_EQ(model.reasons().size(), 1U);
    model.take_status(status(200, 0), 200);
    EXPECT_EQ(model.trouble(), "");
}

TEST(TopModel, adds_up_sources_by_address) {
    TopModel model;
    EXPECT_TRUE(model.sources().empty());
    const auto drop = [](const char* source, const char* reason, uint64_t packets, double last) {
        return json::object{
            {"source", source}, {"reason", reason}, {"peer", "x"}, {"packets", packets}, {"last", last}};
    };
    model.take_drops(json::array{drop("[2001:db8::1]:5", "banned", 3, 10.5), drop("[2001:db8::1]:7", "denied", 4, 9.5),
                                 drop("203.0.113.1:0", "denied", 1, 1)});
    const auto sources = model.sources();
    ASSERT_EQ(sources.size(), 2U);
    EXPECT_EQ(sources[1].source, "[2001:db8::1]");
    EXPECT_EQ(sources[1].packets, 7U);
    EXPECT_EQ(sources[1].reason, "banned");
    EXPECT_EQ(sources[0].source, "203.0.113.1");
}

} // namespace
} // namespace ringwall::cli

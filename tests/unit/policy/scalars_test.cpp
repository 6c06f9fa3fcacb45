// SPDX-License-Identifier: Apache-2.0
// Every notation on both sides of its edges.
#include "policy/scalars.hpp"

#include <gtest/gtest.h>

#include "policy/words.hpp"

namespace ringwall::policy {
namespace {

using namespace std::chrono_literals;

TEST(Duration, is_a_whole_number_and_a_unit) {
    EXPECT_EQ(as::duration.parse("250ms"), 250ms);
    EXPECT_EQ(as::duration.parse("0s"), 0s);
    EXPECT_EQ(as::duration.parse("2s"), 2s);
    EXPECT_EQ(as::duration.parse("5m"), 5min);
    EXPECT_EQ(as::duration.parse("24h"), 24h);
    EXPECT_EQ(as::duration.parse("7d"), 168h);
}

TEST(Duration, has_a_unit_and_nothing_else) {
    for (const auto* text :
         {"", "s", "5", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5min", "5sec", "1h30m", "0x5s"})
        EXPECT_FALSE(as::duration.parse(text)) << text;
}

TEST(Duration, is_a_year_at_most) {
    EXPECT_EQ(as::duration.parse("366d"), 24h * 366);
    EXPECT_FALSE(as::duration.parse("367d"));
    EXPECT_TRUE(as::duration.parse("31622400s"));
    EXPECT_FALSE(as::duration.parse("31622401s"));
    EXPECT_FALSE(as::duration.parse("99999999999999999999s"));
}

TEST(PinholeCount, is_a_number_within_its_bounds) {
    EXPECT_EQ(as::pinhole_count.parse("1024"), 1024U);
    EXPECT_EQ(as::pinhole_count.parse("1048576"), 1048576U);
    for (const auto* text : {"", "0", "1023", "1048577", "1M", "-1024", "1024.0"})
        EXPECT_FALSE(as::pinhole_count.parse(text)) << text;
}

TEST(Rate, is_so_many_each_second_minute_or_hour) {
    EXPECT_EQ(as::rate.parse("20/s"), (Rate{50ms, 1}));
    EXPECT_EQ(as::rate.parse("15/min burst 4"), (Rate{4s, 4}));
    EXPECT_EQ(as::rate.parse("6/h burst 2"), (Rate{10min, 2}));
    EXPECT_EQ(as::rate.parse("unlimited"), (Rate{0ns, 1}));
}

TEST(Rate, is_a_period_even_where_it_does_not_divide_evenly) {
    EXPECT_EQ(as::rate.parse("7/s")->period, 1000000000ns / 7);
}

TEST(Rate, is_bounded) {
    EXPECT_EQ(as::rate.parse("10000/s burst 10000"), (Rate{100us, 10000}));
    EXPECT_FALSE(as::rate.parse("10001/s"));
    EXPECT_TRUE(as::rate.parse("600000/min"));
    EXPECT_TRUE(as::rate.parse("36000000/h")) << "as many";
    EXPECT_FALSE(as::rate.parse("36000001/h"));
    EXPECT_FALSE(as::rate.parse("600001/min"));
    EXPECT_FALSE(as::rate.parse("1/s burst 10001"));
    EXPECT_FALSE(as::rate.parse("0/s"));
    EXPECT_FALSE(as::rate.parse("1/s burst 0"));
}

TEST(Rate, is_nothing_else) {
    for (const auto* text :
         {"", "/s", "5", "5/", "5/d", "5/m", "5 / s", "-5/s", "5/s burst", "5/s burst ", "5/s burst x", "5/sburst 4",
          "5/s burst 4 ", "5/s  burst 4", "Unlimited", "99999999999999999999/s"})
        EXPECT_FALSE(as::rate.parse(text)) << text;
}

TEST(PortNotation, is_within_1_and_65535) {
    EXPECT_EQ(as::port.parse("1"), Port{1});
    EXPECT_EQ(as::port.parse("65535"), Port{65535});
    for (const auto* text : {"", "0", "65536", "99999", "-1", "5060 ", "0x13c4", "sip", "5060/udp"})
        EXPECT_FALSE(as::port.parse(text)) << text;
}

TEST(PortRangeNotation, rises_or_is_one_port) {
    EXPECT_EQ(as::port_range.parse("10000-20000"), (PortRange{{10000}, {20000}}));
    EXPECT_EQ(as::port_range.parse("4000"), (PortRange{{4000}, {4000}}));
    EXPECT_EQ(as::port_range.parse("4000-4000"), (PortRange{{4000}, {4000}}));
    for (const auto* text :
         {"", "-", "10000-", "-20000", "20000-10000", "10000-65536", "0-10", "1-2-3", "1 - 2", "1:2"})
        EXPECT_FALSE(as::port_range.parse(text)) << text;
}

TEST(BooleanNotation, is_yes_no_true_or_false) {
    EXPECT_EQ(as::boolean.parse("yes"), true);
    EXPECT_EQ(as::boolean.parse("true"), true);
    EXPECT_EQ(as::boolean.parse("no"), false);
    EXPECT_EQ(as::boolean.parse("false"), false);
    for (const auto* text : {"", "Yes", "on", "1", "y"}) EXPECT_FALSE(as::boolean.parse(text)) << text;
}

TEST(NameNotation, is_1_to_63_bytes_without_control_characters) {
    EXPECT_TRUE(as::name.parse("Büro Nord"));
    EXPECT_TRUE(as::name.parse(std::string(63, 'x')));
    EXPECT_FALSE(as::name.parse(std::string(64, 'x')));
    EXPECT_FALSE(as::name.parse(""));
    EXPECT_FALSE(as::name.parse("a\033[2J"));
}

TEST(InterfaceNotation, is_what_the_kernel_takes_or_a_glob) {
    EXPECT_TRUE(as::interface_name.parse("eth0.100"));
    EXPECT_TRUE(as::interface_name.parse("en*"));
    EXPECT_TRUE(as::interface_name.parse("fifteen-letters"));
    EXPECT_FALSE(as::interface_name.parse("sixteen--letters"));
    for (const auto* text : {"", "a/b", "a b", "eth0:1"}) EXPECT_FALSE(as::interface_name.parse(text)) << text;
}

TEST(Nearest, suggests_up_to_two_edits) {
    const std::vector<std::string_view> keys{"media_ports", "networks", "external"};
    EXPECT_EQ(nearest("media_port", keys), "media_ports");
    EXPECT_EQ(nearest("mdeia_ports", keys), "media_ports");
    EXPECT_EQ(nearest("metworks", keys), "networks");
    EXPECT_EQ(nearest("extrenla", keys), "external"); // two swaps
    EXPECT_EQ(nearest("netwo", keys), std::nullopt);
    EXPECT_EQ(nearest("", keys), std::nullopt);
    EXPECT_EQ(nearest(std::string(100000, 'x'), keys), std::nullopt);
}

TEST(Nearest, suggests_the_nearest_of_several) {
    EXPECT_EQ(nearest("udq", {"tcp", "udp", "tls"}), "udp");
    EXPECT_EQ(nearest("xx", {"ws"}), std::nullopt); // two edits of a two-letter word are another word
    EXPECT_EQ(nearest("on", {"off"}), std::nullopt);
    EXPECT_EQ(nearest("moed", {"mode"}), "mode");
}

} // namespace
} // namespace ringwall::policy

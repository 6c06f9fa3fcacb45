// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sdp/reading.hpp"

namespace ringwall::sdp {
namespace {

std::optional<Connection> read(const std::string& value) {
    const auto reading = in_media("c=" + value + "\r\n");
    if (reading.refused) {
        EXPECT_EQ(reading.refused, Defect::bad_connection) << value;
        return std::nullopt;
    }
    return reading[0].connections()[0];
}

Connection literal(const char* address) { return {.address = *IpAddress::parse(address), .is_name = false}; }
const Connection name{.address = {}, .is_name = true};

TEST(Connection, is_an_address_of_the_family_it_says) {
    EXPECT_EQ(read("IN IP4 192.0.2.9"), literal("192.0.2.9"));
    EXPECT_EQ(read("in ip6 2001:db8::9"), literal("2001:db8::9"));
    EXPECT_EQ(read("IN IP6 ::ffff:192.0.2.9"), literal("192.0.2.9"));
    EXPECT_EQ(read("IN IP6 [2001:db8::9]"), literal("2001:db8::9")) << "as sipp writes it";
    EXPECT_EQ(read("IN IP4 0.0.0.0"), literal("0.0.0.0"));
    EXPECT_EQ(read("IN IP6 ::"), literal("::"));
    for (const auto* bad :
         {"IN IP4 2001:db8::9", "IN IP6 192.0.2.9", "IN IP4 [192.0.2.9]", "IN IP7 192.0.2.9", "IN IP4 192.0.2.256",
          "IN IP4 192.0.2", "IN IP6 2001:db8:::9", "IN IP6 [192.0.2.9]", "IN IP6 fe80::1%eth0"})
        EXPECT_EQ(read(bad), std::nullopt) << bad;
}

TEST(Connection, may_be_a_name_that_nobody_resolves) {
    EXPECT_EQ(read("IN IP4 media.example.org"), name);
    EXPECT_EQ(read("IN IP6 media.example.org."), name);
    EXPECT_EQ(read("PSTN E164 +4930123456"), name);
    EXPECT_EQ(read("IN IP4 media.example.123"), std::nullopt);
    EXPECT_EQ(read("IN IP4 media/example"), std::nullopt);
}

TEST(Connection, of_multicast_has_a_ttl_and_a_count) {
    EXPECT_EQ(read("IN IP4 224.2.1.1/127"), literal("224.2.1.1"));
    EXPECT_EQ(read("IN IP4 224.2.1.1/127/3"), literal("224.2.1.1"));
    EXPECT_EQ(read("IN IP6 ff15::101/3"), literal("ff15::101"));
    for (const auto* bad : {"IN IP4 224.2.1.1/", "IN IP4 224.2.1.1/x", "IN IP4 224.2.1.1/1/2/3", "IN IP6 ff15::101/1/2",
                            "IN IP4 224.2.1.1/1/", "IN IP4 media.example/127"})
        EXPECT_EQ(read(bad), std::nullopt) << bad;
}

TEST(Connection, has_three_fields_whatever_blanks_lie_between) {
    EXPECT_EQ(read("IN  IP4 192.0.2.9 "), literal("192.0.2.9"));
    for (const auto* bad : {"", "IN", "IN IP4", "IN IP4 ", "IN IP4 192.0.2.9 x", "192.0.2.9"})
        EXPECT_EQ(read(bad), std::nullopt) << bad;
}

TEST(Connection, of_one_m_line_may_be_several) {
    std::string lines;
    for (size_t i = 0; i < max_addresses; ++i) lines += "c=IN IP4 224.2.1." + std::to_string(i) + "/127\r\n";
    const auto reading = in_media(lines);
    ASSERT_EQ(reading[0].connection_count, max_addresses);
    EXPECT_EQ(reading[0].connections()[3], literal("224.2.1.3"));
    EXPECT_EQ(in_media(lines + "c=IN IP4 224.2.1.9/127\r\n").refused, Defect::too_many);
}

} // namespace
} // namespace ringwall::sdp

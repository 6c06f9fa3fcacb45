// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/verdict_line.hpp"

#include <gtest/gtest.h>

#include "maps/abi/reason.h"

namespace ringwall::replay {
namespace {

std::string text(const VerdictLine& line) {
    std::string to;
    append(to, line);
    return to;
}
Endpoint at(const char* address, uint16_t port) { return {IpAddress::parse(address).value(), Port{port}}; }

TEST(VerdictLine, is_one_JSON_object) {
    EXPECT_EQ(text({.number = 1,
                    .time_ns = 1234567000,
                    .flow = capture::Flow{at("192.0.2.1", 5060), at("198.51.100.2", 5060), 17},
                    .passes = true,
                    .reason = REASON_sip}),
              R"({"n":1,"ts":1.234567,"dir":"in","src":"192.0.2.1","sport":5060,"dst":"198.51.100.2","dport":5060,)"
              R"("proto":"udp","verdict":"pass","reason":"sip"})"
              "\n");
    EXPECT_EQ(text({.number = 18446744073709551615U,
                    .time_ns = 1700000000000000001,
                    .is_outbound = true,
                    .is_by_address = true,
                    .flow = capture::Flow{at("2001:db8::1", 0), at("2001:db8::2", 65535), 47},
                    .passes = false,
                    .reason = REASON_no_pinhole}),
              R"({"n":18446744073709551615,"ts":1700000000.000000001,"dir":"out","dir_from":"address",)"
              R"("src":"2001:db8::1","sport":0,"dst":"2001:db8::2","dport":65535,"proto":"47","verdict":"drop",)"
              R"("reason":"no_pinhole"})"
              "\n");
}

TEST(VerdictLine, of_what_has_no_addresses_still_has_every_member) {
    EXPECT_EQ(text({.number = 7, .time_ns = 1000000, .passes = true, .reason = REASON_not_ip}),
              R"({"n":7,"ts":0.001000,"dir":"in","src":"::","sport":0,"dst":"::","dport":0,"proto":"none",)"
              R"("verdict":"pass","reason":"not_ip"})"
              "\n");
}

} // namespace
} // namespace ringwall::replay

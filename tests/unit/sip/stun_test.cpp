// SPDX-License-Identifier: Apache-2.0
#include "agent/sip/stun.hpp"

#include <gmock/gmock.h>

#include "tests/unit/sip/stun_bytes.hpp"

namespace ringwall::sip {
namespace {

using namespace ringwall::test;
using ::testing::Eq;
using ::testing::Optional;

constexpr unsigned request = 0x0001, success = 0x0101, error = 0x0111, indication = 0x0011, allocate = 0x0003;
constexpr unsigned mapped = 0x0001, username = 0x0006, software = 0x8022, xor_mapped = 0x0020;

Endpoint endpoint(const std::string& text) { return Endpoint::parse(text).value(); }

TEST(Stun, says_where_the_one_who_asked_is_seen) {
    for (const char* seen : {"203.0.113.7:61000", "[2001:db8::7]:61000"}) {
        const auto binding = stun_binding(stun_answer("t", endpoint(seen)));
        ASSERT_TRUE(binding);
        EXPECT_TRUE(binding->is_answer);
        EXPECT_THAT(binding->mapped, Optional(endpoint(seen)));
        EXPECT_EQ(std::string(binding->transaction.data(), 12), "t...........");
    }
}

// RFC 5769 2.2: the address and port that its sample response gives.
TEST(Stun, reads_the_address_of_rfc_5769) {
    const std::string transaction("\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae", 12);
    const std::string value("\x00\x01\xa1\x47\xe1\x12\xa6\x43", 8);
    const auto binding = stun_binding(stun_message(success, transaction, stun_attribute(xor_mapped, value)));
    ASSERT_TRUE(binding);
    EXPECT_THAT(binding->mapped, Optional(endpoint("192.0.2.1:32853")));
}

TEST(Stun, prefers_the_address_that_no_nat_rewrites) {
    const std::string xored = stun_attribute(xor_mapped, xor_mapped_address(endpoint("203.0.113.7:61000"), "t"));
    const std::string plain = stun_attribute(mapped, mapped_address(endpoint("192.168.1.2:5004")));
    for (const std::string& both : {xored + plain, plain + xored})
        EXPECT_THAT(stun_binding(stun_message(success, "t", both))->mapped, Optional(endpoint("203.0.113.7:61000")));
    EXPECT_THAT(stun_binding(stun_message(success, "t", plain))->mapped, Optional(endpoint("192.168.1.2:5004")));
}

TEST(Stun, tells_a_check_from_a_question) {
    EXPECT_FALSE(stun_binding(stun_request("t"))->is_check);
    EXPECT_FALSE(stun_binding(stun_request("t"))->is_answer);
    const std::string name = stun_attribute(username, "abcd:efgh1"); // padded
    EXPECT_TRUE(stun_binding(stun_message(request, "t", stun_attribute(software, "x") + name))->is_check);
}

TEST(Stun, is_binding_alone) {
    for (const unsigned type : {error, indication, allocate}) EXPECT_FALSE(stun_binding(stun_message(type, "t")));
    EXPECT_FALSE(stun_binding("INVITE sip:a@b SIP/2.0\r\n\r\n"));
    EXPECT_FALSE(stun_binding(""));
}

TEST(Stun, takes_nothing_from_attributes_that_do_not_fit) {
    const std::string value = xor_mapped_address(endpoint("203.0.113.7:61000"), "t");
    EXPECT_FALSE(stun_binding(stun_message(
        success, "t", stun_attribute(xor_mapped, value) + two_bytes(software) + two_bytes(4)))); // and no value
    for (const size_t length : {0U, 3U, 4U, 7U})
        EXPECT_THAT(
            stun_binding(stun_message(success, "t", stun_attribute(xor_mapped, value.substr(0, length))))->mapped,
            Eq(std::nullopt));
    EXPECT_THAT(stun_binding(stun_message(success, "t", stun_attribute(xor_mapped, value + "four")))->mapped,
                Eq(std::nullopt));
    std::string other_family = value;
    other_family[1] = '\2';
    EXPECT_THAT(stun_binding(stun_message(success, "t", stun_attribute(xor_mapped, other_family)))->mapped,
                Eq(std::nullopt));
}

} // namespace
} // namespace ringwall::sip

// SPDX-License-Identifier: Apache-2.0
// Challenges and credentials: which headers they are, and what stands in them.
#include "agent/sip/authentication.hpp"

#include <gmock/gmock.h>

#include "tests/unit/sip/request.hpp"

namespace ringwall::sip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view challenge =
    "Digest realm=\"a, b\", qop=\"auth\",nonce=\"84a4cc6f\" , opaque=\"\", stale=FALSE, "
    "algorithm=MD5";

TEST(Authentication, has_parameters_quoted_or_not) {
    EXPECT_EQ(authentication_parameter(challenge, "realm"), "a, b");
    EXPECT_EQ(authentication_parameter(challenge, "nonce"), "84a4cc6f");
    EXPECT_EQ(authentication_parameter(challenge, "opaque"), "");
    EXPECT_EQ(authentication_parameter(challenge, "stale"), "FALSE");
    EXPECT_EQ(authentication_parameter(challenge, "algorithm"), "MD5");
    EXPECT_EQ(authentication_parameter("digest NONCE = \"x\\\"y\"", "nonce"), "x\\\"y");
}

TEST(Authentication, says_nothing_of_what_is_absent_or_broken_before_it) {
    EXPECT_EQ(authentication_parameter(challenge, "cnonce"), std::nullopt);
    for (std::string_view broken :
         {"", "Digest", "Digest ", "Digest =\"x\", nonce=\"y\"", "Digest realm=\"x, nonce=\"y\"",
          "Digest realm \"x\", nonce=\"y\"", "Digest realm=\"x\"; nonce=\"y\"", "Digest nonce", "Digest nonce=\"x",
          "nonce=\"x\"", "Digest realm=\"x\" nonce=\"y\""})
        EXPECT_EQ(authentication_parameter(broken, "nonce"), std::nullopt) << broken;
}

std::vector<std::string> values(const Reading& reading) {
    return {reading->authentications().begin(), reading->authentications().end()};
}

TEST(Authentication, is_kept_of_a_request_its_credentials_of_a_response_its_challenges) {
    const std::string headers =
        "Authorization: Digest a\r\nPROXY-AUTHORIZATION: Digest b\r\nWWW-Authenticate: Digest c\r\nProxy-Authenticate: "
        "Digest d\r\n";
    EXPECT_THAT(values(read({.more = headers})), ElementsAre("Digest a", "Digest b"));
    EXPECT_THAT(values(read({.start = "SIP/2.0 401 Unauthorized", .more = headers})),
                ElementsAre("Digest c", "Digest d"));
    EXPECT_THAT(values(read({})), IsEmpty());
}

TEST(Authentication, beyond_the_limit_is_passed_over_and_no_defect) {
    std::string many;
    for (int i = 0; i < 9; ++i) many += "Authorization: Digest " + std::to_string(i) + "\r\n";
    const auto reading = read({.more = many});
    EXPECT_FALSE(reading.refused);
    EXPECT_EQ(values(reading).size(), max_authentications);
}

} // namespace
} // namespace ringwall::sip

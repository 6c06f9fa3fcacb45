// SPDX-License-Identifier: Apache-2.0
// The hints that spare the programs a look into `networks`, as a live policy has them: every length on each side of the
// coarse and the fine bits, and the answer for all that no prefix holds.
#include "policy/hints.hpp"
#include "tests/kernel/wall.hpp"

namespace ringwall::test {
namespace {

class HintTest : public Wall {
protected:
    void deny(const std::vector<std::string>& prefixes) {
        std::vector<std::pair<Prefix, struct network>> all;
        for (const char* inside : {"192.0.2.0/24", "2001:db8:1::/48"})
            all.emplace_back(Prefix::parse(inside).value(), ::network{0, NETWORK_PROTECTED});
        for (const auto& text : prefixes) {
            all.emplace_back(Prefix::parse(text).value(), ::network{0, NETWORK_DENIED});
            network(text, 0, NETWORK_DENIED);
        }
        write_hints(policy::Hints(all));
    }
    std::string from4(const std::string& source) { return in(eth / ip4{.src = source} / udp{} / rtp()); }
    std::string from6(const std::string& source) { return in(eth / ip6{.src = source} / udp{} / rtp()); }
};

TEST_F(HintTest, denied_prefixes_of_every_kind_are_found_and_their_neighbours_are_not) {
    deny({"203.0.113.9", "198.18.4.0/22", "10.0.0.0/8", "2a00:1::7", "2a00:2:3::/48", "2a00:4000::/18", "fc00::/7"});
    for (const char* denied : {"203.0.113.9", "198.18.7.255", "10.255.0.1"})
        EXPECT_EQ(from4(denied), "drop denied") << denied;
    for (const char* other : {"203.0.113.8", "203.0.114.9", "198.18.8.0", "11.0.0.0", "9.255.255.255"})
        EXPECT_EQ(from4(other), "drop no_pinhole") << other;
    for (const char* denied : {"2a00:1::7", "2a00:2:3:ffff::1", "2a00:7fff::1", "fdff::1"})
        EXPECT_EQ(from6(denied), "drop denied") << denied;
    for (const char* other : {"2a00:1::8", "2a00:2:4::1", "2a00:8000::1", "fe00::1", "2a01::1"})
        EXPECT_EQ(from6(other), "drop no_pinhole") << other;
}

TEST_F(HintTest, a_whole_family_has_its_own_answer) {
    deny({"0.0.0.0/0"});
    network("192.0.2.0/24", 0, NETWORK_PROTECTED);
    EXPECT_EQ(from4("203.0.113.9"), "drop denied");
    EXPECT_EQ(from6("2a00::1"), "drop no_pinhole");
    deny({"any"});
    EXPECT_EQ(from6("2a00::1"), "drop denied");
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// The hints against the table that they spare a look at: random prefixes, random addresses in them, beside them and far
// away. A bit too many is slow; one too few would be a wrong answer.
#include "policy/hints.hpp"

#include <gtest/gtest.h>

#include <random>

namespace ringwall::policy {
namespace {

using Networks = std::vector<std::pair<Prefix, struct network>>;

Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

const struct network* longest(const Networks& networks, const IpAddress& of) {
    const std::pair<Prefix, struct network>* best = nullptr;
    for (const auto& each : networks)
        if (each.first.contains(of) && (best == nullptr || each.first.length > best->first.length)) best = &each;
    return best == nullptr ? nullptr : &best->second;
}

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    uint32_t below(uint32_t limit) { return std::uniform_int_distribution<uint32_t>(0, limit - 1)(engine_); }

    IpAddress any() {
        if (below(2) == 0) return IpAddress::v4(static_cast<uint32_t>(engine_()));
        std::array<uint8_t, 16> bytes{};
        for (auto& byte : bytes) byte = static_cast<uint8_t>(below(256));
        return IpAddress(bytes);
    }
    Prefix network() {
        const IpAddress at = any();
        const uint8_t least = at.is_v4() ? 96 : 0;
        return Prefix::of(at, static_cast<uint8_t>(least + below(129U - least)));
    }
    // Up to three bits of `from` turned over: in the prefix that it is of, or just outside.
    IpAddress near(const IpAddress& from) {
        auto bytes = from.bytes();
        for (uint32_t i = below(4); i > 0; --i) {
            const uint32_t bit = from.is_v4() ? 96 + below(32) : below(128);
            bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (0x80U >> bit % 8));
        }
        return IpAddress(bytes);
    }

private:
    std::mt19937 engine_;
};

void expect_agreement(const Networks& networks, const Hints& hints, const IpAddress& of) {
    if (hints.may_be_listed(of)) return;
    const struct network* found = longest(networks, of);
    const struct network& told = hints.elsewhere(of.is_v4());
    ASSERT_EQ(told.zone, found != nullptr ? found->zone : 0U) << of.to_string();
    ASSERT_EQ(told.flags, found != nullptr ? found->flags : 0U) << of.to_string();
}

} // namespace

TEST(Hints, never_spare_a_lookup_that_would_have_answered_otherwise) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        Random random(seed);
        Networks networks;
        for (uint32_t i = random.below(12); i > 0; --i) networks.emplace_back(random.network(), network{i, i});
        const Hints hints(networks);
        for (int i = 0; i < 2000; ++i) expect_agreement(networks, hints, random.any());
        for (const auto& [each, value] : networks)
            for (int i = 0; i < 200; ++i) expect_agreement(networks, hints, random.near(each.address));
    }
}

TEST(Hints, spare_nearly_every_lookup_where_little_is_listed) {
    const Hints hints({{prefix("192.0.2.0/24"), {}}, {prefix("2001:db8::/32"), {}}, {prefix("fc00::/7"), {}}});
    EXPECT_TRUE(hints.may_be_listed(address("192.0.2.255")));
    EXPECT_FALSE(hints.may_be_listed(address("192.0.3.0")));
    EXPECT_FALSE(hints.may_be_listed(address("192.0.1.255")));
    EXPECT_TRUE(hints.may_be_listed(address("2001:db8:ffff::1")));
    EXPECT_FALSE(hints.may_be_listed(address("2001:db9::")));
    EXPECT_TRUE(hints.may_be_listed(address("fdff::1")));
    EXPECT_FALSE(hints.may_be_listed(address("fe00::")));
}

TEST(Hints, say_what_a_whole_family_is) {
    const Hints hints(
        {{prefix("any"), {.zone = 3, .flags = 0}}, {prefix("0.0.0.0/0"), {.zone = 4, .flags = NETWORK_DENIED}}});
    EXPECT_FALSE(hints.may_be_listed(address("198.51.100.7")));
    EXPECT_FALSE(hints.may_be_listed(address("2001:db8::1")));
    EXPECT_EQ(hints.elsewhere(true).zone, 4U);
    EXPECT_EQ(hints.elsewhere(false).zone, 3U);
}

} // namespace ringwall::policy

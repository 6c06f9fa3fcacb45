// SPDX-License-Identifier: Apache-2.0
// Every script of tests/data/calls, each a test of its own; and whatever carries the messages, they open the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/core/call_script.hpp"

namespace ringwall::test {
namespace {

std::vector<std::string> scripts() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(RINGWALL_TEST_DATA "/calls"))
        if (entry.path().extension() == ".call") names.push_back(entry.path().stem());
    std::ranges::sort(names);
    return names;
}

class Call : public testing::TestWithParam<std::string> {};

void run(const std::string& name, Carrier carrier, Family family = Family::written) {
    std::ifstream file(RINGWALL_TEST_DATA "/calls/" + name + ".call");
    std::stringstream text;
    text << file.rdbuf();
    ASSERT_FALSE(text.str().empty());
    EXPECT_EQ(CallScript(carrier, family).run(text.str()).value_or(""), "");
}

TEST_P(Call, opens_exactly_what_it_negotiates) { run(GetParam(), Carrier::datagrams); }
TEST_P(Call, opens_the_same_in_fragments) { run(GetParam(), Carrier::fragments); }
TEST_P(Call, opens_the_same_over_tcp) { run(GetParam(), Carrier::segments); }
TEST_P(Call, opens_the_same_over_ipv6) { run(GetParam(), Carrier::datagrams, Family::ipv6); }

INSTANTIATE_TEST_SUITE_P(Scripts, Call, testing::ValuesIn(scripts()), [](const auto& script) { return script.param; });

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// What each program costs the verifier, printed and bounded: kernel 6.1 gives up at a million instructions, and its
// verifier counts more than today's for the same program.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kernel/wall.hpp"

namespace ringwall::test {

TEST(VerifierCost, stays_far_below_what_the_oldest_kernel_allows) {
    for (const auto& [program, log] : verifier_costs()) {
        auto at = log.find("processed ");
        ASSERT_NE(at, std::string::npos) << program << ": " << log;
        auto processed = std::stoul(log.substr(at + 10));
        std::printf("%-16s %7lu instructions processed\n", program.c_str(), processed);
        EXPECT_LT(processed, 200000U) << program;
    }
    EXPECT_EQ(verifier_costs().size(), 4U);
}

} // namespace ringwall::test

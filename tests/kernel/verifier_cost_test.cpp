// SPDX-License-Identifier: Apache-2.0
// What each program costs the verifier, printed and bounded: kernel 6.1 gives up at a million instructions, and its
// verifier counts more than today's for the same program. The objects of another compiler than the one that we ship
// with (clang 14) may cost more, and have a bound of their own.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kernel/wall.hpp"

#ifndef RINGWALL_VERIFIER_BUDGET
#define RINGWALL_VERIFIER_BUDGET 200000U
#endif

namespace ringwall::test {
namespace {

// The number behind a word of the verifier's last line: "processed N insns … total_states M …".
unsigned long after(const std::string& log, const std::string& word) {
    auto at = log.find(word + " ");
    return at == std::string::npos ? 0 : std::stoul(log.substr(at + word.size() + 1));
}

TEST(VerifierCost, stays_far_below_what_the_oldest_kernel_allows) {
    for (const auto& [program, log] : verifier_costs()) {
        auto processed = after(log, "processed");
        ASSERT_GT(processed, 0U) << program << ": " << log;
        std::printf("%-16s %7lu instructions processed, %lu states\n", program.c_str(), processed,
                    after(log, "total_states"));
        EXPECT_LT(processed, RINGWALL_VERIFIER_BUDGET) << program;
    }
    EXPECT_EQ(verifier_costs().size(), 4U);
}

} // namespace
} // namespace ringwall::test

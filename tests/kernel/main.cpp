// SPDX-License-Identifier: Apache-2.0
// Runs the verdict tests; at the end, every reason of maps/abi/reason.h must have been produced by some test. Without the
// capability to load programs nothing can be tested: then exit code 77, a skip that names what is missing.
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "maps/reasons.hpp"
#include "tests/kernel/wall.hpp"

namespace {

// By name, so that nobody takes the run for more than it was.
class NamesWhatTcCannotShow : public testing::Environment {
    void TearDown() override {
        if (!ringwall::test::judges_by_tc()) return;
        std::printf("frames that TC's TEST_RUN does not take, judged by XDP instead:\n");
        for (const auto& [test, frames] : ringwall::test::frames_that_tc_refused())
            std::printf("  %-90s %zu\n", test.c_str(), frames);
    }
};

class EveryReasonIsProduced : public testing::Environment {
    void TearDown() override {
        if (GTEST_FLAG_GET(filter) != "*") return; // a part of the tests covers a part of the reasons
        for (uint32_t number = 1; number < REASON_LIMIT; ++number) {
            auto label = ringwall::reason_text(number).label;
            if (label.empty()) continue;
            EXPECT_TRUE(ringwall::test::produced_reasons().contains(number)) << "no test produces " << label;
        }
    }
};

bool has_capability(int capability) {
    auto number = static_cast<unsigned>(capability);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2]{};
    return syscall(SYS_capget, &header, sets) == 0 && (sets[number / 32].effective >> (number % 32) & 1U);
}

} // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    for (auto [number, name] :
         {std::pair{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}}) {
        if (GTEST_FLAG_GET(list_tests) || has_capability(number)) continue;
        std::printf("skipped: needs %s\n", name);
        return 77;
    }
    testing::AddGlobalTestEnvironment(new EveryReasonIsProduced);
    testing::AddGlobalTestEnvironment(new NamesWhatTcCannotShow);
    return RUN_ALL_TESTS();
}

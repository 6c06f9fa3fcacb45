// SPDX-License-Identifier: Apache-2.0
// Test data that others made, read where it lies: beside the source tree, never in it. Absent, its tests are left out and
// say so; in CI that is a failure.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ringwall::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << "cannot open " << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class ForeignData : public testing::Test {
protected:
    void SetUp() override {
        if (std::filesystem::exists(folder())) return;
        if (std::getenv("CI") != nullptr) FAIL() << folder() << " is missing, and CI must have it";
        GTEST_SKIP() << "data from outside is not here: " << folder();
    }

    static std::filesystem::path folder() { return RINGWALL_FOREIGN_DATA; }
    static boost::json::value read_json(const char* name) { return boost::json::parse(read_file(folder() / name)); }
};

} // namespace ringwall::test

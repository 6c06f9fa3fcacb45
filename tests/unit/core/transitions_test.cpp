// SPDX-License-Identifier: Apache-2.0
// The dialog machine and the life of a hole, as a table: each transition has a script that shows it, and no script (nor
// any order of messages, property_test.cpp) shows another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/core/call_script.hpp"
#include "tests/unit/core/dialog_machine.hpp"

namespace ringwall::test {
namespace {

std::set<std::string> shown_by_scripts() {
    std::set<std::string> shown;
    for (const auto& entry : std::filesystem::directory_iterator(RINGWALL_TEST_DATA "/calls")) {
        if (entry.path().extension() != ".call") continue;
        std::stringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        CallScript script;
        script.run(text.str());
        shown.insert(script.transitions().begin(), script.transitions().end());
    }
    return shown;
}

std::string without(const std::set<std::string>& all, const std::set<std::string>& some) {
    std::string left;
    for (const std::string& transition : all)
        if (!some.contains(transition)) left += transition + "\n";
    return left;
}

TEST(DialogMachine, has_a_script_for_each_transition_and_no_other_transitions) {
    const std::set<std::string> shown = shown_by_scripts(), &machine = dialog_machine();
    EXPECT_EQ(without(machine, shown), "") << "no script shows these";
    EXPECT_EQ(without(shown, machine), "") << "the machine has none of these";
}

} // namespace
} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// Every way in which a leg changes its state and a hole its phase: tests/data/calls/transitions.txt, a line each, as
// Transitions writes them.
#pragma once

#include <fstream>
#include <set>
#include <string>

namespace ringwall::test {

inline const std::set<std::string>& dialog_machine() {
    static const auto machine = [] {
        std::set<std::string> lines;
        std::ifstream file(RINGWALL_TEST_DATA "/calls/transitions.txt");
        for (std::string line; std::getline(file, line);)
            if (!line.starts_with('#')) lines.insert(line);
        return lines;
    }();
    return machine;
}

} // namespace ringwall::test

// SPDX-License-Identifier: Apache-2.0
// The index of the call scripts (tests/data/calls/README.md): every flow that a standard lists has a script, every script
// stands in the index, and none that it names is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace ringwall::test {
namespace {

using Index = std::map<std::string, std::vector<std::string>>; // flow: its scripts

std::string trimmed(const std::string& text) {
    const size_t begin = text.find_first_not_of(" `"), end = text.find_last_not_of(" `");
    return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(trimmed(part));
    return parts;
}

// "| RFC 3665 2.1 | what | `register`, … |"
Index index() {
    Index index;
    std::ifstream readme(RINGWALL_TEST_DATA "/calls/README.md");
    bool is_index = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("## ")) is_index = line == "## Index";
        const auto cells = split(line, '|');
        if (is_index && cells.size() == 4 && !cells[3].starts_with("---") && cells[3] != "scripts")
            index[cells[1]] = split(cells[3], ',');
    }
    return index;
}

std::set<std::string> scripts() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(RINGWALL_TEST_DATA "/calls"))
        if (entry.path().extension() == ".call") names.insert(entry.path().stem());
    return names;
}

// The sections of the standards that show a flow each.
std::vector<std::string> flows() {
    std::vector<std::string> flows;
    const auto add = [&](const std::string& standard, const std::string& sections) {
        for (const std::string& section : split(sections, ' ')) flows.push_back(standard + " " + section);
    };
    add("RFC 3665", "2.1 2.2 2.3 2.4 2.5 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.11");
    add("RFC 5407", "3.1.1 3.1.2 3.1.3 3.1.4 3.1.5 3.1.6 3.2.1 3.2.2 3.2.3 3.2.4 3.3.1 3.3.2 3.3.3 A B C D E");
    for (const std::string pattern : {"1", "2", "3", "4", "5", "6"}) flows.push_back("RFC 6337 pattern " + pattern);
    return flows;
}

TEST(CallIndex, has_a_script_for_every_flow_of_the_standards) {
    const Index found = index();
    for (const std::string& flow : flows()) EXPECT_TRUE(found.contains(flow)) << flow << " has no script";
}

TEST(CallIndex, names_every_script_and_no_other) {
    std::set<std::string> named;
    for (const auto& [flow, of_flow] : index()) named.insert(of_flow.begin(), of_flow.end());
    EXPECT_THAT(named, testing::ContainerEq(scripts()));
}

} // namespace
} // namespace ringwall::test

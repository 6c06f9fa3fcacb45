// SPDX-License-Identifier: Apache-2.0
// docs/configuration.md against the code: its examples are good, its table of limits is the one that applies.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "maps/reasons.hpp"
#include "policy/sections.hpp"

namespace ringwall::policy {
namespace {

std::string page() {
    std::ostringstream text;
    text << std::ifstream(RINGWALL_DOCS "/configuration.md").rdbuf();
    return text.str();
}

std::vector<std::string> yaml_blocks(const std::string& markdown) {
    static constexpr std::string_view fence = "```yaml\n";
    std::vector<std::string> blocks;
    for (size_t at = 0; (at = markdown.find(fence, at)) != markdown.npos;) {
        at += fence.size();
        blocks.push_back(markdown.substr(at, markdown.find("```", at) - at));
    }
    return blocks;
}

// "| INVITE | 100/s burst 200 | 20/min burst 10 | 30/s burst 120 |" -> its cells; empty where no row begins so.
std::vector<std::string> row(const std::string& markdown, std::string_view title) {
    std::vector<std::string> cells;
    const size_t at = markdown.find("\n| " + std::string(title) + " | ");
    if (at == markdown.npos) return cells;
    std::istringstream line(markdown.substr(at + 3, markdown.find('\n', at + 1) - at - 3));
    for (std::string cell; std::getline(line, cell, '|');)
        cells.push_back(
            cell.substr(cell.find_first_not_of(' '), cell.find_last_not_of(' ') - cell.find_first_not_of(' ') + 1));
    return cells;
}

TEST(ConfigurationPage, has_examples_that_are_good) {
    const auto blocks = yaml_blocks(page());
    ASSERT_GE(blocks.size(), 2U);
    for (const std::string& block : blocks) {
        const auto config = read(block);
        EXPECT_TRUE(config) << block;
        if (config) { EXPECT_TRUE(config->warnings.empty()) << block; }
    }
}

TEST(ConfigurationOfThePackage, is_good_and_only_watches) {
    std::ostringstream text;
    text << std::ifstream(RINGWALL_DOCS "/../deploy/ringwall.yaml").rdbuf();
    const auto config = read(text.str());
    ASSERT_TRUE(config);
    EXPECT_EQ(config->mode, Mode::monitor);
    EXPECT_TRUE(config->warnings.empty());
}

TEST(ConfigurationPage, tells_the_limits_that_apply) {
    const std::string markdown = page();
    for (uint32_t number = 0; number < CLASS_COUNT; ++number) {
        const auto cells = row(markdown, class_name(number));
        ASSERT_EQ(cells.size(), 4U) << class_name(number);
        EXPECT_EQ(as::rate.parse(cells[1]), peer_limits()[number]) << cells[0] << " of trunk";
        EXPECT_EQ(as::rate.parse(cells[2]), (*preset("phone"))[number]) << cells[0] << " of phone";
        EXPECT_EQ(as::rate.parse(cells[3]), stranger_limits()[number]) << cells[0] << " of zones";
    }
}

} // namespace
} // namespace ringwall::policy

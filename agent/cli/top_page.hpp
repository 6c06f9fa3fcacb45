// SPDX-License-Identifier: Apache-2.0
// What `ringwall top` shows, as lines of a screen of any size. Knows no terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/cli/top_model.hpp"

namespace ringwall::cli {

enum class TopPage { reasons, sources, calls, pinholes };

struct TopView {
    TopPage page = TopPage::reasons;
    unsigned sort = 0; // which of the page's orders; counted on by 's', whatever their number
    size_t first = 0;  // line of the table that stands on top
    double now_s = 0;  // since 1970
};

struct TopLine {
    enum class Style { plain, title, bar, strong, trouble } style = Style::plain;
    std::string text; // UTF-8, no wider than the screen, without control characters
};

// The screen, at most `height` lines. `view.first` is put right where it is past the end.
std::vector<TopLine> top_screen(const TopModel& model, TopView& view, size_t width, size_t height);

// More than these are not asked for: a list of a hundred thousand would keep the agent busy.
constexpr uint64_t most_listed = 2000;

} // namespace ringwall::cli

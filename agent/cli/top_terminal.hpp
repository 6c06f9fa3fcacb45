// SPDX-License-Identifier: Apache-2.0
// The terminal of `ringwall top`. ncurses is met here only.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "agent/cli/top_page.hpp"

namespace ringwall::cli {

enum class TopKey {
    none,
    quit,
    sort,
    next_page,
    previous_page,
    page_1,
    page_2,
    page_3,
    page_4,
    up,
    down,
    page_up,
    page_down,
    top,
    resized
};

// Takes the terminal over, and gives it back when it goes, however it goes.
class TopTerminal {
public:
    // Nothing where there is no terminal, or one of which nobody knows how to write on it.
    static std::optional<TopTerminal> open();
    TopTerminal(TopTerminal&&) noexcept = default;
    TopTerminal& operator=(TopTerminal&&) noexcept = default;

    size_t width() const;
    size_t height() const;
    void show(const std::vector<TopLine>& lines);
    TopKey key(int wait_ms); // none where none came; quit where the terminal is gone

private:
    struct GiveBack {
        void operator()(void* screen) const;
    };
    TopTerminal(void* screen, bool has_color) : screen_(screen), has_color_(has_color) {}
    std::unique_ptr<void, GiveBack> screen_;
    bool has_color_;
};

} // namespace ringwall::cli

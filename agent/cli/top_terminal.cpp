// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#define NCURSES_NOMACROS 1 // its names are common words
#include <curses.h>

namespace ringwall::cli {
namespace {

enum Pair : short { pair_title = 1, pair_trouble };

bool may_color() {
    const char* refused = std::getenv("NO_COLOR"); // https://no-color.org
    return (refused == nullptr || *refused == '\0') && has_colors();
}

attr_t attributes_of(TopLine::Style style, bool has_color) {
    using Style = TopLine::Style;
    switch (style) {
        case Style::title: return has_color ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(pair_title)) : A_BOLD;
        case Style::trouble: return has_color ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(pair_trouble)) : A_BOLD;
        case Style::bar: return A_REVERSE;
        case Style::strong: return A_BOLD;
        default: return A_NORMAL;
    }
}

// Where its other side is closed, or it was hung up, a read waits for nothing and brings nothing. A SIGHUP comes only to the
// session whose terminal it was.
bool is_gone() {
    std::array<pollfd, 2> ends{
        {{.fd = STDIN_FILENO, .events = 0, .revents = 0}, {.fd = STDOUT_FILENO, .events = 0, .revents = 0}}};
    if (poll(ends.data(), ends.size(), 0) <= 0) return false;
    return ((ends[0].revents | ends[1].revents) & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

} // namespace

void TopTerminal::GiveBack::operator()(void* screen) const {
    endwin();
    delscreen(static_cast<SCREEN*>(screen));
}

std::optional<TopTerminal> TopTerminal::open() {
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return std::nullopt;
    std::setlocale(LC_CTYPE, "");
    SCREEN* screen = newterm(nullptr, stdout, stdin); // initscr() would end the process where it fails
    if (screen == nullptr) return std::nullopt;
    if (tigetstr("cup") == nullptr) { // a "dumb" one: nothing can be put anywhere
        endwin();
        delscreen(screen);
        return std::nullopt;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    const bool has_color = may_color();
    if (has_color) {
        start_color();
        use_default_colors();
        init_pair(pair_title, COLOR_GREEN, -1);
        init_pair(pair_trouble, COLOR_RED, -1);
    }
    return TopTerminal(screen, has_color);
}

size_t TopTerminal::width() const { return static_cast<size_t>(getmaxx(stdscr)); }
size_t TopTerminal::height() const { return static_cast<size_t>(getmaxy(stdscr)); }

void TopTerminal::show(const std::vector<TopLine>& lines) {
    erase();
    int row = 0;
    for (const TopLine& line : lines) {
        attrset(static_cast<int>(attributes_of(line.style, has_color_)));
        // A bar goes to the edge, but for the last corner, which ncurses cannot write without scrolling.
        if (line.style == TopLine::Style::bar)
            mvhline(row, 0, ' ' | static_cast<chtype>(A_REVERSE), getmaxx(stdscr) - 1);
        mvaddnstr(row++, 0, line.text.c_str(), static_cast<int>(line.text.size()));
    }
    attrset(static_cast<int>(A_NORMAL));
    refresh();
}

TopKey TopTerminal::key(int wait_ms) {
    wtimeout(stdscr, wait_ms);
    switch (wgetch(stdscr)) {
        case 'q':
        case 'Q': return TopKey::quit;
        case 's': return TopKey::sort;
        case '\t':
        case KEY_RIGHT: return TopKey::next_page;
        case KEY_BTAB:
        case KEY_LEFT: return TopKey::previous_page;
        case '1': return TopKey::page_1;
        case '2': return TopKey::page_2;
        case '3': return TopKey::page_3;
        case '4': return TopKey::page_4;
        case KEY_UP: return TopKey::up;
        case KEY_DOWN: return TopKey::down;
        case KEY_PPAGE: return TopKey::page_up;
        case KEY_NPAGE: return TopKey::page_down;
        case KEY_HOME: return TopKey::top;
        case KEY_RESIZE: return TopKey::resized;
        case ERR: return is_gone() ? TopKey::quit : TopKey::none;
        default: return TopKey::none;
    }
}

} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
// Aligned columns for a terminal. No colour: what it would say stands in words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringwall::cli {

class Table {
public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    explicit Table(std::vector<Column> columns);

    // As many cells as columns. Control characters are shown as '?'.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    // Lines with `indent` spaces before them, two spaces between columns, none at the end. The title line only where a
    // column has a title.
    std::string to_string(size_t indent = 0) const;

private:
    std::string line(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t indent) const;
    std::vector<size_t> widths() const;
    std::vector<std::string> titles() const;
    bool has_titles() const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Columns that `utf8` takes: one a code point. Wide and combining characters are rare in what we show, and only cost
// alignment.
size_t display_width(std::string_view utf8);

} // namespace ringwall::cli

// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/table.hpp"

#include <algorithm>

#include "agent/control/text.hpp"

namespace ringwall::cli {

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
    for (std::string& cell : cells) cell = control::printable(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::to_string(size_t indent) const {
    const auto column_widths = widths();
    std::string text;
    if (has_titles()) text += line(titles(), column_widths, indent);
    for (const auto& row : rows_) text += line(row, column_widths, indent);
    return text;
}

std::string Table::line(const std::vector<std::string>& cells, const std::vector<size_t>& widths, size_t indent) const {
    std::string text(indent, ' ');
    for (size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - display_width(cells[i]), ' ');
        if (i > 0) text += "  ";
        text += columns_[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

std::vector<size_t> Table::widths() const {
    std::vector<size_t> widest;
    for (const Column& column : columns_) widest.push_back(display_width(column.title));
    for (const auto& row : rows_)
        for (size_t i = 0; i < row.size(); ++i) widest[i] = std::max(widest[i], display_width(row[i]));
    return widest;
}

std::vector<std::string> Table::titles() const {
    std::vector<std::string> all;
    for (const Column& column : columns_) all.push_back(column.title);
    return all;
}

bool Table::has_titles() const {
    return std::ranges::any_of(columns_, [](const Column& column) { return !column.title.empty(); });
}

size_t display_width(std::string_view utf8) {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<size_t>(std::ranges::count_if(utf8, begins_character));
}

} // namespace ringwall::cli

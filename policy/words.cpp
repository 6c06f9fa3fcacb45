// SPDX-License-Identifier: Apache-2.0
#include "policy/words.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "maps/utf8.hpp"

namespace ringwall::policy {
namespace {

constexpr size_t shown_bytes = 60;

// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment), three rows of its table.
size_t edits(std::string_view from, std::string_view to) {
    std::vector<size_t> before(to.size() + 1), above(to.size() + 1), row(to.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < from.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = i + 1;
        for (size_t j = 0; j < to.size(); ++j) {
            row[j + 1] = std::min({above[j + 1] + 1, row[j] + 1, above[j] + (from[i] == to[j] ? 0 : 1)});
            if (i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j])
                row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
        }
    }
    return row.back();
}

} // namespace

std::string quoted(std::string_view text) {
    std::string shown = "\"";
    while (!text.empty() && shown.size() <= shown_bytes) {
        const std::string_view character = text.substr(0, std::max<size_t>(utf8_character_length(text), 1));
        shown += is_control(character) ? std::string_view(" ") : character;
        text.remove_prefix(character.size());
    }
    return shown + (text.empty() ? "\"" : "…\"");
}

std::string listed(const std::vector<std::string_view>& words, std::string_view last_separator) {
    std::string text;
    for (size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? last_separator : ", ";
        text += words[i];
    }
    return text;
}

std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
    std::optional<std::string_view> found;
    size_t fewest = 3;
    if (text.size() > 64) return found; // no key is that long, and the table grows with it
    for (const std::string_view candidate : candidates) {
        const size_t distance = edits(text, candidate);
        if (distance == 0 || distance >= fewest || 3 * distance > candidate.size())
            continue; // more make another word of it
        fewest = distance;
        found = candidate;
    }
    return found;
}

} // namespace ringwall::policy

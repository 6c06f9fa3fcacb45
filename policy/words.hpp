// SPDX-License-Identifier: Apache-2.0
// How messages show what was found and name what may have been meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringwall::policy {

// In quotes, of at most 60 bytes, without line ends.
std::string quoted(std::string_view text);
// "a, b or c"
std::string listed(const std::vector<std::string_view>& words, std::string_view last_separator = " or ");
// The other word at most two edits from `text` and one for each three letters, nearest first; nullopt where none is.
std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& candidates);

} // namespace ringwall::policy

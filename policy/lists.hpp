// SPDX-License-Identifier: Apache-2.0
// Files with one address or prefix a line: an operator's own, and what others publish. Text in, prefixes out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/config.hpp"

namespace ringwall::policy {

// Of all lists together: what the configuration names itself needs room in the kernel's table, too.
constexpr size_t most_listed = NETWORKS - (1U << 14);

struct Listed {
    Prefix prefix;
    uint32_t line = 0; // 1-based
    bool operator==(const Listed&) const = default;
};

struct ListContents {
    std::vector<Listed> entries; // in the order of the file
    std::vector<Mistake> broken; // the first ten; none quotes the file, which may be another than was meant
    uint64_t broken_count = 0;

    // Nothing in it, or more that cannot be read than can: an error page, a file that is being written.
    bool is_no_list() const { return entries.empty() || broken_count > entries.size(); }
};

// A line is an address or a prefix; what follows it after a blank, a tab, a comma, # or ; is a remark. Lines that are
// empty or begin with # or ; say nothing, a CR at the end neither. Broken, and left out: whatever else, prefixes with host
// bits, first and last address of a range, and what would hold all of IPv4 or IPv6.
ListContents read_list(std::string_view text);

std::string_view to_string(ListKind kind); // "allow", "bypass", "deny", "feed"

} // namespace ringwall::policy

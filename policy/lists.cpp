// SPDX-License-Identifier: Apache-2.0
#include "policy/lists.hpp"

#include <algorithm>
#include <optional>

namespace ringwall::policy {
namespace {

constexpr size_t most_named = 10;
constexpr size_t longest_line = 1024;
constexpr std::string_view blanks = " \t", byte_order_mark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(" \t,;#")); }

bool holds_a_family(const Prefix& prefix) {
    static const Prefix all_v4 = Prefix::of(IpAddress::v4(0), 96);
    return prefix.contains(all_v4);
}

// "192.0.2.0 192.0.2.255 24" and "192.0.2.0 - 192.0.2.255" mean more than their first word.
bool begins_range(std::string_view after) {
    const std::string_view next = first_word(trimmed(after));
    return next.starts_with('-') || Prefix::parse(next);
}

// Why not, where it is none.
std::string_view defect_of(std::string_view line, const std::optional<Prefix>& prefix, std::string_view word) {
    if (line.size() > longest_line) return "longer than 1024 bytes";
    if (!prefix) return "expected an address, or a prefix without host bits";
    if (holds_a_family(*prefix)) return "holds all of IPv4 or IPv6, which no list may";
    if (begins_range(line.substr(word.size()))) return "a range, expected prefixes";
    return {};
}

void read_line(std::string_view line, uint32_t number, ListContents& into) {
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') return;
    const std::string_view word = first_word(content);
    const auto prefix = Prefix::parse(word);
    const std::string_view defect = defect_of(content, prefix, word);
    if (defect.empty()) {
        into.entries.push_back({*prefix, number});
        return;
    }
    const auto column = static_cast<int>(content.data() - line.data()) + 1;
    if (into.broken_count++ < most_named)
        into.broken.push_back({static_cast<int>(number), column, std::string(defect)});
}

} // namespace

ListContents read_list(std::string_view text) {
    ListContents contents;
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    for (uint32_t number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        read_line(text.substr(0, end), number, contents);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return contents;
}

std::string_view to_string(ListKind kind) {
    switch (kind) {
        case ListKind::allow: return "allow";
        case ListKind::bypass: return "bypass";
        case ListKind::deny: return "deny";
        case ListKind::feed: return "feed";
    }
    return {};
}

} // namespace ringwall::policy

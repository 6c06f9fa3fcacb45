// SPDX-License-Identifier: Apache-2.0
#include "policy/findings.hpp"

#include <algorithm>

#include "maps/utf8.hpp"

namespace ringwall::policy {

const Node::Entry* Node::find(std::string_view key) const {
    const auto found = std::ranges::find(entries, key, &Entry::key);
    return found == entries.end() ? nullptr : &*found;
}

Mistake Findings::remark(Place place, const std::string& what) const {
    return {place.line, place.column, printable(what), files.empty() ? "" : files.at(place.file)};
}

void Findings::mistake(Place place, const std::string& what) { mistakes.push_back(remark(place, what)); }

void Findings::mistake_at(std::string_view path, const std::string& what) {
    mistake(place_of(path), std::string(path) + ": " + what);
}

void Findings::warn_at(std::string_view path, const std::string& what) {
    warnings.push_back(remark(place_of(path), std::string(path) + ": " + what));
}

Place Findings::place_of(std::string_view path) const {
    auto found = places.find(path);
    for (std::string_view part = path; found == places.end() && !part.empty(); found = places.find(part))
        part = part.substr(0, part.find_last_of(".[") == part.npos ? 0 : part.find_last_of(".["));
    return found == places.end() ? Place{} : found->second;
}

std::string to_string(Place place, const Findings& findings) {
    const std::string file = findings.files.empty() ? "" : findings.files.at(place.file) + ":";
    return file + std::to_string(place.line) + ":" + std::to_string(place.column);
}

std::string joined(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

std::string joined(std::string_view path, size_t index) {
    return std::string(path) + "[" + std::to_string(index) + "]";
}

} // namespace ringwall::policy
